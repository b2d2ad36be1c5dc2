//! Long reads have connections of their own and a time limit, and end when their caller is gone (S87).

use crate::{
    database::{Aside, Database, both},
    until::until,
};
use babysea::server::store::{Conn, LongRead, Store, StoreError, Tables as _};
use sqlx::Executor as _;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::time::timeout;

/// Far longer than anything in these tests.
const LONG: Duration = Duration::from_mins(10);
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

/// A long read, once there is a permit.
async fn long(store: &Store, limit: Duration) -> LongRead {
    let permit = store.long_permit().await.expect("a permit");
    store.read_long(permit, limit).await.expect("a connection")
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
    // More often than there are connections, so that a lost one would be noticed.
    for _ in 0..5 {
        let mut read = long(&store, SHORT).await;
        let ended = forever(&mut read).await;
        assert!(matches!(ended, Err(StoreError::TooLong)), "{ended:?}");
    }
    let mut read = long(&store, LONG).await;
    assert_eq!(one(&mut read).await, 1);
    read.finish().await.expect("given back");
});

both!(
    a_statement_ends_when_nobody_waits_for_it,
    async |database: Database| {
        let store = database.open().await;
        for _ in 0..5 {
            let mut read = long(&store, LONG).await;
            assert!(timeout(SHORT, forever(&mut read)).await.is_err());
        }
        // PostgreSQL checks twice a second whether its client is connected.
        until("no statement runs on", async || running(&database).await == 0).await;
    }
);

both!(
    a_returned_connection_has_no_time_limit_left,
    async |database: Database| {
        let store = database.open().await;
        let read = long(&store, Duration::from_millis(1)).await;
        read.finish().await.expect("given back");
        let mut read = long(&store, LONG).await;
        assert_eq!(one(&mut read).await, 1);
    }
);

/// Takes all connections of all pools except those for checks and pings.
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
        let _both = [long(&store, LONG).await, long(&store, LONG).await];
        assert!(
            timeout(SHORT, store.long_permit()).await.is_err(),
            "there are two"
        );
        assert!(store.read_for_check().await.is_ok());
        assert!(store.ping().await.is_ok());
    }
);

#[tokio::test]
async fn overlapping_long_reads_let_sqlite_restart_its_log() {
    const MOST: u64 = 4 * 1024 * 1024;
    // Long rows make the log grow; short ones restart it, and are too short to fill it again between two
    // checks.
    const LONG_ROW: u32 = 20_000;
    const SHORT_ROW: u32 = 1;
    let database = Database::sqlite();
    let store = database.open().await;
    // Two overlapping series of reads: nearly always one of them keeps the log from restarting.
    let reads: Vec<_> = (0..2)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                loop {
                    let mut read = long(&store, LONG).await;
                    let Conn::Sqlite(c) = read.conn() else { return };
                    for sql in ["BEGIN", "SELECT COUNT(*) FROM users", "COMMIT"] {
                        c.execute(sql).await.expect("a state");
                    }
                    read.finish().await.expect("given back");
                }
            })
        })
        .collect();
    let writer = store.clone();
    let row = Arc::new(AtomicU32::new(LONG_ROW));
    let next_row = row.clone();
    let filling = tokio::spawn(async move {
        for n in 0.. {
            let mut tx = writer.write().await.expect("a transaction");
            let Conn::Sqlite(c) = tx.conn() else { return };
            let sql =
                "INSERT INTO request_log_gaps (id, at, dropped) VALUES ($1 || HEX(RANDOMBLOB($2)), 0, 0)";
            let bytes = next_row.load(Ordering::Relaxed);
            sqlx::query(sql)
                .bind(n)
                .bind(bytes)
                .execute(c)
                .await
                .expect("a row");
            tx.commit().await.expect("stored");
        }
    });
    // It grows and is restarted, several times.
    for _ in 0..3 {
        until("the log is long", async || {
            store.checkpoint().await.expect("its length") > MOST
        })
        .await;
        row.store(SHORT_ROW, Ordering::Relaxed);
        assert!(store.restart_log(MOST).await.expect("its length") <= MOST);
        row.store(LONG_ROW, Ordering::Relaxed);
    }
    filling.abort();
    for read in reads {
        read.abort();
    }
}
