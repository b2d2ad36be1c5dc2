//! Starts under faults (docs/security.md, S70, S91, S92, S95): four at the same moment, a first start that is
//! killed, 100 kills under load, and a pooler between server and PostgreSQL.

mod first_kill;
mod kills;
mod pooler;
mod together;

use super::{
    Failure, NIGHT, Target,
    bounds::people::{Person, another_address, create, key_of, once},
    report_whole,
};
use crate::program::{Connection, Ended, Program};
use std::{fs, net::SocketAddr, path::Path, time::Instant};

/// What the folder of a target holds once a server has served: database and pepper.
const FILES: [&str; 6] = [
    "pepper",
    "soak.db",
    "soak.db-shm",
    "soak.db-wal",
    "soak.db.endings",
    "soak.db.lock",
];

/// Runs every scenario on the target's engine.
pub async fn run(target: Target) -> Result<(), Failure> {
    let began = Instant::now();
    together::run(&target).await?;
    first_kill::run(&target).await?;
    kills::run(&target).await?;
    if target.engine == "PostgreSQL" {
        pooler::run(&target).await?;
    }
    report_whole(&target, began);
    target.remove().await
}

/// Begins a start with a data folder. Database and pepper are the target's.
fn begin(target: &Target, data: &Path) -> Result<Program, Failure> {
    let pepper = target.folder.path().join("pepper").display().to_string();
    let mut settings = NIGHT.to_vec();
    settings.push(("PEPPER_FILE", &pepper));
    Program::begin(&target.database, data, &[], &settings)
}

/// Starts a server in the target's folder.
async fn start(target: &Target) -> Result<Result<Program, Ended>, Failure> {
    begin(target, target.folder.path())?.listening().await
}

/// Starts a server that has every reason to serve.
async fn serve(target: &Target) -> Result<Program, Failure> {
    let started = start(target).await?;
    started.map_err(|ended| format!("a start ended: {}", ended.log).into())
}

/// Stops a server in order.
async fn stop(program: Program) -> Result<(), Failure> {
    program.terminate()?;
    let status = program.ended().await?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("a stop ended with {status}").into())
    }
}

/// The sentence of a start that was refused as it should be: exit status 1, and the sentence on the last line.
fn sentence(ended: &Ended) -> Option<&str> {
    let last = ended.log.lines().next_back()?.strip_prefix("babysea: ")?;
    (ended.status.code() == Some(1)).then_some(last)
}

/// A new key: its id and secret.
async fn key(server: SocketAddr, person: &Person) -> Result<(String, String), Failure> {
    key_of(&once(server, &create(person, "soak", &another_address())).await?)
}

/// How many of these keys a server does not accept.
async fn refused(server: SocketAddr, keys: &[String]) -> Result<usize, Failure> {
    let mut connection = Connection::open(server).await?;
    let mut refused = 0;
    for key in keys {
        refused += usize::from(connection.get("/v1/status", key).await? != 200);
    }
    Ok(refused)
}

/// The names in a folder beside those that belong there.
fn left_over(folder: &Path) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().display().to_string();
        if !FILES.contains(&name.as_str()) {
            names.push(name);
        }
    }
    Ok(names)
}
