//! SQLite only: how its file is opened (S69), and that one process serves from it (S71).

use crate::{
    database::{Aside, Database},
    rows::insert_user,
};
use babysea::server::store::{Conn, ConnectError, Reader, Store, Tables as _};
use sqlx::{Executor as _, SqliteConnection};
use std::fs;

async fn pragma(connection: &mut SqliteConnection, name: &'static str) -> String {
    match name {
        "journal_mode" => sqlx::query_scalar("PRAGMA journal_mode")
            .fetch_one(connection)
            .await
            .expect("a mode"),
        "synchronous" => number(connection, "PRAGMA synchronous").await,
        "foreign_keys" => number(connection, "PRAGMA foreign_keys").await,
        "busy_timeout" => number(connection, "PRAGMA busy_timeout").await,
        "query_only" => number(connection, "PRAGMA query_only").await,
        other => panic!("PRAGMA {other}"),
    }
}

async fn number(connection: &mut SqliteConnection, sql: &'static str) -> String {
    let number: i64 = sqlx::query_scalar(sql)
        .fetch_one(connection)
        .await
        .expect("a number");
    number.to_string()
}

async fn assert_pragmas(connection: &mut SqliteConnection, query_only: &str) {
    for (name, value) in [
        ("journal_mode", "wal"),
        ("synchronous", "2"),
        ("foreign_keys", "1"),
        ("busy_timeout", "2000"),
        ("query_only", query_only),
    ] {
        assert_eq!(pragma(connection, name).await, value, "{name}");
    }
}

#[tokio::test]
async fn readers_and_the_writer_are_opened_as_s69_says() {
    let database = Database::sqlite();
    let store = database.open().await;
    let mut reader = store.read().await.expect("a reader");
    let mut writer = store.write().await.expect("a writer");
    let (Conn::Sqlite(reader), Conn::Sqlite(writer)) = (reader.conn(), writer.conn()) else {
        panic!("another engine");
    };
    assert_pragmas(reader, "1").await;
    assert_pragmas(writer, "0").await;
}

#[tokio::test]
async fn the_library_has_the_write_ahead_log_fix() {
    let database = Database::sqlite();
    let _store = database.open().await;
    let version = database.texts("SELECT sqlite_version()").await.remove(0);
    let parts: Vec<u32> = version
        .split('.')
        .map(|part| part.parse().expect("a number"))
        .collect();
    assert!(parts >= vec![3, 51, 3], "{version}");
}

#[tokio::test]
async fn a_reader_refuses_to_write() {
    let database = Database::sqlite();
    let store = database.open().await;
    let Reader::Sqlite(mut reader) = store.read().await.expect("a reader") else {
        panic!("another engine");
    };
    let refused = reader
        .execute("INSERT INTO pepper_checks (version, check_value) VALUES (1, x'00')")
        .await
        .expect_err("a write");
    assert!(refused.to_string().contains("readonly"), "{refused}");
    assert_eq!(database.number("SELECT COUNT(*) FROM pepper_checks").await, 0);
}

#[tokio::test]
async fn a_transaction_takes_the_write_lock_when_it_begins() {
    let database = Database::sqlite();
    let store = database.open().await;
    let Aside::Sqlite(mut other) = database.aside().await else {
        panic!("another engine");
    };
    other
        .execute("PRAGMA busy_timeout = 0")
        .await
        .expect("no waiting");
    let tx = store.write().await.expect("a transaction");
    let busy = other
        .execute("BEGIN IMMEDIATE")
        .await
        .expect_err("the lock is taken");
    assert!(busy.to_string().contains("locked"), "{busy}");
    drop(tx);
    // The pool rolls back before it returns the connection again.
    drop(store.write().await.expect("the next transaction"));
    store.close().await;
    other.execute("BEGIN IMMEDIATE").await.expect("the lock is free");
}

#[tokio::test]
async fn writers_wait_for_each_other() {
    let database = Database::sqlite();
    let store = database.open().await;
    let write = async |n: u8| {
        let mut tx = store.write().await.expect("its turn");
        insert_user(&mut tx, n, &format!("{n}@example.com"))
            .await
            .expect("a person");
        tx.commit().await.expect("stored");
    };
    tokio::join!(write(1), write(2), write(3), write(4));
    assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 4);
}

#[tokio::test]
async fn a_second_server_on_the_same_file_is_refused_while_the_first_runs() {
    let database = Database::sqlite();
    let first = database.open().await;
    let refused = Store::open(&database.location()).await.expect_err("two servers");
    assert!(matches!(refused, ConnectError::InUse(_)), "{refused}");
    let sentence = refused.to_string();
    assert!(
        sentence.contains("another server") && sentence.contains("babysea.db"),
        "{sentence}"
    );

    // Commands may use the file meanwhile.
    assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 0);
    // A clone of the store is the same server.
    let copy = first.clone();
    drop(first);
    assert!(Store::open(&database.location()).await.is_err());
    assert!(copy.read().await.is_ok());

    copy.close().await;
    drop(copy);
    assert!(database.open().await.read().await.is_ok());
}

#[tokio::test]
async fn a_database_that_was_moved_takes_no_changes() {
    let database = Database::sqlite();
    let store = database.open().await;
    let (file, moved) = (
        database.folder().join("babysea.db"),
        database.folder().join("old.db"),
    );
    fs::rename(&file, &moved).expect("moved");
    assert!(store.write().await.is_err(), "no file");
    assert!(store.ping().await.is_err(), "no file");
    fs::write(&file, "").expect("another file");
    assert!(store.write().await.is_err(), "another file");
    assert!(store.ping().await.is_err(), "another file");
    fs::rename(&moved, &file).expect("moved back");
    assert!(store.write().await.is_ok());
    assert!(store.ping().await.is_ok());
}

#[tokio::test]
async fn a_command_refuses_a_file_with_two_names() {
    let database = Database::sqlite();
    let _server = database.open().await;
    assert!(Store::join(&database.location()).await.is_ok());
    let second = database.folder().join("second.db");
    fs::hard_link(database.folder().join("babysea.db"), &second).expect("a link");
    let location = format!("sqlite:{}", second.display())
        .parse()
        .expect("a location");
    let refused = Store::join(&location).await.expect_err("two names");
    assert!(
        matches!(refused, ConnectError::Names { names: 2, .. }),
        "{refused}"
    );
    assert!(!database.folder().join("second.db-wal").exists());
}

#[tokio::test]
async fn a_missing_folder_is_reported() {
    let location = "sqlite:/nonexistent/babysea.db".parse().expect("a location");
    let refused = Store::open(&location).await.expect_err("no folder");
    assert!(
        refused.to_string().contains("/nonexistent/babysea.db"),
        "{refused}"
    );
}

#[tokio::test]
async fn foreign_keys_are_enforced() {
    let database = Database::sqlite();
    let store = database.open().await;
    let refused = crate::rows::add_account(&store, 1, "zoe", 1).await;
    assert!(refused.is_err(), "an account of nobody");
    assert!(
        store
            .read()
            .await
            .expect("a reader")
            .accounts()
            .profile(crate::rows::account_id(1))
            .await
            .expect("an answer")
            .is_none()
    );
}
