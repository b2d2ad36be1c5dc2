//! `make bench` and `make soak`: what is measured or takes long. The last argument says which: `soak`, or `sqlite` or
//! `postgresql` for the speed on one database alone. Ends with 1 when a bound is broken.

mod guard;
mod load;
mod memory;
mod product;
mod program;
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
    match std::env::args().next_back().as_deref() {
        Some("soak") => soak::run().await?,
        Some("sqlite") => speed::run([true, false]).await?,
        Some("postgresql") => speed::run([false, true]).await?,
        _ => speed::run([true, true]).await?,
    }
    let broken = BROKEN.load(Ordering::Relaxed);
    if broken > 0 {
        println!("{broken} bounds broken");
        return Ok(ExitCode::FAILURE);
    }
    println!("every bound held");
    Ok(ExitCode::SUCCESS)
}

/// A count to reckon with; those of a measurement fit.
fn counted(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Says whether a bound holds, and remembers if not.
fn judged(holds: bool, bound: String) -> String {
    if holds {
        return bound;
    }
    BROKEN.fetch_add(1, Ordering::Relaxed);
    format!("{bound} !")
}
