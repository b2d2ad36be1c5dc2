//! kill -9 at random moments of a compaction of the journal and of revocations (docs/security.md, S83). After
//! each kill a server is started on an earlier copy of the database file with the current journal: every
//! answered revocation holds.

use super::{MOMENTS, kills::must, stop, text};
use crate::{
    program::{Connection, Ended, Program, form, kill},
    soak::{
        Failure, NIGHT, Target,
        bounds::{
            data::Database,
            people::{Person, another_address, create, key_of, person},
        },
        random, report, rounds,
    },
};
use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    net::SocketAddr,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

/// Keys with endings in the journal at the beginning. Even compacted, the journal is longer than 4 MiB, so that each start
/// compacts it.
const LONG: u64 = 30_000;
/// Clients, the keys that each revokes in a round at most, and the pause after each.
const CLIENTS: usize = 4;
const EACH: usize = 30;
const PAUSE: Duration = Duration::from_millis(5);
/// Until a compaction begins or ends.
const PATIENCE: Duration = Duration::from_mins(1);
const POLL_EVERY: Duration = Duration::from_millis(1);
const KILLED: i32 = 9;
const REVOKED: &str = "SELECT COUNT(*) FROM api_keys WHERE revoked_at IS NOT NULL";

/// Work during which the server is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A compaction, while keys are revoked.
    Compaction,
    /// Revocations.
    Revocation,
}

/// A key of somebody.
struct Key {
    person: Person,
    id: String,
    secret: String,
}

/// Result of the clients in a round.
#[derive(Default)]
struct Done {
    /// Secrets of keys whose revocation was answered.
    answered: Vec<String>,
    /// Revocations that were refused.
    refused: usize,
    /// Keys without a revocation request.
    left: Vec<Key>,
}

/// The rounds and their results.
struct Rounds {
    target: Target,
    when: When,
    backups: TempDir,
    keys: Vec<Key>,
    /// Duration of the work that is killed.
    takes: Duration,
    /// Secrets of keys whose revocation was answered, in all rounds.
    answered: Vec<String>,
    refused: usize,
    /// Kills in the middle of a compaction.
    inside: usize,
    /// Starts that refused the journal, or set it aside.
    unread: usize,
    /// Answered revocations that the journal did not have.
    lost: usize,
}

/// Kills servers, and starts others on their files.
pub async fn run(target: Target, when: When) -> Result<(), Failure> {
    let moments = rounds(MOMENTS)?;
    let mut all = Rounds::prepare(target, when, moments).await?;
    all.round(None).await?;
    for _ in 0..moments {
        all.round(Some(random())).await?;
        let (lost, was_read) = all.put_back().await?;
        all.lost += lost;
        all.unread += usize::from(!was_read);
    }
    all.round(None).await?;
    let program = serve(&all.target).await?;
    let accepted = accepted(program.address, &all.answered).await?;
    stop(program).await;
    all.print(moments, accepted).await
}

impl Rounds {
    async fn prepare(target: Target, when: When, moments: u32) -> Result<Self, Failure> {
        let program = serve(&target).await?;
        let owner = person(program.address, "Bo Lind").await?;
        let first = make_keys(program.address, owner.clone(), 1).await?;
        let mut making = JoinSet::new();
        for n in 0..CLIENTS {
            let person = person(program.address, &format!("Person {n}")).await?;
            // Two rounds are not killed.
            let count = EACH * (usize::try_from(moments)? + 2);
            making.spawn(make_keys(program.address, person, count));
        }
        let mut keys = Vec::new();
        while let Some(made) = making.join_next().await {
            keys.extend(made??);
        }
        stop(program).await;
        if let (When::Compaction, Some(key)) = (when, first.first()) {
            Database::open(&target).await?.add_keys(&key.id, LONG).await?;
            must(&target, &["key", "revoke", "--account", &owner.slug, "--yes"]).await?;
        }
        let backups = tempfile::tempdir()?;
        must(&target, &["backup", text(&backups.path().join("one"))?]).await?;
        Ok(Self {
            target,
            when,
            backups,
            keys,
            takes: Duration::ZERO,
            answered: Vec::new(),
            refused: 0,
            inside: 0,
            unread: 0,
            lost: 0,
        })
    }

