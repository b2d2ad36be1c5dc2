//! The server is killed repeatedly while keys are created, rotated, revoked and checked. After the next start, which takes
//! less than 5 s, every acknowledged change is stored.

use super::{serve, start, stop};
use crate::{
    program::{Connection, form},
    soak::{
        Failure, Target,
        bounds::people::{self, Person, another_address, create, key_of},
        random, report, rounds,
    },
};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

const KILLS: u32 = 100;
/// People who change keys, each on one connection. Half as many connections check keys.
const PEOPLE: usize = 8;
/// When the server is killed: at a random moment after its clients started. On PostgreSQL the killed server leaves its row
/// behind, and the first changes on the next server wait a second for it. So kills interrupt changes in every state.
const EARLIEST: Duration = Duration::from_millis(50);
const LATEST: Duration = Duration::from_secs(2);
const START: Duration = Duration::from_secs(5);

/// Responses that clients got before the kill.
#[derive(Default)]
struct Known {
    /// Keys that work: created, made by a rotation, or in their grace period.
    work: Vec<String>,
    /// Keys that were revoked.
    ended: Vec<String>,
    /// Changes that were answered: created, rotated, revoked.
    answered: [usize; 3],
    /// Changes that were refused.
    refused: usize,
}

impl Known {
    fn add(&mut self, other: Self) {
        self.work.extend(other.work);
        self.ended.extend(other.ended);
        for (sum, count) in self.answered.iter_mut().zip(other.answered) {
            *sum += count;
        }
        self.refused += other.refused;
    }
}

pub async fn run(target: &Target) -> Result<(), Failure> {
    let kills = rounds(KILLS)?;
    let mut program = serve(target).await?;
    let mut people = Vec::new();
    for n in 0..PEOPLE {
        people.push(people::person(program.address, &format!("Person {n}")).await?);
    }
    let (mut all, mut lost, mut slowest, mut sound) = (Known::default(), 0, Duration::ZERO, 0);
    for n in 0..kills {
        let mut clients = JoinSet::new();
        for person in &people {
            clients.spawn(client(program.address, person.clone()));
        }
        let mut checks = JoinSet::new();
        for secret in all.work.iter().rev().take(PEOPLE / 2) {
            checks.spawn(check(program.address, secret.clone()));
        }
        sleep(EARLIEST + LATEST.saturating_sub(EARLIEST).mul_f64(random())).await;
        drop(program);
        let mut known = Known::default();
        while let Some(client) = clients.join_next().await {
            known.add(client?);
        }
        while checks.join_next().await.is_some() {}
        let began = Instant::now();
        program = match start(target).await? {
            Ok(program) => program,
            Err(ended) => return Err(format!("the start after kill {n} ended: {}", ended.log).into()),
        };
        slowest = slowest.max(began.elapsed());
        sound += u32::from(is_sound(target).await?);
        lost += wrong(program.address, &known).await?;
        all.add(known);
    }
    // Changes that were stored after one kill are also stored after all later ones.
    lost += wrong(program.address, &all).await?;
    stop(program).await?;
    print(
        target,
        kills,
        &all,
        [lost, usize::try_from(kills - sound)?],
        slowest,
    );
    Ok(())
}

fn print(target: &Target, kills: u32, all: &Known, [lost, unsound]: [usize; 2], slowest: Duration) {
    let [created, rotated, revoked] = all.answered;
    report(
        target,
        &format!("S70: {kills} kills under load: keys created, rotated, revoked"),
        format!("{created}, {rotated}, {revoked}"),
        created > 0 && rotated > 0 && revoked > 0,
        "> 0 each",
    );
    report(
        target,
        &format!("S70: changes lost that were answered ({} refused)", all.refused),
        lost,
        lost == 0,
        "0",
    );
    report(
        target,
        "S70: the slowest start after a kill",
        format!("{:.2} s", slowest.as_secs_f64()),
        slowest < START,
        "< 5 s",
    );
    if target.engine == "SQLite" {
        report(
            target,
            "S70: kills after which PRAGMA integrity_check finds something",
            unsound,
            unsound == 0,
            "0",
        );
    }
}

/// Changes keys until the server is killed.
async fn client(server: SocketAddr, person: Person) -> Known {
    let mut known = Known::default();
    // Ends when the connection fails. The result of a change in flight is unknown, so it is not counted.
    let _ = change(server, &person, &mut known).await;
    known
}

async fn change(server: SocketAddr, person: &Person, known: &mut Known) -> Result<(), Failure> {
    let mut connection = Connection::open(server).await?;
    for turn in 0_u32.. {
        connection
            .send(&create(person, "soak", &another_address()))
            .await?;
        let created = connection.reply().await?;
        if created.status != 200 {
            known.refused += 1;
            continue;
        }
        let (id, secret) = key_of(&created)?;
        known.answered[0] += 1;
        match turn % 3 {
            0 => known.work.push(secret),
            1 => {
                // It works in its grace period, and without the rotation.
                known.work.push(secret);
                let token = id.replace('-', "");
                let fields = format!("account={}&key={id}&grace=1&form_token={token}", person.slug);
                connection
                    .send(&form("/api/keys/rotate", &person.cookie, "", &fields))
                    .await?;
                let rotated = connection.reply().await?;
                if rotated.status == 200 {
                    known.work.push(key_of(&rotated)?.1);
                    known.answered[1] += 1;
                } else {
                    known.refused += 1;
                }
            }
            _ => {
                let fields = format!("account={}&keys%5B%5D={id}", person.slug);
                match connection
                    .post("/api/keys/revoke", &person.cookie, &fields)
                    .await?
                {
                    200 => {
                        known.ended.push(secret);
                        known.answered[2] += 1;
                    }
                    _ => known.refused += 1,
                }
            }
        }
    }
    Ok(())
}

/// Checks a key until the server is killed, so that the request log is written meanwhile.
async fn check(server: SocketAddr, secret: String) {
    let Ok(mut connection) = Connection::open(server).await else {
        return;
    };
    while connection.get("/v1/status", &secret).await.is_ok() {
        sleep(Duration::from_millis(1)).await;
    }
}

/// Number of keys whose state contradicts a response.
async fn wrong(server: SocketAddr, known: &Known) -> Result<usize, Failure> {
    let mut connection = Connection::open(server).await?;
    let mut wrong = 0;
    for (keys, right) in [(&known.work, 200), (&known.ended, 401)] {
        for key in keys {
            wrong += usize::from(connection.get("/v1/status", key).await? != right);
        }
    }
    Ok(wrong)
}

/// Runs SQLite's integrity check beside the server. PostgreSQL has no such check.
async fn is_sound(target: &Target) -> Result<bool, Failure> {
    use sqlx::Connection as _;
    if target.engine != "SQLite" {
        return Ok(true);
    }
    let mut connection = sqlx::SqliteConnection::connect(&target.database).await?;
    let asked = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut connection);
    let found: Vec<String> = timeout(Duration::from_mins(1), asked).await??;
    connection.close().await?;
    if found != ["ok"] {
        println!("{:<11} integrity_check: {}", target.engine, found.join(", "));
    }
    Ok(found == ["ok"])
}
