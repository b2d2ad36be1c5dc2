//! Sign-in, and the waits after failed attempts (docs/security.md, S6 and S7).

use crate::{
    domain::{
        activity::{Actor, Entry, Event, Trace},
        client_network::Network,
        email::Email,
        ids::{AccountId, UserId},
        password::Password,
        sign_in_wait::{self, Failures},
        time::Timestamp,
    },
    server::{
        app::App,
        error::ServiceError,
        recorder::folds::{self, Seen},
        secret::{
            fair_queue::Busy,
            known_browser::{KnownBrowser, KnownFor},
            password::Checked,
            pepper::Purpose,
        },
        store::{
            StoreError, Tables, Tx,
            users::{User, sign_in_waits::WaitId},
        },
    },
};
use std::sync::atomic::Ordering;

const WRONG_SIGN_IN: &str = "Email and password do not match an account.";

/// Maximum number of wait rows; the oldest are deleted (S90).
const MOST_WAITS: u32 = 100_000;
/// Number of attempts on this server after which the oldest wait rows are deleted, so that [`ROOM`] rows below
/// [`MOST_WAITS`] are free. An attempt adds two rows at most, and several servers may add rows until the next deletion.
const COUNT_EVERY: u32 = 500;
const ROOM: u32 = 10 * COUNT_EVERY;

/// An attempt to sign in.
pub struct Try<'a> {
    /// As typed.
    pub email: &'a str,
    /// As typed.
    pub password: &'a Password,
    /// Network of the client.
    pub network: Network,
    /// Value of the known-browser cookie.
    pub known: &'a str,
    /// Request context.
    pub trace: &'a Trace,
}

/// A person who has signed in or up.
pub struct Entered {
    /// The person.
    pub user: UserId,
    /// Hash of the password they used: their session is only created while it is still the stored one.
    pub password_hash: String,
    /// New value of the known-browser cookie.
    pub known: String,
}

/// Signs a person in. An unknown email and a wrong password get the same response after the same work (S6).
///
/// # Errors
/// `Wait` after failures, `Refused` when email and password do not match, `Busy`.
pub async fn sign_in(app: &App, attempt: Try<'_>) -> Result<Entered, ServiceError> {
    let now = app.now();
    let email = Email::parse(attempt.email).ok();
    let mut reader = app.store.read().await?;
    let user = match &email {
        Some(email) => reader.users().by_email(email).await?,
        None => None,
    };
    let known_for = KnownFor::read(attempt.known);
    let known = user
        .as_ref()
        .and_then(|user| known_for.find(&app.pepper, user.id, &user.password_hash, now));
    let rows = Rows::new(app, email.as_ref(), &attempt, known);
    // Read with a reader, so that an attempt that must wait does not take the only writing connection.
    let failures = rows.read(&mut reader).await?;
    drop(reader);
    failures.allow(now)?;
    let counted = rows.count(app, attempt.network, now).await?;

    let stored = user.as_ref().map(|user| user.password_hash.clone());
    let checked = app
        .passwords
        .check(attempt.password.clone(), stored, attempt.network)
        .await;
    let checked = match checked {
        Ok(checked) => checked,
        Err(busy) => {
            counted.take_back(app).await?;
            return Err(busy.into());
        }
    };
    let Some(entered) = user.as_ref().filter(|_| checked != Checked::Wrong) else {
        refuse(app, user.as_ref(), &counted.rows, attempt.trace, now).await?;
        return Err(ServiceError::Refused(WRONG_SIGN_IN));
    };
    let mut tx = app.store.write().await?;
    // Serialises this with a password change.
    tx.users().lock(entered.id).await?;
    let now_stored = tx.users().by_id(entered.id).await?;
    if now_stored.is_none_or(|user| user.password_hash != entered.password_hash) {
        // The password changed during the check: the attempt must be repeated, and a rehash of the old password must
        // not be stored.
        drop(tx);
        counted.take_back(app).await?;
        return Err(Busy.into());
    }
    let mut password_hash = entered.password_hash.clone();
    if let Checked::Rehashed(hash) = checked {
        tx.change_person(entered.id).set_password_hash(&hash).await?;
        password_hash = hash;
    }
    counted.clear(app, &mut tx).await?;
    let account = tx.accounts().personal_of(entered.id).await?;
    let target = (entered.id.to_string(), entered.name.as_str());
    let actor = Actor {
        user: Some(entered.id),
        name: &entered.name,
        trace: Some(attempt.trace),
    };
    let entry = Entry::new(app.rng.bytes(), account, now, actor, Event::SignedIn, target, "");
    tx.activity().insert(&entry).await?;
    tx.commit().await?;
    Ok(Entered {
        user: entered.id,
        known: known_for.with(&app.pepper, entered.id, &password_hash, now),
        password_hash,
    })
}

