//! Four servers start at the same moment on an empty database, with one pepper file and a data folder for each. On
//! PostgreSQL all of them serve with the same pepper. On one SQLite file one of them serves.

use super::{FILES, begin, key, left_over, refused, sentence, stop};
use crate::{
    program::Program,
    soak::{Failure, Target, bounds::people, report, rounds},
};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::task::JoinSet;

const ROUNDS: u32 = 60;
const SERVERS: u32 = 4;

/// Results of all rounds.
#[derive(Default)]
struct Seen {
    /// Servers that served: the first starts, and those after a stop of all.
    serving: [u32; 2],
    /// Starts that ended with a sentence that names the other server.
    sentences: u32,
    /// Starts that ended in another way.
    others: u32,
    /// Checks of a key on a server.
    checks: usize,
    /// Those that were not accepted: after the first starts, and after a restart of all.
    refused: [usize; 2],
    /// Files that a start left behind.
    left: usize,
    slowest: Duration,
}

pub async fn run(target: &Target) -> Result<(), Failure> {
    let rounds = rounds(ROUNDS)?;
    let mut seen = Seen::default();
    for n in 0..rounds {
        let empty = target.another(&format!("together_{n}")).await?;
        round(&empty, &mut seen).await?;
        empty.remove().await?;
    }
    print(target, rounds, &seen);
    Ok(())
}

async fn round(target: &Target, seen: &mut Seen) -> Result<(), Failure> {
    let mut folders = Vec::new();
    for _ in 0..SERVERS {
        folders.push(tempfile::tempdir()?);
    }
    let programs = start_all(target, &folders, 0, seen).await?;
    let Some(first) = programs.first() else {
        return Ok(());
    };
    let person = people::person(first.address, "Ada Moss").await?;
    let mut keys = Vec::new();
    for program in &programs {
        keys.push(key(program.address, &person).await?.1);
    }
    check_all(&programs, &keys, 0, seen).await?;
    for program in programs {
        stop(program).await?;
    }
    let again = start_all(target, &folders, 1, seen).await?;
    check_all(&again, &keys, 1, seen).await?;
    for program in again {
        stop(program).await?;
    }
    let mut left = left_over(target.folder.path())?;
    for folder in &folders {
        left.extend(left_over(folder.path())?);
        left.extend(
            FILES
                .into_iter()
                .filter_map(|name| misplaced(folder.path(), name)),
        );
    }
    if !left.is_empty() {
        println!("{:<11} left over: {}", target.engine, left.join(", "));
    }
    seen.left += left.len();
    Ok(())
}

/// A file that should be in the target's folder alone.
fn misplaced(folder: &Path, name: &str) -> Option<String> {
    folder.join(name).exists().then(|| name.to_owned())
}

/// Begins all starts before it waits for any of them; returns the servers that serve.
async fn start_all(
    target: &Target,
    folders: &[TempDir],
    time: usize,
    seen: &mut Seen,
) -> Result<Vec<Program>, Failure> {
    let mut starting = JoinSet::new();
    let began = Instant::now();
    for folder in folders {
        starting.spawn(begin(target, folder.path())?.listening());
    }
    let mut serving = Vec::new();
    while let Some(started) = starting.join_next().await {
        match started?? {
            Ok(program) => {
                seen.serving[time] += 1;
                serving.push(program);
            }
            Err(ended) if sentence(&ended).is_some_and(|said| said.contains("another server is using")) => {
                seen.sentences += 1;
            }
            Err(ended) => {
                println!("{:<11} a start ended: {}", target.engine, ended.log.trim_end());
                seen.others += 1;
            }
        }
    }
    seen.slowest = seen.slowest.max(began.elapsed());
    Ok(serving)
}

async fn check_all(
    programs: &[Program],
    keys: &[String],
    time: usize,
    seen: &mut Seen,
) -> Result<(), Failure> {
    for program in programs {
        seen.refused[time] += refused(program.address, keys).await?;
        seen.checks += keys.len();
    }
    Ok(())
}

fn print(target: &Target, rounds: u32, seen: &Seen) {
    let is_sqlite = target.engine == "SQLite";
    let serving = if is_sqlite { rounds } else { rounds * SERVERS };
    let [first, again] = seen.serving;
    report(
        target,
        &format!("S91, S92: {rounds} times 4 starts at once serve, and again"),
        format!("{first}, {again}"),
        seen.serving == [serving; 2],
        &format!("{serving}, {serving}"),
    );
    let sentences = rounds * 2 * SERVERS - 2 * serving;
    report(
        target,
        "S92: other starts that say why they end, that do not",
        format!("{}, {}", seen.sentences, seen.others),
        seen.sentences == sentences && seen.others == 0,
        &format!("{sentences}, 0"),
    );
    let [at_first, after] = seen.refused;
    report(
        target,
        &format!("S91: of {} checks of keys refused, after a restart", seen.checks),
        format!("{at_first}, {after}"),
        seen.refused == [0; 2] && seen.checks > 0,
        "0, 0",
    );
    report(target, "S91: files left over", seen.left, seen.left == 0, "0");
    report(
        target,
        "S91: the slowest of these starts",
        format!("{:.2} s", seen.slowest.as_secs_f64()),
        seen.slowest < Duration::from_mins(1),
        "< 60 s",
    );
}
