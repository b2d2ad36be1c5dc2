//! The response to revoke or delete is the end of a key: no request that starts after it is accepted,
//! whatever the load (S38).

use crate::{
    browser::{Browser, Made},
    database::Database,
    rounds::rounds,
    until::until,
    world::{Setup, World},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    sync::{mpsc, watch},
};

const CONNECTIONS: usize = 32;
/// Requests of each connection that start after the end.
const AFTER: usize = 2;

/// A key, and whether the response that ends it has arrived.
#[derive(Clone, Default)]
struct Round {
    secret: String,
    ended: Arc<AtomicBool>,
    accepted_before: Arc<AtomicUsize>,
    accepted_after: Arc<AtomicUsize>,
}

/// A program's keep-alive connection.
struct Connection(BufReader<TcpStream>);

impl Connection {
    /// Status of `GET /v1/status`.
    async fn status(&mut self, secret: &str) -> std::io::Result<u16> {
        let request =
            format!("GET /v1/status HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {secret}\r\n\r\n");
        self.0.get_mut().write_all(request.as_bytes()).await?;
        let (mut line, mut status, mut length) = (String::new(), 0, 0);
        loop {
            line.clear();
            self.0.read_line(&mut line).await?;
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest[..3].parse().unwrap_or_default();
            } else if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().unwrap_or_default();
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await?;
        Ok(status)
    }

    /// Sends requests until the key of each round has ended, and [`AFTER`] more.
    async fn load(mut self, mut rounds: watch::Receiver<Round>, done: mpsc::Sender<Result<(), u16>>) {
        while rounds.changed().await.is_ok() {
            let round = rounds.borrow_and_update().clone();
            let mut after = 0;
            while after < AFTER {
                let ended = round.ended.load(Ordering::SeqCst);
                let status = self.status(&round.secret).await.unwrap_or_default();
                // A deleted key is an unknown key, and the number of those from one address is limited.
                if !matches!(status, 200 | 401 | 429) {
                    let _ = done.send(Err(status)).await;
                    return;
                }
                let accepted = if ended {
                    &round.accepted_after
                } else {
                    &round.accepted_before
                };
                accepted.fetch_add(usize::from(status == 200), Ordering::SeqCst);
                after += usize::from(ended);
            }
            if done.send(Ok(())).await.is_err() {
                return;
            }
        }
    }
}

async fn end(ada: &Browser<'_>, key: &Made, round: u32) {
    let answer = match round % 2 {
        0 => ada.revoke(&[&key.id]).await,
        _ => ada.delete(&[&key.id], "prod").await,
    };
    assert_eq!(answer.status, 200, "{}", answer.text());
}

async fn story(database: Database) {
    let rounds = rounds(20);
    let setup = Setup {
        arguments: &["--rate-limit", "none"],
        ..Setup::default()
    };
    let world = World::with(database, setup).await;
    let ada = world.person("Ada Moss").await;
    let address = world.serve();
    let (next, begun) = watch::channel(Round::default());
    let (done, mut finished) = mpsc::channel(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(address).await.expect("a connection");
        let connection = Connection(BufReader::new(stream));
        tokio::spawn(connection.load(begun.clone(), done.clone()));
    }
    let mut before = 0;
    for n in 0..rounds {
        let key = ada.made("prod").await;
        let round = Round {
            secret: key.secret.clone(),
            ..Round::default()
        };
        next.send(round.clone()).expect("connections");
        // Wait until the load runs.
        let accepted = || round.accepted_before.load(Ordering::SeqCst);
        until("requests are accepted", async || accepted() >= CONNECTIONS / 4).await;
        end(&ada, &key, n).await;
        round.ended.store(true, Ordering::SeqCst);
        for _ in 0..CONNECTIONS {
            let answered = finished.recv().await.expect("the connections");
            assert_eq!(answered, Ok(()), "every connection goes on");
        }
        let after = round.accepted_after.load(Ordering::SeqCst);
        assert_eq!(after, 0, "round {n}: accepted after the end");
        before += round.accepted_before.load(Ordering::SeqCst);
    }
    let least = usize::try_from(rounds).expect("a number") * CONNECTIONS / 4;
    assert!(before >= least, "there was load");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_let_through_after_the_answer_sqlite() {
    story(Database::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn no_request_is_let_through_after_the_answer_postgres() {
    story(Database::postgres().await).await;
}