    /// Starts a server, revokes keys, and kills it at a fraction of the duration; with `None` it lets the
    /// work end, and measures it.
    async fn round(&mut self, moment: Option<f64>) -> Result<(), Failure> {
        let left = unfinished(&journal(&self.target));
        let starting = begin(&self.target)?;
        let process = starting.id();
        let kill_after = moment.map(|moment| self.takes.mul_f64(moment));
        // It begins before the server listens.
        let compaction = (self.when == When::Compaction)
            .then(|| tokio::spawn(compaction(journal(&self.target), left, process, kill_after)));
        let program = match starting.listening().await? {
            Ok(program) => Some(program),
            Err(ended) if moment.is_some() && ended.status.signal() == Some(KILLED) => None,
            Err(ended) => return Err(refusal(&ended)),
        };
        let started = Instant::now();
        let mut clients = JoinSet::new();
        if let Some(program) = &program {
            for _ in 0..CLIENTS {
                let keys = self.keys.split_off(self.keys.len().saturating_sub(EACH));
                clients.spawn(client(program.address, keys));
            }
        }
        if let Some(compaction) = compaction {
            let took = compaction.await??;
            if moment.is_none() {
                self.takes = took;
            }
        } else if let Some(after) = kill_after {
            sleep(after).await;
            kill(process)?;
        }
        while let Some(done) = clients.join_next().await {
            let done = done?;
            self.answered.extend(done.answered);
            self.refused += done.refused;
            self.keys.extend(done.left);
        }
        if moment.is_none() && self.when == When::Revocation {
            self.takes = started.elapsed();
        }
        match (program, moment) {
            (Some(program), None) => stop(program).await,
            // It was killed: what is left of the process goes with the value.
            (program, _) => drop(program),
        }
        let is_inside = moment.is_some() && !unfinished(&journal(&self.target)).is_empty();
        self.inside += usize::from(is_inside);
        Ok(())
    }

    /// The earlier database file with the present journal, in a folder of its own.
    fn earlier(&self) -> Result<Target, Failure> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("soak.db");
        fs::copy(self.backups.path().join("one").join("babysea.db"), &file)?;
        let earlier = Target {
            engine: self.target.engine,
            database: format!("sqlite:{}", file.display()),
            folder,
        };
        fs::copy(journal(&self.target), journal(&earlier))?;
        let pepper = |target: &Target| target.folder.path().join("pepper");
        fs::copy(pepper(&self.target), pepper(&earlier))?;
        Ok(earlier)
    }

    /// Starts a server on it; returns how many keys with an answered revocation it accepts, and whether it
    /// read the journal.
    async fn put_back(&self) -> Result<(usize, bool), Failure> {
        let earlier = self.earlier()?;
        match begin(&earlier)?.listening().await? {
            Err(ended) => {
                println!("{}", ended.log);
                Ok((0, false))
            }
            Ok(program) => {
                let accepted = accepted(program.address, &self.answered).await?;
                stop(program).await;
                Ok((accepted, !is_set_aside(&earlier)))
            }
        }
    }

    async fn print(self, moments: u32, accepted: usize) -> Result<(), Failure> {
        let kind = match self.when {
            When::Compaction => "compactions",
            When::Revocation => "revocations",
        };
        let target = &self.target;
        if self.when == When::Compaction {
            report(
                target,
                &format!("S83: {moments} kills in compactions, in the middle"),
                self.inside,
                self.inside * 2 > usize::try_from(moments)?,
                "most",
            );
        }
        let unread = self.unread + usize::from(is_set_aside(target));
        report(
            target,
            &format!("S83: {moments} kills in {kind}, journals not read"),
            unread,
            unread == 0,
            "0",
        );
        let all = self.answered.len();
        report(
            target,
            &format!("S83: kills in {kind}, revocations not in the journal"),
            format!("{} of {all}", self.lost),
            self.lost == 0 && all > 0,
            "0",
        );
        report(
            target,
            &format!("S83: kills in {kind}, revocations refused and lost"),
            format!("{} and {accepted}", self.refused),
            self.refused == 0 && accepted == 0,
            "0 and 0",
        );
        let earlier = self.earlier()?;
        stop(serve(&earlier).await?).await;
        let (now, then) = (target.number(REVOKED).await?, earlier.number(REVOKED).await?);
        report(
            target,
            &format!("S83: kills in {kind}, revoked, and by the journal"),
            format!("{now}, {then}"),
            now == then,
            "the same",
        );
        self.target.remove().await
    }
}

