//! `make soak`: what takes long or is judged by time, against the program in a process of its own (docs/security.md,
//! S5, S28, S46, S75, S76, S79 to S81). Prints a line for each bound.

mod away;
mod flood;
mod fuzz;
mod heads;
mod refusals;
mod sign_in;
mod stop;

use super::{Failure, judged, product::Product, program::Program};
use away::Fault;
use std::time::Duration;
use tempfile::TempDir;

/// Where a scenario's data is.
pub struct Place {
    /// `SQLite` or `PostgreSQL`.
    pub engine: &'static str,
    /// As in `DATABASE_URL`.
    pub database: String,
    /// Holds the pepper, and the SQLite file.
    pub folder: TempDir,
}

impl Place {
    fn sqlite() -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        Ok(Self {
            engine: "SQLite",
            database: format!("sqlite:{}", folder.path().join("soak.db").display()),
            folder,
        })
    }

    /// The database that `make soak` made for this scenario, if it did.
    async fn postgres(name: &str) -> Result<Option<Self>, Failure> {
        use sqlx::{Connection as _, Executor as _};
        let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
            println!("PostgreSQL was left out: make soak starts one and sets TEST_POSTGRES_URL");
            return Ok(None);
        };
        let mut connection = sqlx::PgConnection::connect(&server).await?;
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE soak_{name}"));
        connection.execute(create).await?;
        let mut database = url::Url::parse(&server)?;
        database.set_path(&format!("soak_{name}"));
        Ok(Some(Self {
            engine: "PostgreSQL",
            database: database.into(),
            folder: tempfile::tempdir()?,
        }))
    }

    /// Starts the program on data that was made before; who is in it comes beside it.
    async fn start(&self, more: &[&str]) -> Result<(Program, Sample), Failure> {
        let product = Product::start(&self.database, self.folder.path()).await?;
        let sample = Sample {
            secret: product.secret.clone(),
            narrow: product.narrow.clone(),
            keys: product.keys.clone(),
            slug: product.page.split('/').nth(2).unwrap_or_default().to_owned(),
            cookie: product.cookie.1.clone(),
        };
        product.stop().await;
        let mut arguments = vec![
            "--rate-limit",
            "none",
            "--auth-limit",
            "1000000000",
            "--sign-up-limit",
            "none",
        ];
        arguments.extend(more);
        let program = Program::start(&self.database, self.folder.path(), &arguments).await?;
        Ok((program, sample))
    }

    /// The number that a query gives.
    async fn number(&self, sql: &'static str) -> Result<i64, Failure> {
        use sqlx::Connection as _;
        Ok(if self.engine == "SQLite" {
            let mut connection = sqlx::SqliteConnection::connect(&self.database).await?;
            sqlx::query_scalar(sql).fetch_one(&mut connection).await?
        } else {
            let mut connection = sqlx::PgConnection::connect(&self.database).await?;
            sqlx::query_scalar(sql).fetch_one(&mut connection).await?
        })
    }
}

/// A person with keys.
pub struct Sample {
    /// A key that may do everything.
    pub secret: String,
    /// A key that may not ask `/v1/status`.
    pub narrow: String,
    /// Ids and secrets of keys that may do everything.
    pub keys: Vec<(String, String)>,
    /// The person's account.
    pub slug: String,
    /// Opens its pages.
    pub cookie: String,
}

/// Runs every scenario.
pub async fn run() -> Result<(), Failure> {
    println!("{:<11} {:<58} {:>14}  bound", "database", "what", "measured");
    sign_in::run(&Place::sqlite()?).await?;
    refusals::run(&Place::sqlite()?).await?;
    flood::run(&Place::sqlite()?).await?;
    heads::run(&Place::sqlite()?).await?;
    fuzz::run(&Place::sqlite()?).await?;
    stop::run(&Place::sqlite()?).await?;
    stop::cut(&Place::sqlite()?).await?;
    if let Some(place) = Place::postgres("stop").await? {
        stop::run(&place).await?;
    }
    for (name, fault, stale) in [
        ("away", Fault::Stops, false),
        ("stale", Fault::Stops, true),
        ("hangs", Fault::Hangs, false),
        ("hangs_stale", Fault::Hangs, true),
    ] {
        if let Some(place) = Place::postgres(name).await? {
            away::run(&place, fault, stale).await?;
        }
    }
    Ok(())
}

/// Prints what was measured beside its bound.
fn told(place: &Place, what: &str, measured: impl std::fmt::Display, holds: bool, bound: &str) {
    let bound = judged(holds, bound.to_owned());
    println!("{:<11} {what:<58} {measured:>14}  {bound}", place.engine);
}

/// The time that so many of a hundred took at most.
fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    times
        .get((times.len() * percent / 100).min(last))
        .copied()
        .unwrap_or_default()
}

/// For people.
fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}
