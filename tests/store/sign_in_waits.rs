//! The table of failed sign-ins (S7, S90).

use crate::{
    database::{Database, both},
    rows::after,
};
use babysea::{
    domain::sign_in_wait::{FORGOTTEN_AFTER, Failures},
    server::store::{Store, Tables as _, users::sign_in_waits::WaitId},
};

fn id(n: u64) -> WaitId {
    let mut id = [0; 32];
    id[..8].copy_from_slice(&n.to_be_bytes());
    id
}

async fn open(database: &Database) -> Store {
    let location = database.url().parse().expect("an address");
    Store::open(&location).await.expect("the store opens")
}

async fn fail(store: &Store, n: u64, count: u32, seconds: u64) {
    let mut tx = store.write().await.expect("a transaction");
    let locked = tx.sign_in_waits().lock(&id(n), after(0)).await.expect("a row");
    assert_eq!(locked.count, 0);
    let failures = Failures {
        count,
        last_at: after(seconds),
    };
    tx.sign_in_waits()
        .set(&id(n), failures)
        .await
        .expect("it is written");
    tx.commit().await.expect("committed");
}

async fn found(store: &Store, n: u64) -> u32 {
    let mut reader = store.read().await.expect("a connection");
    reader
        .sign_in_waits()
        .find(&id(n))
        .await
        .expect("an answer")
        .count
}

both!(rows_are_locked_set_and_cleared, async |database: Database| {
    let store = open(&database).await;
    assert_eq!(found(&store, 1).await, 0);
    fail(&store, 1, 6, 5).await;
    assert_eq!(found(&store, 1).await, 6);
    assert_eq!(found(&store, 2).await, 0, "others have none");
    let mut tx = store.write().await.expect("a transaction");
    let locked = tx.sign_in_waits().lock(&id(1), after(9)).await.expect("a row");
    assert_eq!(
        (locked.count, locked.last_at),
        (6, after(5)),
        "locking changes nothing"
    );
    tx.sign_in_waits().clear(&id(1)).await.expect("cleared");
    drop(tx);
    assert_eq!(found(&store, 1).await, 6, "not committed");
});

both!(
    undoing_a_failure_keeps_the_time_of_others,
    async |database: Database| {
        let store = open(&database).await;
        for (n, expected) in [(1, after(20)), (2, after(30))] {
            fail(&store, n, 7, if n == 1 { 25 } else { 30 }).await;
            let mut tx = store.write().await.expect("a transaction");
            // Counted at 25; the previous failure was at 20.
            let taken = tx.sign_in_waits().take_back(&id(n), after(25), after(20)).await;
            taken.expect("taken back");
            tx.commit().await.expect("committed");
            let mut reader = store.read().await.expect("a connection");
            let left = reader.sign_in_waits().find(&id(n)).await.expect("an answer");
            assert_eq!((left.count, left.last_at), (6, expected), "{n}");
        }
    }
);

both!(
    old_rows_are_purged_and_the_oldest_beyond_a_number,
    async |database: Database| {
        let store = open(&database).await;
        for n in 1..=10 {
            fail(&store, n, 1, n).await;
        }
        let a_day_later = after(2).plus(FORGOTTEN_AFTER);
        assert_eq!(store.purge_sign_in_waits(a_day_later).await.expect("purged"), 2);
        assert_eq!(found(&store, 2).await, 0);
        assert_eq!(store.trim_sign_in_waits(8).await.expect("trimmed"), 0);
        assert_eq!(store.trim_sign_in_waits(5).await.expect("trimmed"), 3);
        for n in 1..=10 {
            assert_eq!(found(&store, n).await, u32::from(n > 5), "{n}");
        }
    }
);

#[tokio::test]
async fn many_rows_go_in_steps() {
    let database = Database::sqlite();
    let store = open(&database).await;
    let many = "INSERT INTO sign_in_waits (id, failures, last_at)
        WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 2500)
        SELECT CAST(n AS BLOB), 1, n FROM n";
    assert_eq!(database.execute(many).await, 2_500);
    assert_eq!(store.trim_sign_in_waits(100).await.expect("trimmed"), 2_400);
    assert_eq!(
        database.number("SELECT MIN(last_at) FROM sign_in_waits").await,
        2_401
    );
}