/// Known-browser cookie of a person who has just signed up.
pub(super) fn known_from_now_on(app: &App, known: &str, user: UserId, password_hash: &str) -> String {
    KnownFor::read(known).with(&app.pepper, user, password_hash, app.now())
}

/// Records a refused attempt in the activity of the email's owner; repeats within a minute are one entry (S67).
async fn refuse(
    app: &App,
    user: Option<&User>,
    rows: &Rows,
    trace: &Trace,
    now: Timestamp,
) -> Result<(), StoreError> {
    // An unknown email is looked up and written too, to another table, so that it costs the same (S6).
    let id = user.map_or_else(|| UserId::from_random(app.rng.bytes()), |user| user.id);
    let account: Option<AccountId> = app.store.read().await?.accounts().personal_of(id).await?;
    let actor = Actor {
        user: None,
        name: "Unknown person",
        trace: Some(trace),
    };
    // Attempts for different emails are not folded together.
    let target = match user {
        Some(user) => (user.id.to_string(), user.name.as_str()),
        None => (rows.email.as_ref().map(hex::encode).unwrap_or_default(), ""),
    };
    let event = Event::SignInRefused;
    let entry = Entry::new(app.rng.bytes(), account, now, actor, event, target, "");
    if let Seen::First(first) = app.folds.count(&entry) {
        folds::write_first(&app.store, &entry).await?;
        first.written();
    }
    Ok(())
}

/// The wait rows of an attempt.
struct Rows {
    /// Failures for the email from all browsers except known ones, which only use `own`.
    email: Option<WaitId>,
    /// Failures for the email from this network. In a known browser, those of that browser alone: others
    /// cannot make it wait, and its user cannot guess faster than others.
    own: WaitId,
}

/// The failures in these rows.
struct Failed {
    email: Option<Failures>,
    own: Failures,
}

impl Rows {
    fn new(app: &App, email: Option<&Email>, attempt: &Try<'_>, known: Option<&KnownBrowser>) -> Self {
        if let Some(known) = known {
            return Self {
                email: None,
                own: app.pepper.mac(Purpose::FailedBrowser, &[known.mac()]),
            };
        }
        let email = email.map_or_else(|| attempt.email.trim().to_lowercase(), Email::key);
        let network = attempt.network.to_string();
        let parts = [email.as_bytes(), network.as_bytes()];
        Self {
            email: Some(app.pepper.mac(Purpose::FailedEmail, &parts[..1])),
            own: app.pepper.mac(Purpose::FailedNetwork, &parts),
        }
    }

    async fn read(&self, tables: &mut impl Tables) -> Result<Failed, StoreError> {
        Ok(Failed {
            email: match &self.email {
                Some(id) => Some(tables.sign_in_waits().find(id).await?),
                None => None,
            },
            own: tables.sign_in_waits().find(&self.own).await?,
        })
    }

