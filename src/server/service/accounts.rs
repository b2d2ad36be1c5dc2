//! Sign-up, and creating accounts.

pub mod first_person;

use super::sign_in::{self, Entered};
use crate::{
    domain::{
        activity::{Actor, Entry, Event, Trace},
        client_network::Network,
        email::Email,
        field_errors::FieldErrors,
        ids::{AccountId, UserId},
        name::PersonName,
        number::counted,
        own_words::OwnWords,
        password::Password,
    },
    server::{
        app::App,
        error::ServiceError,
        store::{StoreError, Tables as _, Tx, Unique, accounts::Profile, users::NewUser},
    },
};
use deunicode::deunicode;
use std::time::Duration;
use tokio::time::timeout;

pub use crate::server::store::accounts::{Account, Joined, Kind};

/// Maximum number of slugs tried: the plain one, then ones with a random suffix.
const SLUG_TRIES: usize = 5;
/// Maximum length of a slug, without its random suffix.
const SLUG_LENGTH: usize = 40;

/// Time limit of an account's profile; the key was checked before.
const PROFILE: Duration = Duration::from_secs(3);

/// Path segments of other pages, which no slug may have.
const RESERVED: [&str; 2] = ["create-team", "profile"];

const SIGN_UP_CLOSED: &str =
    "New accounts are by invitation only. Ask the person who runs this server for one.";

/// The submitted sign-up form.
pub struct NewPerson<'a> {
    /// As typed.
    pub name: &'a str,
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

/// Creates a person and their personal account.
///
/// # Errors
/// `Invalid` with every field that was refused, `Refused` when sign-up is closed, `Wait`, `Busy`.
pub async fn sign_up(app: &App, form: NewPerson<'_>) -> Result<Entered, ServiceError> {
    let NewPerson {
        password,
        network,
        trace,
        ..
    } = form;
    first_person::check(app, SIGN_UP_CLOSED).await?;
    let mut errors = FieldErrors::default();
    let name = errors.check("name", PersonName::parse(form.name));
    let email = errors.check("email", Email::parse(form.email));
    errors.check("password", password.check_length(app.config.password_min));
    let (Some(name), Some(email), true) = (name, email, errors.is_empty()) else {
        return Err(ServiceError::Invalid(errors));
    };
    // Checked before any expensive work, and before an error reveals that an email has an account.
    if let Some(sign_ups) = &app.sign_ups {
        sign_ups.take(network, app.now()).map_err(ServiceError::Wait)?;
    }
    let own = OwnWords::new(name.as_str(), &email.key(), &app.config.brand);
    let weakness = app.passwords.weakness(password.clone(), own, network).await?;
    if let Some(weakness) = weakness {
        return Err(ServiceError::Invalid(FieldErrors::one("password", &weakness)));
    }
    // Checked before hashing too, so that the usual refusal is fast; the unique index decides.
    if app.store.read().await?.users().by_email(&email).await?.is_some() {
        return Err(ServiceError::Invalid(address_taken()));
    }
    let password_hash = app.passwords.hash(password.clone(), network).await?;

    let id = UserId::from_random(app.rng.bytes());
    let now = app.now();
    let user = NewUser {
        id,
        name: &name,
        email: &email,
        password_hash: &password_hash,
        created_at: now,
    };
    let owner = Owner {
        id,
        name: name.as_str(),
        trace,
    };
    insert_with_slug(app, name.as_str(), Kind::Personal, owner, Before::Insert(&user)).await?;
    Ok(Entered {
        user: id,
        known: sign_in::known_from_now_on(app, form.known, id, &password_hash),
        password_hash,
    })
}

/// The primary owner of a new account.
#[derive(Clone, Copy)]
pub struct Owner<'a> {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: &'a str,
    /// Request context.
    pub trace: &'a Trace,
}

/// Step before the insert of an account, in the same transaction.
pub(super) enum Before<'a> {
    /// Insert the owner, who is new too.
    Insert(&'a NewUser<'a>),
    /// Check that the owner has fewer accounts than this.
    Limit(u32),
}

async fn prepare(app: &App, tx: &mut Tx, owner: UserId, before: &Before<'_>) -> Result<(), ServiceError> {
    match *before {
        Before::Insert(user) => {
            first_person::check_in(app, tx, SIGN_UP_CLOSED).await?;
            match tx.users().insert(user).await {
                Err(StoreError::Taken(Unique::Email)) => Err(ServiceError::Invalid(address_taken())),
                other => Ok(other?),
            }
        }
        Before::Limit(most) => {
            tx.users().lock(owner).await?;
            if tx.accounts().count_of_user(owner).await? < u64::from(most) {
                return Ok(());
            }
            Err(ServiceError::Conflict(format!(
                "You are already in {}, the maximum.",
                counted(u64::from(most), "account"),
            )))
        }
    }
}

fn address_taken() -> FieldErrors {
    FieldErrors::one(
        "email",
        "An account with this email already exists. Sign in instead.",
    )
}

