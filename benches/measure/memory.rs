//! How fast the program starts on a million keys, and how much memory it takes.

use super::{
    Failure, judged,
    product::{Product, ROWS},
    program::{Connection, Program},
    speed::KEYS,
};
use std::time::{Duration, Instant};

/// Keys in the database.
const STORED: usize = 1_000_000;
/// How fast it must be ready.
const START: Duration = Duration::from_secs(5);

/// Measures both on SQLite.
pub async fn measure() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let database = format!("sqlite:{}", folder.path().join("bench.db").display());
    let product = Product::start(&database, folder.path()).await?;
    let secrets = product.add_keys(ROWS, STORED, KEYS).await?;
    product.stop().await;
    let begun = Instant::now();
    let program = Program::start(&database, folder.path(), &["--rate-limit", "none"]).await?;
    let started = begun.elapsed();
    let idle = program.resident()?;
    let mut connection = Connection::open(program.address).await?;
    for secret in &secrets {
        let status = connection.get("/v1/status", secret).await?;
        if status != 200 {
            return Err(format!("a stored key was answered {status}").into());
        }
    }
    let full = program.resident()?;
    let bound = judged(started <= START, format!("<= {START:?}"));
    println!("SQLite      start with {STORED} stored keys {started:.2?}  {bound}");
    println!("SQLite      resident: {idle:.1} MB idle, {full:.1} MB with {KEYS} keys in memory");
    Ok(())
}
