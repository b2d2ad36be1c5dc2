//! The first start is killed at a random moment before it serves. The next start serves, or says what to do. A key that is
//! created then survives another kill.

use super::{begin, key, left_over, refused, sentence, serve, start};
use crate::soak::{Failure, Target, bounds::people, random, report, rounds};
use std::time::{Duration, Instant};
use tokio::time::sleep;

const ROUNDS: u32 = 50;
/// Number of first starts that are measured; the longest one is the range for the kills.
const MEASURED: u32 = 3;

pub async fn run(target: &Target) -> Result<(), Failure> {
    let whole = first_start(target).await?;
    let rounds = rounds(ROUNDS)?;
    let (mut serve, mut sentences, mut others, mut lost, mut left) = (0, 0, 0, 0, 0);
    for n in 0..rounds {
        let empty = target.another(&format!("killed_{n}")).await?;
        let killed = begin(&empty, empty.folder.path())?;
        let after = whole.mul_f64(random());
        sleep(after).await;
        drop(killed);
        let what = format!("{:<11} killed after {after:.0?}", target.engine);
        match start(&empty).await? {
            Ok(program) => {
                serve += 1;
                let person = people::person(program.address, "Ada Moss").await?;
                let secret = key(program.address, &person).await?.1;
                drop(program);
                lost += lost_key(&empty, secret).await?;
                let names = left_over(empty.folder.path())?;
                if !names.is_empty() {
                    println!("{what}: left over: {}", names.join(", "));
                }
                left += names.len();
            }
            Err(ended) => {
                if let Some(said) = sentence(&ended) {
                    println!("{what}: {said}");
                    sentences += 1;
                } else {
                    println!("{what}: {} {}", ended.status, ended.log.trim_end());
                    others += 1;
                }
            }
        }
        empty.remove().await?;
    }
    report(
        target,
        &format!("S91: {rounds} first starts killed: next serves, says why, else"),
        format!("{serve}, {sentences}, {others}"),
        serve + sentences == rounds && others == 0,
        "others 0",
    );
    report(
        target,
        &format!("S91: killed within {whole:.0?}: keys lost, files left over"),
        format!("{lost}, {left}"),
        lost + left == 0,
        "0, 0",
    );
    Ok(())
}

/// Duration of a start with an empty folder and database.
async fn first_start(target: &Target) -> Result<Duration, Failure> {
    let mut longest = Duration::ZERO;
    for n in 0..MEASURED {
        let empty = target.another(&format!("measured_{n}")).await?;
        let began = Instant::now();
        let program = serve(&empty).await?;
        longest = longest.max(began.elapsed());
        drop(program);
        empty.remove().await?;
    }
    Ok(longest)
}

/// 1 if the key is not accepted after a start, else 0.
async fn lost_key(target: &Target, secret: String) -> Result<usize, Failure> {
    let program = serve(target).await?;
    refused(program.address, &[secret]).await
}
