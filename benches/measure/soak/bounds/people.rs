//! The people and their keys, created over HTTP before the measurement.

use super::Failure;
use crate::program::{Connection, Reply, form};
use std::{
    io,
    net::SocketAddr,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tokio::{task::JoinSet, time::timeout};

/// People who sign in, create and revoke.
const PEOPLE: u32 = 20;
/// Keys of each person that no server has cached.
const FRESH: u32 = 60;
/// Client-side time-out of a request; longer than the server's.
pub const PATIENCE: Duration = Duration::from_secs(40);
/// Password of all people, as a form sends it.
const PASSWORD: &str = "tidal+moss+quartz+lantern";

/// A person who is signed in.
#[derive(Clone)]
pub struct Person {
    /// Their account.
    pub slug: String,
    /// Their email, as a form sends it.
    pub email: String,
    /// Their session cookie.
    pub cookie: String,
}

/// A person with a key whose request log is long.
pub struct Owner {
    /// The person.
    pub person: Person,
    /// The key's id.
    pub key: String,
    /// Its name.
    pub name: &'static str,
    /// The key.
    pub secret: String,
}

/// All people and keys.
pub struct Sample {
    /// People whose requests are measured.
    pub people: Vec<Person>,
    /// A key of each person, which the server has cached.
    pub known: Vec<String>,
    /// Keys that are used once for each start of a server.
    pub fresh: Vec<String>,
    /// A key that is checked all the time.
    pub busy: String,
    /// The person whose log is queried and whose key is deleted.
    pub long: Owner,
    /// The person whose log is purged.
    pub old: Owner,
}

impl Sample {
    /// Signs everybody up and creates their keys.
    pub async fn sign_up(server: SocketAddr) -> Result<Self, Failure> {
        let mut signing_up = JoinSet::new();
        for number in 0..PEOPLE {
            signing_up.spawn(async move {
                let person = person(server, &format!("Person {number}")).await?;
                let mut secrets = Vec::new();
                for _ in 0..=FRESH {
                    let created = once(server, &create(&person, "soak", &another_address())).await?;
                    secrets.push(key_of(&created)?.1);
                }
                Ok::<_, Failure>((person, secrets))
            });
        }
        let (mut people, mut known, mut fresh) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(done) = signing_up.join_next().await {
            let (person, mut secrets) = done??;
            people.push(person);
            known.extend(secrets.pop());
            fresh.extend(secrets);
        }
        let busy = owner(server, "Busy Bee", "busy").await?.secret;
        Ok(Self {
            people,
            known,
            fresh,
            busy,
            long: owner(server, "Ada Moss", "long").await?,
            old: owner(server, "Bo Lind", "old").await?,
        })
    }

    /// Uses the keys that are to be cached.
    pub async fn warm_up(&self, server: SocketAddr) -> Result<(), Failure> {
        for secret in self.known.iter().chain([&self.busy, &self.long.secret]) {
            // The deleted key is refused. Its scenario is over by then.
            once(server, &check("/v1/status", secret, &another_address())).await?;
        }
        Ok(())
    }
}

async fn owner(server: SocketAddr, name: &str, key: &'static str) -> Result<Owner, Failure> {
    let person = person(server, name).await?;
    let created = once(server, &create(&person, key, &another_address())).await?;
    let (id, secret) = key_of(&created)?;
    Ok(Owner {
        person,
        key: id,
        name: key,
        secret,
    })
}

/// Signs somebody up who has no account yet.
pub async fn person(server: SocketAddr, name: &str) -> Result<Person, Failure> {
    let slug = name.to_lowercase().replace(' ', "-");
    let email = format!("{slug}%40example.com");
    let fields = format!(
        "name={}&email={email}&password={PASSWORD}",
        name.replace(' ', "+")
    );
    let reply = once(server, &form("/sign-up", "", &another_address(), &fields)).await?;
    if reply.status != 303 {
        return Err(format!("signing up was answered {}", reply.status).into());
    }
    Ok(Person {
        slug,
        email,
        cookie: reply.cookies,
    })
}

/// Id and secret of a key that was created.
pub fn key_of(created: &Reply) -> Result<(String, String), Failure> {
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let key: serde_json::Value = serde_json::from_str(&created.body).unwrap_or_default();
    match (text(&key["id"]), text(&key["secret"])) {
        (Some(id), Some(secret)) => Ok((id, secret)),
        _ => Err(format!("creating a key was answered {}", created.status).into()),
    }
}

/// A form that creates a key.
pub fn create(person: &Person, name: &str, from: &str) -> String {
    static FORMS: AtomicU32 = AtomicU32::new(1);
    let token = FORMS.fetch_add(1, Ordering::Relaxed);
    let fields = format!(
        "account={}&name={name}&preset=full_access&expires=never&form_token={token:020}",
        person.slug
    );
    form("/api/keys/create", &person.cookie, from, &fields)
}

/// A form that signs somebody in.
pub fn sign_in(email: &str, password: Option<&str>, from: &str) -> String {
    let password = password.unwrap_or(PASSWORD);
    form(
        "/sign-in",
        "",
        from,
        &format!("email={email}&password={password}"),
    )
}

/// A request with a key.
pub fn check(path: &str, secret: &str, from: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nhost: soak\r\nauthorization: Bearer {secret}\r\nx-forwarded-for: {from}\r\n\r\n"
    )
}

/// An unused address, in a network of its own.
pub fn another_address() -> String {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let [_, a, b, c] = LAST.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    format!("{}.{b}.{c}.7", 10 + a)
}

/// Sends a request on a connection of its own.
pub async fn once(server: SocketAddr, request: &str) -> io::Result<Reply> {
    let asking = async {
        let mut connection = Connection::open(server).await?;
        connection.send(request).await?;
        connection.reply().await
    };
    timeout(PATIENCE, asking)
        .await
        .unwrap_or(Err(io::ErrorKind::TimedOut.into()))
}
