//! `make soak`: what takes long or is judged by time, against the program in a process of its own (docs/security.md,
//! S5, S28, S46, S70, S72 to S76, S79 to S83, S91, S92, S94, S95). Prints a line for each bound.
//!
//! `PART` selects one part, `ENGINE` (`sqlite` or `postgres`) one database, `ROUNDS` the number of rounds of
//! the scenarios in the parts `night-*`, and of kills in the part `backup`.

mod away;
mod backup;
mod bounds;
mod control;
mod flood;
mod fuzz;
mod heads;
mod night_database;
mod night_revocation;
mod night_starts;
mod refusals;
mod sign_in;
mod stop;

use super::{Failure, judged, product::Product, program::Program};
use away::Fault;
use babysea::server::runtime::rng::{OsRng, Rng as _};
use backup::journal::When;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Database and files of a scenario.
pub struct Target {
    /// `SQLite` or `PostgreSQL`.
    pub engine: &'static str,
    /// Value of `DATABASE_URL`.
    pub database: String,
    /// Folder of the pepper and the SQLite file.
    pub folder: TempDir,
}

/// A part of the soak test.
struct Part {
    name: &'static str,
    about: &'static str,
}

/// scripts/soak.sh reads the names from here, to refuse an unknown one before it builds.
const PARTS: &[Part] = &[
    Part {
        name: "sign-in",
        about: "200 people sign in at once",
    },
    Part {
        name: "refusals",
        about: "an unknown key takes as long as a refused one",
    },
    Part {
        name: "flood",
        about: "keys are revoked while the request log is flooded",
    },
    Part {
        name: "heads",
        about: "request headers and bodies that are slow or too long",
    },
    Part {
        name: "fuzz",
        about: "requests made from the OpenAPI document",
    },
    Part {
        name: "stop",
        about: "SIGTERM under load",
    },
    Part {
        name: "away",
        about: "PostgreSQL stops or hangs under load",
    },
    Part {
        name: "bounds",
        about: "what one account, one stranger and one long log do to others",
    },
    Part {
        name: "night-database",
        about: "PostgreSQL is not well in six ways, the disk of SQLite is full",
    },
    Part {
        name: "night-starts",
        about: "servers that start together, are killed, or find a pooler",
    },
    Part {
        name: "night-revocation",
        about: "keys are revoked while another server stands still or wakes",
    },
    Part {
        name: "backup",
        about: "a backup of a large database under load, and kill -9",
    },
];

impl Target {
    /// A new folder with SQLite; `None` if `ENGINE` selects PostgreSQL.
    fn sqlite() -> Result<Option<Self>, Failure> {
        if engine().as_deref() == Some("postgres") {
            return Ok(None);
        }
        let folder = tempfile::tempdir()?;
        Ok(Some(Self {
            engine: "SQLite",
            database: format!("sqlite:{}", folder.path().join("soak.db").display()),
            folder,
        }))
    }

