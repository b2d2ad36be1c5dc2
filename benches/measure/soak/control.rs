//! The PostgreSQL server that `scripts/with-postgres.sh` started, for parts that stop it or cause faults in it.

use super::Failure;
use std::process::Command;

/// Exit status of an action for which this machine lacks a tool or a permission.
const MISSING: i32 = 3;

/// Runs the script's actions on the server.
#[derive(Clone)]
pub struct Control(String);

impl Control {
    /// `None`, and a line about it, if the server was not started by the script.
    pub fn find() -> Option<Self> {
        let control = std::env::var("TEST_POSTGRES_CTL").ok();
        if control.is_none() {
            println!("PostgreSQL cannot be stopped: make soak sets TEST_POSTGRES_CTL");
        }
        control.map(Self)
    }

    /// Runs an action and waits for its end.
    pub async fn run(&self, action: &[&'static str]) -> Result<(), Failure> {
        if self.is_there_for(action).await? {
            return Ok(());
        }
        Err(format!("PostgreSQL did not {}", action.join(" ")).into())
    }

    /// The same; returns whether the machine has what the action needs.
    pub async fn is_there_for(&self, action: &[&'static str]) -> Result<bool, Failure> {
        let mut command = Command::new(&self.0);
        command.args(action);
        let status = tokio::task::spawn_blocking(move || command.status()).await??;
        match status.code() {
            Some(0) => Ok(true),
            Some(MISSING) => Ok(false),
            _ => Err(format!("PostgreSQL did not {}", action.join(" ")).into()),
        }
    }
}
