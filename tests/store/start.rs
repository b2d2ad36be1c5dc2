//! Checks of the database at a start, and the sentence for each failure (S95).

use crate::{
    database::{Aside, Database, both},
    until::until,
};
use babysea::server::store::{Location, Store};
use sqlx::Executor as _;
use std::time::Duration;
use tokio::time::timeout;

/// The error of a start with this URL.
async fn refusal(url: &str) -> String {
    let location: Location = url.parse().expect("an address");
    let opened = timeout(Duration::from_secs(30), Store::open(&location)).await;
    opened
        .expect("a start that is refused does not wait")
        .expect_err("a refusal")
        .to_string()
}

fn assert_says(sentence: &str, words: &[&str]) {
    for word in words {
        assert!(sentence.contains(word), "{word:?} is not in: {sentence}");
    }
}

/// The URL of the same server with one part changed.
fn changed(database: &Database, change: impl FnOnce(&mut url::Url)) -> String {
    let mut url = url::Url::parse(&database.url()).expect("an address");
    change(&mut url);
    url.into()
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn postgres_must_store_every_character() {
    let database = Database::postgres().await;
    let name = format!(
        "{}_latin",
        changed(&database, |_| ()).rsplit('/').next().expect("a name")
    );
    let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
    database.execute(&create).await;
    let sentence = refusal(&changed(&database, |url| url.set_path(&name))).await;
    database
        .execute(&format!("DROP DATABASE {name} WITH (FORCE)"))
        .await;
    assert_says(&sentence, &["LATIN1", "UTF8", "DATABASE_URL"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn a_read_only_postgres_is_refused() {
    let database = Database::postgres().await;
    let name = changed(&database, |_| ())
        .rsplit('/')
        .next()
        .expect("a name")
        .to_owned();
    database
        .execute(&format!(
            "ALTER DATABASE {name} SET default_transaction_read_only = on"
        ))
        .await;
    assert_says(
        &refusal(&database.url()).await,
        &["read-only", "default_transaction_read_only"],
    );
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn missing_privileges_are_named() {
    let database = Database::postgres().await;
    let role = format!(
        "reader_{}",
        changed(&database, |_| ()).rsplit('/').next().expect("a name")
    );
    database.execute(&format!("CREATE ROLE {role} LOGIN")).await;
    let url = changed(&database, |url| url.set_username(&role).expect("a user"));
    let empty = refusal(&url).await;
    database.open().await.close().await;
    let filled = refusal(&url).await;
    database
        .execute(&format!(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
        ))
        .await;
    let location: Location = url.parse().expect("an address");
    let opened = Store::open(&location).await;
    if let Ok(store) = &opened {
        store.close().await;
    }
    database.execute(&format!("DROP OWNED BY {role}")).await;
    database.execute(&format!("DROP ROLE {role}")).await;
    assert_says(&empty, &[&role, "create tables", "GRANT CREATE ON SCHEMA public"]);
    assert_says(&filled, &[&role, "may not read and write", "GRANT SELECT"]);
    assert!(
        opened.is_ok(),
        "nothing is due, and the rights are there: {opened:?}"
    );
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn an_unreachable_server_is_named_without_the_password() {
    let database = Database::postgres().await;
    let with_password =
        |url: &mut url::Url| url.set_password(Some("hunter2-of-the-url")).expect("a password");
    let cases = [
        (
            changed(&database, |url| {
                with_password(url);
                url.set_path("nowhere");
            }),
            "there is no database nowhere",
        ),
        (
            changed(&database, |url| {
                with_password(url);
                url.set_port(Some(1)).expect("a port");
            }),
            "nothing listens",
        ),
        (
            changed(&database, |url| {
                with_password(url);
                url.set_host(Some("no-such-host.invalid")).expect("a host");
            }),
            "no-such-host.invalid",
        ),
        (
            changed(&database, |url| {
                with_password(url);
                url.set_username("nobody_here").expect("a user");
            }),
            "nobody_here",
        ),
        (
            changed(&database, |url| {
                with_password(url);
                url.set_query(Some("sslmode=require"));
            }),
            "TLS",
        ),
    ];
    for (url, words) in cases {
        let sentence = refusal(&url).await;
        assert_says(&sentence, &[words]);
        assert!(!sentence.contains("hunter2"), "{sentence}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_of_ours_is_named() {
    let database = Database::sqlite();
    let file = database.folder().join("babysea.db");
    std::fs::write(&file, "a letter to Ada, and not a database. ".repeat(200)).expect("a file");
    assert_says(
        &refusal(&database.url()).await,
        &["babysea.db", "is not an SQLite database"],
    );

    std::fs::remove_file(&file).expect("removed");
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true)
        .pragma("encoding", "'UTF-16le'");
    let mut wide = <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options)
        .await
        .expect("a file");
    wide.execute("CREATE TABLE words (word TEXT)")
        .await
        .expect("a table");
    drop(wide);
    assert_says(
        &refusal(&database.url()).await,
        &["babysea.db", "UTF-16le", "UTF-8"],
    );

    let missing = format!(
        "sqlite:{}",
        database.folder().join("no/such/folder/babysea.db").display()
    );
    assert_says(&refusal(&missing).await, &["no/such/folder"]);
}

both!(a_later_release_is_named, async |database: Database| {
    database.open().await.close().await;
    database
        .execute("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 1")
        .await;
    assert_says(&refusal(&database.url()).await, &["later release", "9999"]);
});

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn a_start_waits_for_a_locked_table_and_goes_on() {
    let database = Database::postgres().await;
    database.open().await.close().await;
    let Aside::Postgres(mut other) = database.aside().await else {
        panic!("another engine")
    };
    other
        .execute("BEGIN; LOCK TABLE _sqlx_migrations")
        .await
        .expect("the lock");
    let location = database.location();
    let opening = tokio::spawn(async move { Store::open(&location).await });
    let waits = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    until("it waits", async || database.number(waits).await > 0).await;
    assert!(!opening.is_finished());
    other.execute("COMMIT").await.expect("the end of the lock");
    let opened = timeout(Duration::from_secs(30), opening).await.expect("in time");
    assert!(opened.expect("no panic").is_ok());
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn the_migration_lock_is_a_transaction_and_is_taken_only_if_a_migration_is_due() {
    let database = Database::postgres().await;
    let Aside::Postgres(mut other) = database.aside().await else {
        panic!("another engine")
    };
    let lock = "BEGIN; SELECT pg_advisory_xact_lock(7019264412530921)";
    sqlx::raw_sql(lock).execute(&mut other).await.expect("the lock");
    let location = database.location();
    let opening = tokio::spawn(async move { Store::open(&location).await });
    let tries = "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_try_advisory_xact_lock(%' AND datname = current_database()";
    until("it tries to take the lock", async || {
        database.number(tries).await > 0
    })
    .await;
    assert!(
        !opening.is_finished(),
        "the tables are due, and another session has the lock"
    );
    other.execute("COMMIT").await.expect("the end of the lock");
    opening.await.expect("no panic").expect("it starts").close().await;

    sqlx::raw_sql(lock).execute(&mut other).await.expect("the lock");
    database.open().await.close().await;
    let locks = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(database.number(locks).await, 1, "only that of the test is left");
}
