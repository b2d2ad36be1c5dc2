//! How fast the program starts on a million keys, each with an allowlist, and how much memory it takes.

use super::{
    Failure, judged,
    product::{Product, ROWS},
    program::{Connection, Program},
    shared::{KEYS, free_port},
};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

/// Keys in the database.
const STORED: usize = 1_000_000;
/// Time limit until it is ready.
const START: Duration = Duration::from_secs(5);

/// Measures both on SQLite.
pub async fn measure() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let database = format!("sqlite:{}", folder.path().join("bench.db").display());
    let product = Product::start(&database, folder.path()).await?;
    let secrets = product.add_keys(ROWS, STORED, KEYS).await?;
    product.stop().await;
    let metrics = free_port()?;
    let arguments = ["--rate-limit", "none", "--metrics-listen", &metrics.to_string()];
    let begun = Instant::now();
    let program = Program::start(&database, folder.path(), &arguments).await?;
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
    let held = in_memory(metrics).await?;
    if held != KEYS {
        return Err(format!("{held} of {KEYS} keys are in memory").into());
    }
    let bound = judged(started <= START, format!("<= {START:?}"));
    println!("SQLite      start with {STORED} stored keys {started:.2?}  {bound}");
    println!("SQLite      resident: {idle:.1} MB idle, {full:.1} MB with {KEYS} keys in memory");
    Ok(())
}

/// Number of cached keys, from the metrics.
async fn in_memory(metrics: SocketAddr) -> Result<usize, Failure> {
    let mut connection = Connection::open(metrics).await?;
    connection
        .send("GET /metrics HTTP/1.1\r\nhost: bench\r\n\r\n")
        .await?;
    let (_, text) = connection.answer().await?;
    let held = text
        .lines()
        .find_map(|line| line.strip_prefix("babysea_keys_in_memory "));
    Ok(held.ok_or("no figure for the keys in memory")?.parse()?)
}