/// Adds an account with a slug made from its name.
///
/// # Errors
/// The error of `before`; `Conflict` when every slug that was tried exists.
pub(super) async fn insert_with_slug(
    app: &App,
    name: &str,
    kind: Kind,
    owner: Owner<'_>,
    before: Before<'_>,
) -> Result<Account, ServiceError> {
    let base = slug(name);
    for attempt in 0..SLUG_TRIES {
        let plain = attempt == 0 && !RESERVED.contains(&base.as_str());
        let account = Account {
            id: AccountId::from_random(app.rng.bytes()),
            slug: if plain {
                base.clone()
            } else {
                format!("{base}-{}", slug_end(app))
            },
            name: name.to_owned(),
            kind,
            created_at: app.now(),
        };
        // A transaction for each attempt, because a failed statement aborts a PostgreSQL transaction.
        let mut tx = app.store.write().await?;
        prepare(app, &mut tx, owner.id, &before).await?;
        match tx.accounts().insert(&account, owner.id).await {
            Err(StoreError::Taken(Unique::Slug)) => {}
            other => {
                other?;
                tx.activity().insert(&created(app, &account, owner)).await?;
                tx.commit().await?;
                return Ok(account);
            }
        }
    }
    Err(ServiceError::Conflict(
        "No address is free for this name. Choose another name.".to_owned(),
    ))
}

fn created(app: &App, account: &Account, owner: Owner<'_>) -> Entry {
    let event = match account.kind {
        Kind::Personal => Event::AccountCreated,
        Kind::Team => Event::TeamCreated,
    };
    let actor = Actor {
        user: Some(owner.id),
        name: owner.name,
        trace: Some(owner.trace),
    };
    let target = (account.id.to_string(), account.name.as_str());
    Entry::new(
        app.rng.bytes(),
        Some(account.id),
        account.created_at,
        actor,
        event,
        target,
        "",
    )
}

/// The account to show after sign-in: the one last visited, else the personal one.
///
/// # Errors
/// `NotFound` when the person no longer exists.
pub async fn home(app: &App, user: UserId) -> Result<Account, ServiceError> {
    let mut store = app.store.read().await?;
    // A queued write is newer than the stored value.
    if let Some(seen) = app.write_behind.visited(user) {
        let all = store.accounts().of_user(user).await?;
        if let Some(seen) = all.into_iter().find(|joined| joined.account.id == seen) {
            return Ok(seen.account);
        }
    }
    let home = store.accounts().home(user).await?;
    home.map(|home| home.account).ok_or(ServiceError::NotFound)
}

/// Records a visit to `current` if it was not the last account that `user` visited. The write is queued, so that pages
/// open while the database is read-only (docs/security.md, S86).
pub fn record_visit(app: &App, user: UserId, last_account: Option<&str>, current: &Account) {
    if last_account != Some(&current.id.to_string()) {
        app.write_behind.visit(user, current.id);
    }
}

/// All accounts of `user`.
///
/// # Errors
/// When the database fails.
pub async fn joined(app: &App, user: UserId) -> Result<Vec<Joined>, ServiceError> {
    Ok(app.store.read().await?.accounts().of_user(user).await?)
}

/// Name of the account's primary owner, whom a member can ask.
///
/// # Errors
/// When the database fails.
pub async fn owner_name(app: &App, account: &Account) -> Result<Option<String>, ServiceError> {
    Ok(app.store.read().await?.accounts().owner_name(account.id).await?)
}

/// Profile of an account for a program with its key; `None` when the account no longer exists.
///
/// # Errors
/// When the database fails, or does not answer in time.
pub async fn profile(app: &App, account: AccountId) -> Result<Option<Profile>, StoreError> {
    let profile = async { app.store.read().await?.accounts().profile(account).await };
    timeout(PROFILE, profile).await.unwrap_or(Err(StoreError::Slow))
}

/// Makes a slug from a name: lower-case ASCII letters, digits and single hyphens. Other scripts are transliterated, and
/// apostrophes left out, which also stand for the soft sign (`Ольга` is `Ol'ga`). `account` if nothing remains.
fn slug(name: &str) -> String {
    let mut slug = slug::slugify(deunicode(name).replace('\'', ""));
    slug.truncate(SLUG_LENGTH);
    match slug.trim_end_matches('-') {
        "" => "account".to_owned(),
        slug => slug.to_owned(),
    }
}

fn slug_end(app: &App) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    app.rng
        .bytes::<5>()
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs() {
        for (name, expected) in [
            ("Ada Moss", "ada-moss"),
            ("  Ada -- Moss! ", "ada-moss"),
            ("李雷", "li-lei"),
            ("Zoë", "zoe"),
            ("Łódź & Søn", "lodz-son"),
            ("Straße", "strasse"),
            ("Ольга", "olga"),
            ("O'Neil", "oneil"),
            ("R2-D2", "r2-d2"),
            ("!?", "account"),
            ("\u{F0000}", "account"),
            // A reserved path segment gets a suffix, however it is written.
            ("Profile", RESERVED[1]),
            ("Ｃｒｅａｔｅ　ｔｅａｍ", RESERVED[0]),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
        assert_eq!(slug(&"a".repeat(100)).len(), SLUG_LENGTH);
        assert!(!slug(&"ab ".repeat(40)).ends_with('-'));
        // One character can stand for many letters.
        assert!(slug(&"\u{FDFA}".repeat(100)).len() <= SLUG_LENGTH);
    }
}
