//! Cache invalidation between servers and commands (S73, S74). docs/decisions/0008 has the order of steps.

use crate::{
    database::{Database, both},
    rows::{account_id, add_key, after, key, key_id, two_accounts},
    until::until,
};
use babysea::server::store::Store;
use std::time::Duration;
use tokio::time::sleep;

const STRANGER: &str = "SELECT COUNT(*) FROM servers WHERE id = 'stranger'";

/// A store with the keys 1 and 2 of account 1.
async fn with_keys(database: &Database) -> Store {
    let (store, pepper) = two_accounts(database).await;
    for n in [1, 2] {
        let token = format!("t{n}");
        add_key(&store, &pepper, &key(n, 1, after(0)), n, &token)
            .await
            .expect("stored");
    }
    store
}

async fn revoke(store: &Store, n: u8) {
    let mut tx = store.write().await.expect("a transaction");
    let revoked = tx.change(account_id(1), key_id(n)).revoke(after(1)).await;
    assert!(revoked.expect("an answer"));
    tx.commit().await.expect("stored");
}

both!(
    other_servers_drop_a_changed_key_before_the_response,
    async |database: Database| {
        let server = with_keys(&database).await;
        let other = if database.is_postgres() {
            database.open().await
        } else {
            Store::join(&database.location()).await.expect("a command")
        };
        let before = server.changes().generation();
        revoke(&other, 1).await;
        assert!(!server.changes().is_current(key_id(1), before));
        assert!(
            server.changes().is_current(key_id(2), before),
            "it was not changed"
        );
        assert!(server.changes().since_poll().is_some());
    }
);

both!(
    changes_missing_in_the_database_drop_all_keys,
    async |database: Database| {
        let server = with_keys(&database).await;
        for (sql, count) in [
            // Two changes with the keys of one, as a release that stores no keys makes them.
            ("UPDATE key_changes SET epoch = epoch + 2", 0),
            // An earlier state of the database was restored.
            ("UPDATE key_changes SET epoch = 0", 1),
        ] {
            let before = server.changes().generation();
            assert!(server.changes().is_current(key_id(2), before));
            if count > 0 {
                revoke(&server, 1).await;
            }
            database.execute(sql).await;
            server.wait_until_all_known().await.expect("an answer");
            until("it is let go of", async || {
                !server.changes().is_current(key_id(2), before)
            })
            .await;
        }
    }
);

both!(
    a_response_about_an_earlier_change_waits_for_all_servers,
    async |database: Database| {
        let server = with_keys(&database).await;
        let before = server.changes().generation();
        database.execute("UPDATE key_changes SET epoch = epoch + 1").await;
        let key = key_id(1);
        let sql = format!("INSERT INTO changed_keys (epoch, key_id) SELECT epoch, '{key}' FROM key_changes");
        database.execute(&sql).await;
        server.wait_until_all_known().await.expect("an answer");
        assert!(!server.changes().is_current(key, before));
    }
);

both!(old_changes_are_not_kept, async |database: Database| {
    let server = with_keys(&database).await;
    database
        .execute("INSERT INTO changed_keys (epoch, key_id) VALUES (0, 'old')")
        .await;
    database.execute("UPDATE key_changes SET epoch = 4095").await;
    revoke(&server, 1).await;
    let kept = database.number("SELECT MIN(epoch) FROM changed_keys").await;
    assert_eq!(kept, 4096);
});

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn a_server_that_stopped_polling_is_waited_for_once() {
    let database = Database::postgres().await;
    let server = with_keys(&database).await;
    let insert = "INSERT INTO servers (id, epoch, seen_at) VALUES ('stranger', -1, 0)";
    database.execute(insert).await;
    revoke(&server, 1).await;
    // Either it was deleted by then, or its lease has expired.
    until("it is gone", async || database.number(STRANGER).await == 0).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn a_server_that_has_acknowledged_keeps_its_row() {
    let database = Database::postgres().await;
    let server = with_keys(&database).await;
    let insert = "INSERT INTO servers (id, epoch, seen_at) VALUES ('stranger', 999, 0)";
    database.execute(insert).await;
    revoke(&server, 1).await;
    assert_eq!(database.number(STRANGER).await, 1);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn a_server_that_is_behind_but_polls_keeps_its_row() {
    let database = Database::postgres().await;
    let server = with_keys(&database).await;
    let insert = "INSERT INTO servers (id, epoch, seen_at) VALUES ('stranger', -1, 0)";
    database.execute(insert).await;
    // Heartbeat of the other server.
    let looks = async {
        loop {
            database
                .execute("UPDATE servers SET beat = beat + 1 WHERE id = 'stranger'")
                .await;
            sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = revoke(&server, 1) => {}
        () = looks => {}
    }
    assert_eq!(database.number(STRANGER).await, 1);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn a_server_whose_row_was_deleted_inserts_it_again() {
    const ROWS: &str = "SELECT COUNT(*) FROM servers";
    let database = Database::postgres().await;
    let server = with_keys(&database).await;
    until("it has a row", async || database.number(ROWS).await == 1).await;
    let before = server.changes().generation();
    database.execute("UPDATE key_changes SET epoch = epoch + 1").await;
    database.execute("DELETE FROM servers").await;
    until("it has a row", async || database.number(ROWS).await == 1).await;
    let epoch = "SELECT epoch FROM servers";
    until("it has looked", async || database.number(epoch).await == 1).await;
    assert!(
        !server.changes().is_current(key_id(1), before),
        "it has let go of all"
    );
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn a_server_that_stops_deletes_its_row() {
    const ROWS: &str = "SELECT COUNT(*) FROM servers";
    let database = Database::postgres().await;
    let server = with_keys(&database).await;
    assert_eq!(database.number(ROWS).await, 1);
    server.close().await;
    assert_eq!(database.number(ROWS).await, 0);
}

/// Each command that ends a key waits for the server of the file, whose row has the acknowledged change
/// number.
#[tokio::test]
async fn a_command_waits_for_the_server_of_the_file() {
    let database = Database::sqlite();
    let server = with_keys(&database).await;
    let command = Store::join(&database.location()).await.expect("a command");
    for n in [1, 2] {
        let before = server.changes().generation();
        revoke(&command, n).await;
        assert!(!server.changes().is_current(key_id(n), before));
        let shown = "SELECT s.epoch - c.epoch FROM servers s, key_changes c";
        until("its row says so", async || database.number(shown).await == 0).await;
    }
}
