//! Attacks by one account or one anonymous client.

use super::{
    Failure,
    data::Database,
    others::kept,
    outcome::{Outcome, STRANGER, Statuses, all},
    people::{Sample, check, once, sign_in},
    slow,
};
use crate::{
    program::{Program, form},
    soak::milliseconds,
};
use babysea::domain::token;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    task::JoinSet,
    time::{sleep, sleep_until, timeout_at},
};

/// Duration of most attacks.
const SPAN: Duration = Duration::from_secs(20);
/// Pause of a connection after a refusal.
const PAUSE: Duration = Duration::from_millis(100);
/// How long deleted rows may stay.
const GONE: Duration = Duration::from_mins(10);
/// Maximum duration of the response to a deletion.
const ANSWER: Duration = Duration::from_secs(1);
/// Refusals, on how many connections, from how many addresses.
const REFUSALS: u32 = 10_000;
const REFUSED: u32 = 32;
const REFUSED_ADDRESSES: u32 = 16;

/// Characters that zxcvbn takes longest to score: each can stand for one letter or several.
const WORST: &str = "4@8({[<369!1|0$5+7%2";
const LONGEST_PASSWORD: usize = 128;

/// An attack.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    /// Nothing: the reference.
    Idle,
    /// 32 concurrent requests for the usage of an account with a long log.
    Usage,
    /// 60 connections guess passwords.
    Guesses,
    /// 8 connections sign up with the worst password known.
    SignUps,
    /// 2,000 bodies that do not end.
    Bodies,
    /// 1,100 clients that do not read.
    Readers,
    /// 10,000 refusals of anonymous requests.
    Refusals,
    /// A key with a long log is deleted.
    Deletion,
    /// A long log is purged.
    Purge,
}

impl Attack {
    /// All, the idle server first and what changes the data last.
    pub const ALL: [Self; 9] = [
        Self::Idle,
        Self::Usage,
        Self::Guesses,
        Self::SignUps,
        Self::Bodies,
        Self::Readers,
        Self::Refusals,
        Self::Deletion,
        Self::Purge,
    ];

    /// Its name in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Usage => "32 questions for usage",
            Self::Guesses => "60 connections guess passwords",
            Self::SignUps => "8 connections sign up",
            Self::Bodies => "2,000 stalled bodies",
            Self::Readers => "1,100 slow readers",
            Self::Refusals => "10,000 anonymous refusals",
            Self::Deletion => "deletion of a long key",
            Self::Purge => "purge of a long log",
        }
    }

    /// Whether it may take minutes.
    pub fn is_long(self) -> bool {
        matches!(self, Self::Deletion | Self::Purge)
    }
}

/// Runs the attack.
pub async fn run(
    attack: Attack,
    program: &Program,
    sample: &Sample,
    database: &mut Database,
) -> Result<Outcome, Failure> {
    let server = program.address;
    match attack {
        Attack::Idle => Ok(Outcome::default()),
        Attack::Usage => {
            let request = check("/v1/usage?days=90", &sample.long.secret, STRANGER);
            Ok(hammer(server, 32, Arc::new(move |_| request.clone())).await)
        }
        Attack::Guesses => {
            let emails: Vec<_> = sample.people.iter().map(|person| person.email.clone()).collect();
            let guess = move |n: u32| {
                // Every second one for an email without an account.
                let nobody = format!("nobody-{n}%40example.com");
                let email = if n.is_multiple_of(2) {
                    &emails[n as usize % emails.len()]
                } else {
                    &nobody
                };
                sign_in(email, Some(&format!("wrong+{n}+lantern")), STRANGER)
            };
            Ok(hammer(server, 60, Arc::new(guess)).await)
        }
        Attack::SignUps => {
            let password: String = WORST.chars().cycle().take(LONGEST_PASSWORD).collect();
            let password: String = url::form_urlencoded::byte_serialize(password.as_bytes()).collect();
            let request = move |n: u32| {
                let fields = format!("name=Bo+Lind&email=bo-{n}%40example.net&password={password}");
                form("/sign-up", "", STRANGER, &fields)
            };
            Ok(hammer(server, 8, Arc::new(request)).await)
        }
        Attack::Bodies => Ok(slow::bodies(server).await),
        Attack::Readers => slow::readers(program).await,
        Attack::Refusals => Ok(refusals(server).await),
        Attack::Deletion => deletion(server, sample, database).await,
        Attack::Purge => until_gone(database, &sample.old.key).await,
    }
}