    /// The email's row first: two transactions that need both never wait for each other.
    async fn lock(&self, tx: &mut Tx, now: Timestamp) -> Result<Failed, StoreError> {
        Ok(Failed {
            email: match &self.email {
                Some(id) => Some(tx.sign_in_waits().lock(id, now).await?),
                None => None,
            },
            own: tx.sign_in_waits().lock(&self.own, now).await?,
        })
    }

    /// Counts an attempt as failed before its password is checked, so that simultaneous attempts are limited too.
    async fn count(self, app: &App, network: Network, now: Timestamp) -> Result<Counted, ServiceError> {
        let network = self.email.is_some().then_some(network);
        if let Some(network) = network {
            let counted = app.sign_in_failures.count(network, now);
            counted.map_err(|exceeded| ServiceError::Wait(exceeded.retry_after))?;
        }
        match self.write(app, now).await {
            Ok(before) => Ok(Counted {
                rows: self,
                before,
                network,
                at: now,
            }),
            Err(error) => {
                if let Some(network) = network {
                    app.sign_in_failures.take_back(&network, now);
                }
                Err(error)
            }
        }
    }

    /// Adds a failure to each row; returns the earlier failures.
    async fn write(&self, app: &App, now: Timestamp) -> Result<Failed, ServiceError> {
        let mut tx = app.store.write().await?;
        let before = self.lock(&mut tx, now).await?.at(now);
        before.allow(now)?;
        for (id, failures) in self.with(&before) {
            let count = failures.count.saturating_add(1);
            let after = Failures { count, last_at: now };
            tx.sign_in_waits().set(id, after).await?;
        }
        tx.commit().await?;
        let tries = app.sign_in_tries.fetch_add(1, Ordering::Relaxed);
        if tries.is_multiple_of(COUNT_EVERY) {
            let trimmed = app.store.trim_sign_in_waits(MOST_WAITS - ROOM).await;
            if let Err(error) = trimmed {
                tracing::warn!(error = %error, "the oldest sign-in waits could not be deleted");
            }
        }
        Ok(before)
    }

    fn with<'a>(&'a self, failed: &'a Failed) -> impl Iterator<Item = (&'a WaitId, Failures)> {
        let email = self.email.iter().zip(failed.email);
        email.chain(std::iter::once((&self.own, failed.own)))
    }
}

impl Failed {
    fn at(self, now: Timestamp) -> Self {
        Self {
            email: self.email.map(|email| email.at(now)),
            own: self.own.at(now),
        }
    }

    /// Whether an attempt is allowed after these failures.
    fn allow(&self, now: Timestamp) -> Result<(), ServiceError> {
        let own = self.own.at(now);
        let ready_at = match self.email {
            Some(email) => sign_in_wait::ready_at(email.at(now), own),
            None => own.ready_at(),
        };
        match sign_in_wait::seconds_until(ready_at, now) {
            Some(seconds) => Err(ServiceError::Wait(seconds)),
            None => Ok(()),
        }
    }
}

/// An attempt that is counted as failed. If its request is cancelled, it stays counted.
struct Counted {
    rows: Rows,
    before: Failed,
    /// The network whose limit it counts against.
    network: Option<Network>,
    at: Timestamp,
}

impl Counted {
    /// Undoes the count of an attempt whose password was not checked.
    async fn take_back(self, app: &App) -> Result<(), StoreError> {
        self.uncount(app);
        let mut tx = app.store.write().await?;
        for (id, before) in self.rows.with(&self.before) {
            tx.sign_in_waits().take_back(id, self.at, before.last_at).await?;
        }
        tx.commit().await
    }

    /// Resets the failures after a correct password. Other networks that failed keep waiting because of their
    /// own rows.
    async fn clear(&self, app: &App, tx: &mut Tx) -> Result<(), StoreError> {
        self.uncount(app);
        for (id, _) in self.rows.with(&self.before) {
            tx.sign_in_waits().clear(id).await?;
        }
        Ok(())
    }

    fn uncount(&self, app: &App) {
        if let Some(network) = &self.network {
            app.sign_in_failures.take_back(network, self.at);
        }
    }
}
