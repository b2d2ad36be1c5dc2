//! Sessions in a table of our own (docs/security.md, S8 to S12): looked up by a digest of the id, expired by
//! our clock, and not revived by a late save.

use super::{LET_IN_BY, USER};
use crate::{
    domain::{ids::UserId, time::Timestamp},
    server::{
        app::App,
        store::{
            StoreError, Tables as _,
            users::sessions::{IdHash, Live, NewSession},
        },
    },
};
use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use std::{collections::HashMap, fmt, time::Duration};
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

/// Interval at which the last use of a session is written (S11).
const TOUCH_AFTER: Duration = Duration::from_mins(1);

/// Maximum number of sessions of a person; a further sign-in ends the one with the oldest use.
const MOST_SESSIONS: u32 = 100;

/// The store behind tower-sessions.
#[derive(Clone)]
pub struct SessionTable(App);

impl SessionTable {
    /// Sessions of this app.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self(app)
    }

    /// Stores a new session; returns whether it was stored. A person's session is stored only if their password is
    /// still the one they signed in with. A password change ends all sessions and locks the person, as this does.
    async fn insert(
        &self,
        record: &Record,
        let_in_by: Option<&str>,
    ) -> std::result::Result<bool, StoreError> {
        let now = self.0.now();
        let (user, data) = values(record);
        let new = NewSession {
            id_hash: &hash(record.id),
            user,
            data: &data,
            now,
            ends_at: now.plus(self.0.config.session_max),
        };
        let mut tx = self.0.store.write().await?;
        if let Some(user) = user {
            tx.users().lock(user).await?;
            let stored = tx
                .users()
                .by_id(user)
                .await?
                .map(|user| digest(&user.password_hash));
            if stored.is_none() || stored.as_deref() != let_in_by {
                return Ok(false);
            }
        }
        tx.sessions().insert(&new).await?;
        if let Some(user) = user {
            tx.sessions().trim(user, MOST_SESSIONS).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn update(&self, record: &Record) -> std::result::Result<(), StoreError> {
        let (user, data) = values(record);
        let mut tx = self.0.store.write().await?;
        tx.sessions().update(&hash(record.id), user, &data).await?;
        tx.commit().await
    }

    async fn find(&self, id: Id) -> std::result::Result<Option<Record>, StoreError> {
        let now = self.0.now();
        let hash = hash(id);
        let live = live(&self.0, &hash, now).await?;
        let Some(live) = live else { return Ok(None) };
        if live.last_seen_at <= now.minus(TOUCH_AFTER).millis() {
            // Queued, so that pages open while the database is read-only (docs/security.md, S86).
            self.0.write_behind.touch(hash, now);
        }
        let data = serde_json::from_str(&live.data).map_err(|_| StoreError::Unreadable("sessions.data"))?;
        // The expiry in the record is not used: the table decides.
        Ok(Some(Record {
            id,
            data,
            expiry_date: time::OffsetDateTime::UNIX_EPOCH,
        }))
    }

    async fn remove(&self, id: Id) -> std::result::Result<(), StoreError> {
        let mut tx = self.0.store.write().await?;
        tx.sessions().delete(&hash(id)).await?;
        tx.commit().await
    }
}

#[async_trait]
impl SessionStore for SessionTable {
    /// Always with a new id: an id from the client is never adopted (S10).
    async fn create(&self, record: &mut Record) -> Result<()> {
        record.id = Id::default();
        let let_in_by = record.data.remove(LET_IN_BY);
        let let_in_by = let_in_by.as_ref().and_then(serde_json::Value::as_str);
        match self.insert(record, let_in_by).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::Backend(
                "the password was changed while it was checked".to_owned(),
            )),
            Err(error) => Err(failed(error)),
        }
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.update(record).await.map_err(failed)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        self.find(*id).await.map_err(failed)
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.remove(*id).await.map_err(failed)
    }
}

impl fmt::Debug for SessionTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionTable")
    }
}

/// The session with this hash, unless it is idle for too long or past its end.
async fn live(app: &App, hash: &IdHash, now: Timestamp) -> std::result::Result<Option<Live>, StoreError> {
    let idle_since = now.minus(app.config.session_idle);
    // A use that is still queued counts.
    let seen_after = if app.write_behind.touched_since(hash, idle_since) {
        Timestamp::from_millis(i64::MIN)
    } else {
        idle_since
    };
    app.store
        .read()
        .await?
        .sessions()
        .live(hash, seen_after, now)
        .await
}

/// The person of a live session. Does not extend it.
pub(super) async fn user_of(app: &App, id: Id) -> std::result::Result<Option<UserId>, StoreError> {
    let live = live(app, &hash(id), app.now()).await?;
    let data: Option<HashMap<String, serde_json::Value>> =
        live.and_then(|live| serde_json::from_str(&live.data).ok());
    Ok(data.and_then(|data| user(&data)))
}

/// Digest of a password hash, for comparison.
pub(super) fn digest(password_hash: &str) -> String {
    hex::encode(Sha256::digest(password_hash))
}

fn hash(id: Id) -> IdHash {
    Sha256::digest(id.0.to_le_bytes()).into()
}

fn values(record: &Record) -> (Option<UserId>, String) {
    (user(&record.data), serde_json::json!(record.data).to_string())
}

fn user(data: &HashMap<String, serde_json::Value>) -> Option<UserId> {
    data.get(USER)
        .and_then(|value| serde_json::from_value(value.clone()).ok())
}

fn failed(error: StoreError) -> Error {
    Error::Backend(error.to_string())
}
