//! Sessions of the dashboard.

use crate::{
    database::{Database, both},
    rows::{add_user, after, user_id},
};
use babysea::{
    domain::time::Timestamp,
    server::store::{
        Store, StoreError, Tables as _, Tx, Unique, retention::Kind, users::sessions::NewSession,
    },
};

const ID: [u8; 32] = [1; 32];
const OTHER: [u8; 32] = [2; 32];

async fn tx(store: &Store) -> Tx {
    store.write().await.expect("a transaction")
}

async fn add(store: &Store, id: [u8; 32], now: Timestamp, ends_at: Timestamp) -> Result<(), StoreError> {
    let mut tx = tx(store).await;
    let new = NewSession {
        id_hash: &id,
        user: Some(user_id(1)),
        data: "{}",
        now,
        ends_at,
    };
    tx.sessions().insert(&new).await?;
    tx.commit().await
}

/// The session `ID`, if it was used after `seen_after` and ends after `now`.
async fn live(store: &Store, seen_after: Timestamp, now: Timestamp) -> Option<(String, i64)> {
    let mut reader = store.read().await.expect("a reader");
    let live = reader
        .sessions()
        .live(&ID, seen_after, now)
        .await
        .expect("an answer");
    live.map(|live| (live.data, live.last_seen_at))
}

/// A store with person 1 and the session `ID`, last seen at 100 and ending at 200.
async fn one_session(database: &Database) -> Store {
    let store = database.open().await;
    add_user(&store, 1, "zoe@example.com").await.expect("a person");
    add(&store, ID, after(100), after(200)).await.expect("a session");
    store
}

both!(a_session_ends_at_the_exact_moment, async |database: Database| {
    let store = one_session(&database).await;
    for (seen_after, now, alive) in [
        (99, 199, true),
        (100, 199, false),
        (101, 199, false),
        (99, 200, false),
        (99, 201, false),
    ] {
        let found = live(&store, after(seen_after), after(now)).await;
        assert_eq!(found.is_some(), alive, "seen after {seen_after}, at {now}");
    }
});

both!(saving_never_inserts, async |database: Database| {
    let store = one_session(&database).await;
    let mut update = tx(&store).await;
    update
        .sessions()
        .update(&ID, Some(user_id(1)), r#"{"a":1}"#)
        .await
        .expect("saved");
    update.commit().await.expect("stored");
    let (data, seen) = live(&store, after(0), after(0)).await.expect("a session");
    assert_eq!((data.as_str(), seen), (r#"{"a":1}"#, after(100).millis()));

    let mut late = tx(&store).await;
    late.sessions().delete(&ID).await.expect("ended");
    late.sessions()
        .update(&ID, Some(user_id(1)), "{}")
        .await
        .expect("ignored");
    late.commit().await.expect("stored");
    assert_eq!(live(&store, after(0), after(0)).await, None);
    assert_eq!(database.number("SELECT COUNT(*) FROM sessions").await, 0);
});

both!(
    a_touch_never_moves_the_idle_end_back,
    async |database: Database| {
        let store = one_session(&database).await;
        for (touched, seen) in [(150, 150), (120, 150), (151, 151)] {
            let mut tx = tx(&store).await;
            tx.sessions().touch(&ID, after(touched)).await.expect("touched");
            tx.commit().await.expect("stored");
            let found = live(&store, after(0), after(0)).await.expect("a session");
            assert_eq!(found.1, after(seen).millis(), "touched at {touched}");
        }
        assert_eq!(
            live(&store, after(0), after(200)).await,
            None,
            "the absolute end stays"
        );
    }
);

both!(an_id_is_taken_once, async |database: Database| {
    let store = one_session(&database).await;
    let refused = add(&store, ID, after(1), after(2)).await;
    assert!(
        matches!(refused, Err(StoreError::Taken(Unique::Other))),
        "{refused:?}"
    );
    add(&store, OTHER, after(1), after(2)).await.expect("another id");
});

both!(ending_a_session_leaves_the_others, async |database: Database| {
    let store = one_session(&database).await;
    add(&store, OTHER, after(100), after(200))
        .await
        .expect("a session");
    let mut delete = tx(&store).await;
    delete.sessions().delete(&OTHER).await.expect("ended");
    delete.commit().await.expect("stored");
    assert!(live(&store, after(0), after(0)).await.is_some());
    assert_eq!(database.number("SELECT COUNT(*) FROM sessions").await, 1);
});

both!(
    the_purge_deletes_only_unusable_sessions,
    async |database: Database| {
        for (seen_until, now, purged) in [(99, 199, 0), (100, 199, 1), (99, 200, 1), (0, 0, 0)] {
            let store = database.open().await;
            database.execute("DELETE FROM sessions").await;
            database.execute("DELETE FROM users").await;
            add_user(&store, 1, "zoe@example.com").await.expect("a person");
            add(&store, ID, after(100), after(200)).await.expect("a session");
            let mut purge = tx(&store).await;
            let mut count = 0;
            for (kind, before) in [(Kind::IdleSessions, seen_until), (Kind::EndedSessions, now)] {
                count += purge
                    .retention()
                    .step(kind, after(before), 10)
                    .await
                    .expect("purged");
            }
            purge.commit().await.expect("stored");
            assert_eq!(count, purged, "seen until {seen_until}, at {now}");
            // The purge deletes exactly the unusable sessions.
            let usable = live(&store, after(seen_until), after(now)).await.is_some();
            assert_eq!(usable, purged == 0, "seen until {seen_until}, at {now}");
            store.close().await;
        }
    }
);
