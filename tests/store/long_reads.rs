//! Long reads have connections of their own, a time limit, and end when nobody waits for them any more (S87).

use crate::database::{Aside, Database, both};
use babysea::server::store::{Conn, LongRead, Store, StoreError, Tables as _};
use sqlx::Executor as _;
use std::time::Duration;
use tokio::time::timeout;

/// Far longer than anything here takes.
const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_millis(100);

/// Runs a statement that takes longer than any test.
async fn forever(read: &mut LongRead) -> Result<(), StoreError> {
    match read.conn() {
        Conn::Sqlite(c) => {
            let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT MAX(i) FROM n";
            c.execute(sql).await?;
        }
        Conn::Postgres(c) => {
            c.execute("SELECT pg_sleep(600)").await?;
        }
    }
    Ok(())
}

async fn one(read: &mut LongRead) -> i64 {
    match read.conn() {
        Conn::Sqlite(c) => sqlx::query_scalar("SELECT 1").fetch_one(c).await,
        Conn::Postgres(c) => sqlx::query_scalar::<_, i32>("SELECT 1")
            .fetch_one(c)
            .await
            .map(i64::from),
    }
    .expect("a number")
}

async fn running(database: &Database) -> i64 {
    let Aside::Postgres(mut c) = database.aside().await else {
        return 0;
    };
    let sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND state = 'active'
        AND datname = current_database() AND pid <> pg_backend_pid()";
    sqlx::query_scalar(sql).fetch_one(&mut c).await.expect("a number")
}

both!(a_statement_ends_at_its_time_limit, async |database: Database| {
    let store = database.open().await;
    // More often than there are connections: none is lost by it.
    for _ in 0..5 {
        let mut read = store.read_long(SHORT).await.expect("a connection");
        let ended = forever(&mut read).await;
        assert!(matches!(ended, Err(StoreError::TooLong)), "{ended:?}");
    }
    let mut read = store.read_long(LONG).await.expect("a connection");
    assert_eq!(one(&mut read).await, 1);
    read.finish().await.expect("given back");
});

both!(
    a_statement_ends_when_nobody_waits_for_it,
    async |database: Database| {
        let store = database.open().await;
        for _ in 0..5 {
            let mut read = store.read_long(LONG).await.expect("a connection");
            assert!(timeout(SHORT, forever(&mut read)).await.is_err());
        }
        // PostgreSQL looks twice a second whether its client is there.
        let gone = async {
            while running(&database).await > 0 {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(60), gone)
            .await
            .expect("no statement runs on");
    }
);

both!(
    what_is_given_back_has_no_limit_left_of_before,
    async |database: Database| {
        let store = database.open().await;
        let read = store
            .read_long(Duration::from_millis(1))
            .await
            .expect("a connection");
        read.finish().await.expect("given back");
        let mut read = store.read_long(LONG).await.expect("a connection");
        assert_eq!(one(&mut read).await, 1);
    }
);

/// Everything that lends a connection but the checks and the pings.
async fn take_all(store: &Store) -> Vec<babysea::server::store::Reader> {
    let mut taken = Vec::new();
    while let Ok(Ok(reader)) = timeout(SHORT, store.read()).await {
        taken.push(reader);
    }
    taken
}

both!(
    neither_checks_nor_pings_wait_for_pages,
    async |database: Database| {
        let store = database.open().await;
        let pages = take_all(&store).await;
        assert!(pages.len() > 1);
        let long = [store.read_long(LONG).await, store.read_long(LONG).await];
        assert!(long.iter().all(Result::is_ok));
        assert!(
            timeout(SHORT, store.read_long(LONG)).await.is_err(),
            "there are two"
        );
        assert!(store.read_for_check().await.is_ok());
        assert!(store.ping().await.is_ok());
    }
);

#[tokio::test]
async fn the_log_of_sqlite_is_moved_by_a_connection_that_only_reads() {
    let database = Database::sqlite();
    let store = database.open().await;
    crate::rows::add_user(&store, 1, "zoe@example.com")
        .await
        .expect("a person");
    assert_eq!(store.checkpoint().await.expect("moved"), 0);
    // A reader that sees an older state keeps the rest in the log.
    let mut reader = store.read().await.expect("a reader");
    let Conn::Sqlite(c) = reader.conn() else {
        panic!("another engine");
    };
    c.execute("BEGIN; SELECT COUNT(*) FROM users")
        .await
        .expect("an old state");
    crate::rows::add_user(&store, 2, "bea@example.com")
        .await
        .expect("a person");
    assert!(store.checkpoint().await.expect("moved in part") > 0);
    let Conn::Sqlite(c) = reader.conn() else {
        panic!("another engine");
    };
    c.execute("COMMIT").await.expect("its end");
    assert_eq!(store.checkpoint().await.expect("moved"), 0);
}
