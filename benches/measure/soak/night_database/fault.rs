//! Faults of PostgreSQL.

use super::super::{Failure, control::Control};
use super::request::Verdict::{self, Refused, Right};
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::time::{Duration, Instant};
use tokio::{task::JoinHandle, time::sleep};

/// Ends all other connections, to any database.
const END_OTHERS: &str = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'";
/// How often connections are ended.
const KILL_EVERY: Duration = Duration::from_millis(200);

/// What happens to PostgreSQL.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It ends its connections, and refuses others.
    Stopped,
    /// It keeps its connections and accepts others, but answers on none.
    Hung,
    /// It refuses changes, also on new connections.
    ReadOnly,
    /// It is replaced by a server that stays in recovery.
    Standby,
    /// It ends all connections, five times a second.
    Killed,
    /// Its clock is set forward 3 s, and back at the end.
    Clock,
}

/// A fault in progress, with the task that keeps it going.
pub struct Fallen(Fault, Option<JoinHandle<sqlx::Error>>);

impl Fault {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Stopped,
        Self::Hung,
        Self::ReadOnly,
        Self::Standby,
        Self::Killed,
        Self::Clock,
    ];

    /// Its name in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Hung => "hung",
            Self::ReadOnly => "read-only",
            Self::Standby => "standby",
            Self::Killed => "connections killed",
            Self::Clock => "clock 3 s ahead",
        }
    }

    /// The expected responses of checks, changes, pages, `/readyz` and `/readyz?checks` while it lasts. `None` if the
    /// response depends on timing.
    pub const fn expects(self) -> Option<[Verdict; 5]> {
        match self {
            Self::Stopped | Self::Hung => Some([Refused; 5]),
            Self::ReadOnly | Self::Standby => Some([Right, Refused, Right, Refused, Right]),
            Self::Killed => None,
            Self::Clock => Some([Right; 5]),
        }
    }

    /// The same as text: `right, 503, right, 503, right`.
    pub fn in_words(expected: [Verdict; 5]) -> String {
        let word = |verdict| if verdict == Right { "right" } else { "503" };
        if expected.iter().all(|verdict| *verdict == expected[0]) {
            return word(expected[0]).to_owned();
        }
        expected.map(word).join(", ")
    }

    /// Prepares it before the database is used; returns whether this machine can cause it.
    pub async fn prepare(self, control: &Control) -> Result<bool, Failure> {
        match self {
            Self::Clock => control.is_there_for(&["faketime"]).await,
            _ => Ok(true),
        }
    }

    /// Causes it.
    pub async fn begin(self, control: &Control) -> Result<Fallen, Failure> {
        let mut kept_up = None;
        match self {
            Self::Stopped => control.run(&["stop"]).await?,
            Self::Hung => control.run(&["pause"]).await?,
            Self::Standby => control.run(&["standby"]).await?,
            Self::Clock => {
                let (before, asked) = (clock().await?, Instant::now());
                control.run(&["clock", "3"]).await?;
                let gone_by = clock().await? - before;
                if gone_by < i64::try_from(asked.elapsed().as_millis())? + 2_500 {
                    return Err("the clock of PostgreSQL was not set".into());
                }
            }
            Self::ReadOnly => {
                let mut connection = connect().await?;
                for statement in [
                    "ALTER SYSTEM SET default_transaction_read_only = on",
                    "SELECT pg_reload_conf()",
                    END_OTHERS,
                ] {
                    connection.execute(statement).await?;
                }
            }
            Self::Killed => {
                let mut connection = connect().await?;
                kept_up = Some(tokio::spawn(async move {
                    loop {
                        if let Err(error) = connection.execute(END_OTHERS).await {
                            return error;
                        }
                        sleep(KILL_EVERY).await;
                    }
                }));
            }
        }
        Ok(Fallen(self, kept_up))
    }

    /// Cleans up after the last use of the database.
    pub async fn finish(self, control: &Control) -> Result<(), Failure> {
        if self == Self::Clock {
            // With the machine's clock.
            control.run(&["stop"]).await?;
            control.run(&["start"]).await?;
        }
        Ok(())
    }
}

impl Fallen {
    /// Ends it. PostgreSQL can be used when this returns.
    pub async fn end(self, control: &Control) -> Result<(), Failure> {
        let Self(fault, kept_up) = self;
        match fault {
            Fault::Stopped | Fault::Standby => control.run(&["start"]).await?,
            Fault::Hung => control.run(&["resume"]).await?,
            Fault::Clock => control.run(&["clock", "0"]).await?,
            Fault::ReadOnly => {
                let mut connection = connect().await?;
                for statement in [
                    "SET default_transaction_read_only = off",
                    "ALTER SYSTEM RESET default_transaction_read_only",
                    "SELECT pg_reload_conf()",
                ] {
                    connection.execute(statement).await?;
                }
            }
            Fault::Killed => {}
        }
        match kept_up {
            Some(task) if task.is_finished() => Err(task.await?.into()),
            Some(task) => {
                task.abort();
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// What PostgreSQL's clock shows, in milliseconds.
async fn clock() -> Result<i64, Failure> {
    let clock = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
    let mut connection = connect().await?;
    Ok(sqlx::query_scalar(clock).fetch_one(&mut connection).await?)
}

async fn connect() -> Result<PgConnection, Failure> {
    Ok(PgConnection::connect(&std::env::var("TEST_POSTGRES_URL")?).await?)
}