fn begin(target: &Target) -> Result<Program, Failure> {
    Program::begin(&target.database, target.folder.path(), &[], &NIGHT)
}

async fn serve(target: &Target) -> Result<Program, Failure> {
    let started = begin(target)?.listening().await?;
    started.map_err(|ended| refusal(&ended))
}

fn refusal(ended: &Ended) -> Failure {
    format!("a start ended: {}", ended.log).into()
}

/// The journal beside an SQLite file.
fn journal(target: &Target) -> PathBuf {
    target.folder.path().join("soak.db.endings")
}

/// Whether a start found the journal damaged, and started a new one.
fn is_set_aside(target: &Target) -> bool {
    target.folder.path().join("soak.db.endings.damaged").exists()
}

/// The files that compactions write, or that killed ones have left.
fn unfinished(journal: &Path) -> BTreeSet<OsString> {
    let entries = journal.parent().and_then(|folder| fs::read_dir(folder).ok());
    let names = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name());
    names
        .filter(|name| name.to_string_lossy().starts_with(".soak.db.endings.next-"))
        .collect()
}

/// Waits until a compaction begins, and kills the process after this time; or waits until the compaction is done, and
/// returns its duration.
async fn compaction(
    journal: PathBuf,
    left: BTreeSet<OsString>,
    process: u32,
    kill_after: Option<Duration>,
) -> Result<Duration, Failure> {
    let begins = async {
        while unfinished(&journal).is_subset(&left) {
            sleep(POLL_EVERY).await;
        }
    };
    timeout(PATIENCE, begins)
        .await
        .map_err(|_| "no compaction began")?;
    let began = Instant::now();
    if let Some(after) = kill_after {
        sleep(after).await;
        kill(process)?;
        return Ok(after);
    }
    let ends = async {
        while !unfinished(&journal).is_empty() {
            sleep(POLL_EVERY).await;
        }
    };
    timeout(PATIENCE, ends)
        .await
        .map_err(|_| "a compaction did not end")?;
    Ok(began.elapsed())
}

/// Creates keys of a person, one after the other.
async fn make_keys(server: SocketAddr, person: Person, count: usize) -> Result<Vec<Key>, Failure> {
    let mut connection = Connection::open(server).await?;
    let mut keys = Vec::new();
    for _ in 0..count {
        connection
            .send(&create(&person, "soak", &another_address()))
            .await?;
        let (id, secret) = key_of(&connection.reply().await?)?;
        let person = person.clone();
        keys.push(Key { person, id, secret });
    }
    Ok(keys)
}

/// Revokes keys one by one until the server is gone.
async fn client(server: SocketAddr, mut keys: Vec<Key>) -> Done {
    let mut done = Done::default();
    if let Ok(mut connection) = Connection::open(server).await {
        while let Some(key) = keys.pop() {
            let fields = format!("account={}&keys%5B%5D={}", key.person.slug, key.id);
            let request = form("/api/keys/revoke", &key.person.cookie, "", &fields);
            if connection.send(&request).await.is_err() {
                break;
            }
            match connection.reply().await {
                Ok(reply) if reply.status == 200 => done.answered.push(key.secret),
                Ok(_) => done.refused += 1,
                // It may be revoked; its state is not checked.
                Err(_) => break,
            }
            sleep(PAUSE).await;
        }
    }
    done.left = keys;
    done
}

/// How many of these keys a server does not refuse.
async fn accepted(server: SocketAddr, secrets: &[String]) -> Result<usize, Failure> {
    let mut connection = Connection::open(server).await?;
    let mut accepted = 0;
    for secret in secrets {
        accepted += usize::from(connection.get("/v1/status", secret).await? != 401);
    }
    Ok(accepted)
}