    /// A new PostgreSQL database; `None` if `make soak` started no PostgreSQL or `ENGINE` selects SQLite.
    async fn postgres(name: &str) -> Result<Option<Self>, Failure> {
        use sqlx::{Connection as _, Executor as _};
        if engine().as_deref() == Some("sqlite") {
            return Ok(None);
        }
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

    /// An empty database of the same engine.
    async fn another(&self, name: &str) -> Result<Self, Failure> {
        let another = if self.engine == "SQLite" {
            Self::sqlite()?
        } else {
            Self::postgres(name).await?
        };
        another.ok_or_else(|| "there is no other database".into())
    }

    /// Drops its PostgreSQL database. The folder is removed too.
    async fn remove(self) -> Result<(), Failure> {
        use sqlx::{Connection as _, Executor as _};
        if self.engine == "SQLite" {
            return Ok(());
        }
        let mut url = url::Url::parse(&self.database)?;
        let name = url.path().trim_start_matches('/').to_owned();
        url.set_path("/postgres");
        let mut connection = sqlx::PgConnection::connect(url.as_str()).await?;
        let drop = sqlx::AssertSqlSafe(format!("DROP DATABASE \"{name}\" WITH (FORCE)"));
        connection.execute(drop).await?;
        Ok(())
    }

    /// Starts the program on prepared data; returns the data's keys too.
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

    /// Runs a query that returns one number.
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
    /// A key with every scope.
    pub secret: String,
    /// A key without the scope for `/v1/status`.
    pub narrow: String,
    /// Ids and secrets of keys with every scope.
    pub keys: Vec<(String, String)>,
    /// The person's account.
    pub slug: String,
    /// Session cookie of the person.
    pub cookie: String,
}

/// The engine that `ENGINE` names.
fn engine() -> Option<String> {
    std::env::var("ENGINE").ok().filter(|engine| !engine.is_empty())
}

/// Settings of the servers in the parts `night-*`: no limit interferes, and a stop does not drain.
const NIGHT: [(&str, &str); 5] = [
    ("RATE_LIMIT", "none"),
    ("AUTH_LIMIT", "1000000000"),
    ("SIGN_UP_LIMIT", "none"),
    ("MAX_KEYS", "1000000"),
    ("DRAIN_SECONDS", "0"),
];
/// Time limit of a part `night-*` on an engine.
const WHOLE: Duration = Duration::from_mins(15);

/// Number of rounds of a scenario: `ROUNDS`, or its default.
fn rounds(usual: u32) -> Result<u32, Failure> {
    match std::env::var("ROUNDS") {
        Ok(rounds) if !rounds.is_empty() => match rounds.parse() {
            Ok(0) | Err(_) => Err("ROUNDS must be a number from 1 on".into()),
            Ok(rounds) => Ok(rounds),
        },
        _ => Ok(usual),
    }
}

/// A random number from 0 to 1.
fn random() -> f64 {
    let mut bytes = [0; 4];
    OsRng.fill(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}

/// Runs the part of this name, or every part.
pub async fn run(name: Option<&str>) -> Result<(), Failure> {
    if !matches!(engine().as_deref(), None | Some("sqlite" | "postgres")) {
        return Err("ENGINE must be sqlite or postgres".into());
    }
    let chosen: Vec<_> = PARTS
        .iter()
        .filter(|part| name.is_none_or(|name| name == part.name))
        .collect();
    if chosen.is_empty() {
        println!("PART is one of:");
        for Part { name, about } in PARTS {
            println!("  {name:<16} {about}");
        }
        return Err("no part has this name".into());
    }
    println!("{:<11} {:<58} {:>14}  bound", "database", "what", "measured");
    for part in chosen {
        let began = Instant::now();
        run_part(part.name).await?;
        println!("(part {}: {:.0?})", part.name, began.elapsed());
    }
    Ok(())
}

async fn run_part(name: &str) -> Result<(), Failure> {
    if name == "bounds" {
        for target in [Target::sqlite()?, Target::postgres("bounds").await?]
            .into_iter()
            .flatten()
        {
            bounds::run(target).await?;
        }
    } else if name == "night-database" {
        night_database::run().await?;
    } else if name == "night-starts" {
        for target in [Target::sqlite()?, Target::postgres("starts").await?]
            .into_iter()
            .flatten()
        {
            night_starts::run(target).await?;
        }
    } else if name == "night-revocation" {
        if let Some(target) = Target::sqlite()? {
            night_revocation::run_sqlite(&target).await?;
        }
        if let Some(target) = Target::postgres("revocation").await? {
            night_revocation::run_postgres(target).await?;
        }
    } else if name == "backup" {
        for target in [Target::sqlite()?, Target::postgres("backup").await?]
            .into_iter()
            .flatten()
        {
            backup::run(target).await?;
        }
        for target in [Target::sqlite()?, Target::postgres("killed").await?]
            .into_iter()
            .flatten()
        {
            backup::kills::run(target).await?;
        }
        for when in [When::Compaction, When::Revocation] {
            if let Some(target) = Target::sqlite()? {
                backup::journal::run(target, when).await?;
            }
        }
    } else if name == "away" {
        for (name, fault, stale) in [
            ("away", Fault::Stops, false),
            ("stale", Fault::Stops, true),
            ("hangs", Fault::Hangs, false),
            ("hangs_stale", Fault::Hangs, true),
        ] {
            if let Some(target) = Target::postgres(name).await? {
                away::run(&target, fault, stale).await?;
            }
        }
    } else if let Some(target) = Target::sqlite()? {
        match name {
            "sign-in" => sign_in::run(&target).await?,
            "refusals" => refusals::run(&target).await?,
            "flood" => flood::run(&target).await?,
            "heads" => heads::run(&target).await?,
            "fuzz" => fuzz::run(&target).await?,
            _ => {
                stop::run(&target).await?;
                if let Some(another) = Target::sqlite()? {
                    stop::cut(&another).await?;
                }
            }
        }
    } else if name != "stop" {
        println!("The part {name} runs on SQLite alone");
    }
    if name == "stop"
        && let Some(target) = Target::postgres("stop").await?
    {
        stop::run(&target).await?;
    }
    Ok(())
}

/// Prints a measurement and its bound.
fn report(target: &Target, what: &str, measured: impl std::fmt::Display, holds: bool, bound: &str) {
    let bound = judged(holds, bound.to_owned());
    println!("{:<11} {what:<58} {measured:>14}  {bound}", target.engine);
}

/// Prints how long a part took on an engine.
fn report_whole(target: &Target, began: Instant) {
    let took = began.elapsed();
    let seconds = format!("{:.0} s", took.as_secs_f64());
    report(target, "the whole part", seconds, took < WHOLE, "< 900 s");
}

/// A percentile of durations.
fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    times
        .get((times.len() * percent / 100).min(last))
        .copied()
        .unwrap_or_default()
}

/// A duration in milliseconds, as text.
fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}
