//! Three servers that share a database of PostgreSQL, and two people with keys.

use super::{Failure, Target, checks::Checker};
use crate::{
    program::{Program, form},
    soak::{
        NIGHT,
        bounds::people::{self, Person, another_address, create, key_of, once},
    },
};
use sqlx::{Connection as _, PgConnection};
use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{sync::Mutex, time::sleep};

/// The server that revokes.
pub const A: usize = 0;
/// Another one.
pub const B: usize = 1;
/// The one that is stopped.
pub const C: usize = 2;

/// Between two checks of a connection.
const PERIOD: Duration = Duration::from_millis(2);
/// How often a server is stopped until it is inside a transaction.
const TRIES: u32 = 20;
/// How long PostgreSQL needs at most for statements that a stopped server had already sent.
const WORKING: Duration = Duration::from_millis(5);
const OPEN: &str = "SELECT COUNT(*) FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'idle in transaction'";

/// Three servers.
pub struct Group {
    target: Target,
    servers: Vec<Program>,
    people: Vec<Person>,
    database: Mutex<PgConnection>,
    _data: Vec<TempDir>,
}

/// A key.
pub struct Key {
    /// Its id.
    pub id: String,
    /// The key itself.
    pub secret: String,
}

/// The response to a request.
#[derive(Clone, Copy)]
pub struct Answer {
    /// Status; 0 without a response.
    pub status: u16,
    /// When it arrived.
    pub at: Instant,
    /// How long it took.
    pub took: Duration,
}

impl Group {
    /// Starts the servers.
    pub async fn start(target: Target) -> Result<Self, Failure> {
        let pepper = target.folder.path().join("pepper").display().to_string();
        let mut settings = NIGHT.to_vec();
        settings.push(("PEPPER_FILE", &pepper));
        let (mut servers, mut data) = (Vec::new(), Vec::new());
        for _ in [A, B, C] {
            let folder = tempfile::tempdir()?;
            servers.push(Program::start_with(&target.database, folder.path(), &[], &settings).await?);
            data.push(folder);
        }
        let mut people = Vec::new();
        for name in ["Ada Moss", "Bo Lind"] {
            people.push(people::person(servers[A].address, name).await?);
        }
        let database = Mutex::new(PgConnection::connect(&target.database).await?);
        Ok(Self {
            target,
            servers,
            people,
            database,
            _data: data,
        })
    }

    /// Stops the servers cleanly, and removes the database.
    pub async fn stop(self) -> Result<(), Failure> {
        for server in &self.servers {
            server.terminate()?;
        }
        for server in self.servers {
            server.ended().await?;
        }
        self.database.into_inner().close().await?;
        self.target.remove().await
    }

    /// Address of a server.
    pub fn address(&self, server: usize) -> SocketAddr {
        self.servers[server].address
    }

    /// A new key of a person, created on A.
    pub async fn key(&self, person: usize) -> Result<Key, Failure> {
        self.key_on(A, person).await
    }

    /// A new key of a person.
    pub async fn key_on(&self, server: usize, person: usize) -> Result<Key, Failure> {
        let request = create(&self.people[person], "soak", &another_address());
        let (id, secret) = key_of(&once(self.address(server), &request).await?)?;
        Ok(Key { id, secret })
    }

    /// Revokes a key of a person.
    pub async fn revoke(&self, server: usize, person: usize, key: &Key) -> Answer {
        let Person { slug, cookie, .. } = &self.people[person];
        let fields = format!("account={slug}&keys%5B%5D={}", key.id);
        self.ask(server, &form("/api/keys/revoke", cookie, "", &fields))
            .await
    }

    /// Reports a key as leaked.
    pub async fn report(&self, server: usize, key: &Key) -> Answer {
        let body = format!("{{\"key\":\"{}\"}}", key.secret);
        let request = format!(
            "POST /v1/keys/report-leak HTTP/1.1\r\nhost: soak\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.ask(server, &request).await
    }

    async fn ask(&self, server: usize, request: &str) -> Answer {
        let began = Instant::now();
        let reply: io::Result<_> = once(self.address(server), request).await;
        let at = Instant::now();
        Answer {
            status: reply.map(|reply| reply.status).unwrap_or_default(),
            at,
            took: at - began,
        }
    }

    /// Starts checks of a key on these servers, and waits until each has it in its cache.
    pub async fn check(&self, key: &Key, servers: &[usize]) -> Result<Vec<Checker>, Failure> {
        let checkers = self.check_more(key, servers);
        for checker in &checkers {
            checker.accepted().await?;
        }
        Ok(checkers)
    }

    /// Starts checks of a key on these servers, on new connections.
    pub fn check_more(&self, key: &Key, servers: &[usize]) -> Vec<Checker> {
        let addresses = servers.iter().map(|&server| self.address(server));
        addresses
            .map(|address| Checker::start(address, &key.secret, PERIOD))
            .collect()
    }

    /// Pauses C (SIGSTOP).
    pub fn pause(&self) -> Result<(), Failure> {
        self.servers[C].pause()
    }

    /// Resumes C (SIGCONT).
    pub fn resume(&self) -> Result<(), Failure> {
        self.servers[C].resume()
    }

    /// Pauses C while it has an open transaction; returns whether it had one.
    pub async fn pause_inside(&self) -> Result<bool, Failure> {
        let mut database = self.database.lock().await;
        for _ in 0..TRIES {
            self.pause()?;
            sleep(WORKING).await;
            let open: i64 = sqlx::query_scalar(OPEN).fetch_one(&mut *database).await?;
            if open > 0 {
                return Ok(true);
            }
            self.resume()?;
            sleep(WORKING).await;
        }
        self.pause()?;
        Ok(false)
    }
}
