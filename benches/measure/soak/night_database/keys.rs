//! The keys that are checked, and their state.

use super::super::{Failure, Target, away::unknown, bounds::people::Person};
use super::request::{Kind, revocation};
use crate::{
    product::{Product, ROWS},
    program::Connection,
};
use sqlx::Connection as _;
use std::{collections::HashMap, net::SocketAddr, time::Duration};

/// Number of cached keys.
const KNOWN: usize = 20;
/// Keys that are revoked before anything happens. None is refused 60 times in a minute, after which it would get
/// 429 (S44).
const ENDED: usize = 20;
/// Unknown keys, each made from its own byte. Larger bytes make no key.
const UNKNOWN: u8 = 240;
/// Keys of a kind that are checked on a server in a second, and keys that are revoked there.
const FRESH_A_SECOND: usize = 10;
const REVOKED_A_SECOND: usize = 4;
const IDS: &str = "SELECT name, id FROM api_keys";

/// All keys.
pub struct Keys {
    /// Their owner.
    pub person: Person,
    known: Vec<String>,
    /// Not cached until they are used.
    fresh: Vec<String>,
    unknown: Vec<String>,
    /// Ids and secrets of keys to be revoked.
    spare: Vec<(String, String)>,
    /// Keys whose creation was answered as done.
    made: Vec<String>,
    /// Keys whose revocation was answered as done.
    ended: Vec<String>,
    /// Keys whose revocation was answered as not done.
    unchanged: Vec<String>,
    /// Number of revocations with an unknown result.
    uncertain: usize,
}

/// Final state of the database.
pub struct Kept {
    /// Number of comparisons.
    pub what: String,
    /// Keys whose state contradicts a response.
    pub missing: String,
}

impl Keys {
    /// Makes enough keys for this number of servers and this time.
    pub async fn make(target: &Target, time: Duration, servers: usize) -> Result<Self, Failure> {
        let seconds = usize::try_from(time.as_secs())?;
        let fresh = FRESH_A_SECOND * seconds;
        let all = fresh + ENDED + REVOKED_A_SECOND * servers * seconds;
        let product = Product::start(&target.database, target.folder.path()).await?;
        let secrets = product.add_keys(ROWS, ROWS + all, all).await?;
        let person = Person {
            slug: product.page.split('/').nth(2).unwrap_or_default().to_owned(),
            email: String::new(),
            cookie: product.cookie.1.clone(),
        };
        let known = product.keys.iter().take(KNOWN).map(|(_, secret)| secret.clone());
        let known = known.collect();
        product.stop().await;
        let ids = ids(target).await?;
        let mut spare = Vec::new();
        for (number, secret) in secrets.iter().enumerate().skip(fresh) {
            let id = ids.get(&format!("bench-{}", ROWS + number));
            spare.push((id.ok_or("a key has no id")?.clone(), secret.clone()));
        }
        Ok(Self {
            person,
            known,
            fresh: secrets.into_iter().take(fresh).collect(),
            unknown: (0..UNKNOWN).map(unknown).collect(),
            spare,
            made: Vec::new(),
            ended: Vec::new(),
            unchanged: Vec::new(),
            uncertain: 0,
        })
    }

    /// Revokes the first keys.
    pub async fn end_some(&mut self, server: SocketAddr) -> Result<(), Failure> {
        let some = self.spare.split_off(self.spare.len() - ENDED);
        let ids: Vec<_> = some.iter().map(|(id, _)| id.as_str()).collect();
        let mut connection = Connection::open(server).await?;
        connection.send(&revocation(&self.person, &ids)).await?;
        let (status, _) = connection.answer().await?;
        if status != 200 {
            return Err(format!("revoking was answered {status}").into());
        }
        self.ended.extend(some.into_iter().map(|(_, secret)| secret));
        Ok(())
    }

    /// The key whose turn it is to be checked.
    pub fn turn(&self, kind: Kind, turn: usize) -> Option<&String> {
        // Keys of the last two seconds or so, so that none is used too often.
        let newest = |keys: &'_ [String]| {
            let some = keys.len().min(16);
            (some > 0).then(|| keys.len() - 1 - turn % some)
        };
        match kind {
            Kind::Fresh => self.fresh.get(turn % self.fresh.len().max(1)),
            Kind::Unknown => self.unknown.get(turn % self.unknown.len().max(1)),
            Kind::Ended => self.ended.get(newest(&self.ended)?),
            Kind::Made if !self.made.is_empty() => self.made.get(newest(&self.made)?),
            _ => self.known.get(turn % self.known.len().max(1)),
        }
    }

    /// A key to be revoked; `None` if all are.
    pub fn take_spare(&mut self) -> Option<(String, String)> {
        self.spare.pop()
    }

    /// A creation was answered as done.
    pub fn made(&mut self, secret: String) {
        self.made.push(secret);
    }

    /// A revocation was answered as done.
    pub fn ended(&mut self, secret: String) {
        self.ended.push(secret);
    }

    /// A revocation was answered as not done.
    pub fn unchanged(&mut self, secret: String) {
        self.unchanged.push(secret);
    }

    /// A revocation may have been made.
    pub const fn uncertain(&mut self) {
        self.uncertain += 1;
    }

    /// Checks everything that was answered with certainty on a server.
    pub async fn compare(&self, server: SocketAddr) -> Result<Kept, Failure> {
        let mut connection = Connection::open(server).await?;
        let mut missing = Vec::new();
        for (what, keys, right) in [
            ("created", &self.made, 200),
            ("revoked", &self.ended, 401),
            ("not revoked", &self.unchanged, 200),
        ] {
            let mut count = 0;
            for secret in keys {
                count += u32::from(connection.get("/v1/status", secret).await? != right);
            }
            if count > 0 {
                missing.push(format!("{count} {what}"));
            }
        }
        let (made, ended, unchanged) = (self.made.len(), self.ended.len(), self.unchanged.len());
        Ok(Kept {
            what: format!(
                "not so of {made} created, {ended} revoked, {unchanged} refused, {} uncertain",
                self.uncertain
            ),
            missing: if missing.is_empty() {
                "0".to_owned()
            } else {
                missing.join(", ")
            },
        })
    }
}

/// Ids of keys by their names.
async fn ids(target: &Target) -> Result<HashMap<String, String>, Failure> {
    let rows: Vec<(String, String)> = if target.engine == "SQLite" {
        let mut connection = sqlx::SqliteConnection::connect(&target.database).await?;
        sqlx::query_as(IDS).fetch_all(&mut connection).await?
    } else {
        let mut connection = sqlx::PgConnection::connect(&target.database).await?;
        sqlx::query_as(IDS).fetch_all(&mut connection).await?
    };
    Ok(rows.into_iter().collect())
}
