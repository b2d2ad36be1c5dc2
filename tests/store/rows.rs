//! Test data.

use crate::database::{Aside, Database};
use babysea::{
    domain::{
        email::Email,
        ids::{AccountId, KeyId, UserId},
        key::Key,
        name::{KeyName, PersonName},
        network::Allowlist,
        secret_text::SecretText,
        time::Timestamp,
    },
    server::{
        runtime::rng::SeededRng,
        secret::{key_hash::KeyHash, pepper::Pepper},
        service,
        store::{
            Location, Store, StoreError, Tables as _, Tx,
            accounts::{Account, Kind},
            keys::NewKey,
            users::NewUser,
        },
    },
};
use sqlx::{AssertSqlSafe, Executor as _};
use std::time::Duration;

/// Helpers that only the tests of the store need.
impl Database {
    pub fn location(&self) -> Location {
        self.url().parse().expect("the address of a database")
    }

    /// Changes rows directly, with several statements on one connection to PostgreSQL.
    pub async fn execute_all(&self, statements: &[&str]) {
        let Aside::Postgres(mut conn) = self.aside().await else {
            panic!("a connection to PostgreSQL");
        };
        for sql in statements {
            let done = conn.execute(AssertSqlSafe((*sql).to_owned())).await;
            done.expect("the statement runs");
        }
    }

    /// Opens the store, as the product does.
    pub async fn open(&self) -> Store {
        Store::open(&self.location()).await.expect("the database opens")
    }
}

/// Start time of the tests.
pub const START: Timestamp = Timestamp::from_millis(1_795_458_000_000);

pub fn after(millis: u64) -> Timestamp {
    START.plus(Duration::from_millis(millis))
}

pub fn user_id(n: u8) -> UserId {
    UserId::from_random([n; 16])
}

pub fn account_id(n: u8) -> AccountId {
    AccountId::from_random([n; 16])
}

pub fn key_id(n: u8) -> KeyId {
    KeyId::from_random([n; 16])
}

pub fn email(text: &str) -> Email {
    Email::parse(text).expect("an address")
}

/// Adds a person.
pub async fn add_user(store: &Store, n: u8, address: &str) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    insert_user(&mut tx, n, address).await?;
    tx.commit().await
}

/// Adds a person in a transaction, which is not committed here.
pub async fn insert_user(tx: &mut Tx, n: u8, address: &str) -> Result<(), StoreError> {
    let user = NewUser {
        id: user_id(n),
        name: &PersonName::parse("Zoë Moss").expect("a name"),
        email: &email(address),
        password_hash: "$argon2id$",
        created_at: START,
    };
    tx.users().insert(&user).await
}

/// Adds the personal account `n` of person `owner`.
pub async fn add_account(store: &Store, n: u8, slug: &str, owner: u8) -> Result<(), StoreError> {
    insert_account(store, n, slug, Kind::Personal, owner).await
}

/// Adds the team `n` of person `owner`.
pub async fn add_team(store: &Store, n: u8, slug: &str, owner: u8) -> Result<(), StoreError> {
    insert_account(store, n, slug, Kind::Team, owner).await
}

async fn insert_account(store: &Store, n: u8, slug: &str, kind: Kind, owner: u8) -> Result<(), StoreError> {
    let account = Account {
        id: account_id(n),
        slug: slug.to_owned(),
        name: "Zoë's keys".to_owned(),
        kind,
        created_at: START,
    };
    let mut tx = store.write().await?;
    tx.accounts().insert(&account, user_id(owner)).await?;
    tx.commit().await
}

/// A store with persons 1 and 2, their accounts 1 (`zoe`) and 2 (`bea`), and a pepper.
pub async fn two_accounts(database: &Database) -> (Store, Pepper) {
    let store = database.open().await;
    let pepper = service::pepper::load(&database.pepper_file(), &store, &SeededRng::new(1))
        .await
        .expect("a pepper");
    for (n, slug, address) in [(1, "zoe", "zoe@example.com"), (2, "bea", "bea@example.com")] {
        add_user(&store, n, address).await.expect("a person");
        add_account(&store, n, slug, n).await.expect("an account");
    }
    (store, pepper)
}

/// Hash of key `n`.
pub fn hash(pepper: &Pepper, n: u8) -> KeyHash {
    pepper.hash(&SecretText::new(format!("key {n}")))
}

/// Key `n` of an account, as stored.
pub fn key(n: u8, account: u8, created_at: Timestamp) -> Key {
    Key {
        id: key_id(n),
        account: account_id(account),
        name: KeyName::parse("Schlüssel 🔑").expect("a name"),
        prefix: "bye_a1B2c".to_owned(),
        preset: "read_only".to_owned(),
        scopes: ["account:read", "health:read"].into_iter().collect(),
        allowlist: Allowlist::parse("203.0.113.7, 2001:db8::/32")
            .expect("a list")
            .list,
        creator: Some(user_id(account)),
        created_at,
        last_used_at: None,
        expires_at: None,
        revoked_at: None,
        leak_reported_at: None,
        rate_limit: None,
        replaces: None,
        rotation: None,
    }
}

/// Adds a key.
pub async fn add_key(
    store: &Store,
    pepper: &Pepper,
    key: &Key,
    n: u8,
    token: &str,
) -> Result<(), StoreError> {
    let new = NewKey {
        key,
        hash: &hash(pepper, n),
        form_token: token,
    };
    let mut tx = store.write().await?;
    tx.keys().insert(&new).await?;
    tx.commit().await
}