/// Sends requests one after the other on each connection. A refusal is followed by a pause, because the rate
/// of refused requests is not what is measured: no server can bound that.
async fn hammer(
    server: SocketAddr,
    connections: u32,
    request: Arc<dyn Fn(u32) -> String + Send + Sync>,
) -> Outcome {
    let numbers = Arc::new(AtomicU32::new(0));
    let end = Instant::now() + SPAN;
    let mut hammering = JoinSet::new();
    for _ in 0..connections {
        let (numbers, request) = (Arc::clone(&numbers), Arc::clone(&request));
        hammering.spawn(async move {
            let (mut statuses, mut connection) = (Statuses::default(), None);
            while Instant::now() < end {
                let request = request(numbers.fetch_add(1, Ordering::Relaxed));
                // Clients without a response at the end disconnect, and are not counted.
                let answer = timeout_at(end.into(), kept(&mut connection, server, &request)).await;
                let Ok(answer) = answer else { break };
                let status = answer.unwrap_or_default();
                statuses.add(status);
                if status != 200 && status != 303 {
                    sleep(PAUSE).await;
                }
            }
            statuses
        });
    }
    all(hammering).await.into()
}

/// Wrong passwords for emails without an account, unknown keys, and forms without a session.
async fn refusals(server: SocketAddr) -> Outcome {
    let begin = Instant::now();
    let mut refused = JoinSet::new();
    for first in 0..REFUSED {
        refused.spawn(async move {
            let (mut statuses, mut connection) = (Statuses::default(), None);
            for n in (first..REFUSALS).step_by(REFUSED as usize) {
                sleep_until((begin + SPAN * n / REFUSALS).into()).await;
                let from = format!("203.0.113.{}", 100 + n % REFUSED_ADDRESSES);
                let request = match n % 3 {
                    0 => sign_in(&format!("nobody-{n}%40example.org"), None, &from),
                    1 => check("/v1/status", &unknown(n), &from),
                    _ => form("/api/keys/create", "", &from, "account=ada-moss&name=stranger"),
                };
                let answer = kept(&mut connection, server, &request).await;
                statuses.add(answer.unwrap_or_default());
            }
            statuses
        });
    }
    all(refused).await.into()
}

/// A well-formed key that does not exist.
fn unknown(number: u32) -> String {
    let mut state = number;
    let secret = token::generate("bye_", |bytes| {
        for byte in bytes {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = state.to_be_bytes()[0];
        }
    });
    secret.expose().to_owned()
}

/// The key with the long log is deleted, and its rows after it.
async fn deletion(server: SocketAddr, sample: &Sample, database: &mut Database) -> Result<Outcome, Failure> {
    let long = &sample.long;
    let fields = format!(
        "account={}&keys%5B%5D={}&confirm={}",
        long.person.slug, long.key, long.name
    );
    let began = Instant::now();
    let answer = once(
        server,
        &form("/api/keys/delete", &long.person.cookie, STRANGER, &fields),
    )
    .await;
    let (took, status) = (began.elapsed(), answer.map_or(0, |answer| answer.status));
    let after = once(server, &check("/v1/status", &long.secret, STRANGER)).await;
    let after = after.map_or(0, |answer| answer.status);
    let mut outcome = if status == 200 {
        until_gone(database, &long.key).await?
    } else {
        Outcome {
            said: "nothing is deleted".to_owned(),
            bounds: Vec::new(),
        }
    };
    outcome.said = format!(
        "answered {status} after {}, the key then {after}; {}",
        milliseconds(took),
        outcome.said
    );
    let holds = (status, after) == (200, 401) && took < ANSWER;
    outcome.bounds.insert(
        0,
        (
            "answered, and the key is refused",
            format!("{status}, {after} after {}", milliseconds(took)),
            holds,
            format!("200, 401 in < {ANSWER:?}"),
        ),
    );
    Ok(outcome)
}

/// Waits until the log has no rows of a key.
async fn until_gone(database: &mut Database, key: &str) -> Result<Outcome, Failure> {
    let began = Instant::now();
    while database.has_rows(key).await? && began.elapsed() < GONE {
        sleep(Duration::from_secs(1)).await;
    }
    let took = began.elapsed();
    let measured = format!("{:.0} s", took.as_secs_f64());
    Ok(Outcome {
        said: format!("its rows are gone after {measured}"),
        bounds: vec![(
            "the rows are gone",
            measured,
            took < GONE,
            format!("< {} s", GONE.as_secs()),
        )],
    })
}
