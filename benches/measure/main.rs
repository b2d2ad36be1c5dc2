//! `make bench` and `make soak`: measurements and long tests. Arguments: `soak`, optionally with the name of
//! a part; or `sqlite` or `postgresql` for the speed on one database. Exits with 1 when a bound is broken.

mod bare;
mod guard;
mod load;
mod memory;
mod product;
mod program;
mod shared;
mod soak;
mod speed;

use std::{
    error::Error,
    process::ExitCode,
    sync::atomic::{AtomicU32, Ordering},
};

type Failure = Box<dyn Error + Send + Sync>;

/// Bounds that were broken.
static BROKEN: AtomicU32 = AtomicU32::new(0);

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    // cargo adds arguments of its own.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        // This program again, as the baseline of its parent process.
        [bare::ARGUMENT] => {
            bare::serve().await?;
            return Ok(ExitCode::SUCCESS);
        }
        ["soak"] => soak::run(None).await?,
        ["soak", part] => soak::run(Some(part)).await?,
        ["sqlite"] => speed::run([true, false]).await?,
        ["postgresql"] => speed::run([false, true]).await?,
        [] => speed::run([true, true]).await?,
        _ => return Err("the arguments are: soak [PART], sqlite, postgresql, or none".into()),
    }
    let broken = BROKEN.load(Ordering::Relaxed);
    if broken > 0 {
        println!("{broken} bounds broken");
        return Ok(ExitCode::FAILURE);
    }
    println!("every bound held");
    Ok(ExitCode::SUCCESS)
}

/// Converts a count for calculations; counts of a measurement fit.
fn counted(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Formats whether a bound holds, and counts it if it is broken.
fn judged(holds: bool, bound: String) -> String {
    if holds {
        return bound;
    }
    BROKEN.fetch_add(1, Ordering::Relaxed);
    format!("{bound} !")
}
