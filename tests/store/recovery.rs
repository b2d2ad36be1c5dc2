//! A broken connection is not reused, and every wait ends (S72, S76, S94).

use crate::{
    database::Database,
    rows::{account_id, email, insert_user, two_accounts},
    until::within,
    wire::Wire,
};
use babysea::server::store::{Location, Store, StoreError, Tables as _};
use std::{
    process::Command,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};

/// The promised time, with a margin for a busy machine.
const RECOVERY: Duration = Duration::from_secs(15);

async fn change(store: &Store, n: u8) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    insert_user(&mut tx, n, &format!("{n}@example.com")).await?;
    tx.commit().await
}

/// Retries a change until one succeeds; all later ones must succeed.
async fn recovers(store: &Store, first: u8) {
    let mut n = first;
    within(RECOVERY, "a change succeeds", async || {
        n += 1;
        change(store, n).await.is_ok()
    })
    .await;
    // A connection that was used within the last second is not pinged, and fails once.
    sleep(Duration::from_secs(2)).await;
    for more in 1..=30 {
        change(store, n + more).await.expect("every connection is well");
    }
    store.ping().await.expect("well");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn a_database_that_was_read_only_is_written_again_without_a_restart() {
    let database = Database::postgres().await;
    let store = database.open().await;
    change(&store, 1).await.expect("stored");
    let name = database.url().rsplit('/').next().expect("a name").to_owned();
    let set = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    database.execute(&set).await;
    let end = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    database.number(end).await;
    within(RECOVERY, "it is logged that it cannot be changed", async || {
        !store.is_writable().await
    })
    .await;
    assert!(change(&store, 2).await.is_err());
    // All connections of the pool start while it is read-only.
    let mut readers = Vec::new();
    for _ in 0..8 {
        readers.push(store.read().await.expect("reading goes on"));
    }
    drop(readers);
    // The test's own session is read-only too.
    database
        .execute_all(&[
            "SET default_transaction_read_only = off",
            &format!("ALTER DATABASE {name} RESET default_transaction_read_only"),
        ])
        .await;
    recovers(&store, 10).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn sessions_have_limits() {
    let database = Database::postgres().await;
    let store = database.open().await;
    let mut reader = store.read().await.expect("a reader");
    let babysea::server::store::Conn::Postgres(conn) = reader.conn() else {
        panic!("PostgreSQL")
    };
    for (name, limit) in [
        ("lock_timeout", "2s"),
        ("statement_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "1s"),
    ] {
        let found: String = sqlx::query_scalar("SELECT current_setting($1)")
            .bind(name)
            .fetch_one(&mut *conn)
            .await
            .expect("a setting");
        assert_eq!(found, limit, "{name}");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn an_idle_transaction_does_not_hold_locks_for_long() {
    let database = Database::postgres().await;
    let (hangs, other) = (database.open().await, database.open().await);
    let mut tx = hangs.write().await.expect("a transaction");
    insert_user(&mut tx, 1, "one@example.com").await.expect("a row");
    // The other change waits for the same email until PostgreSQL ends the idle session.
    change(&other, 1).await.expect("it is free after a second");
    assert!(tx.commit().await.is_err());
    recovers(&hangs, 10).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn waiters_of_a_hung_server_do_not_block_the_row() {
    let database = Database::postgres().await;
    let (hangs, _) = two_accounts(&database).await;
    let other = database.open().await;
    // One change of the hung server holds the row; four have requested it, and their results are not read.
    let mut first = hangs.write().await.expect("a transaction");
    first.accounts().lock(account_id(1)).await.expect("the row");
    let mut waiting = Vec::new();
    for _ in 0..4 {
        let mut tx = hangs.write().await.expect("a transaction");
        let mut asked = Box::pin(async move {
            let locked = tx.accounts().lock(account_id(1)).await;
            (tx, locked)
        });
        let answered = timeout(Duration::from_millis(50), &mut asked).await;
        assert!(answered.is_err(), "the row is taken");
        waiting.push(asked);
    }
    let mut tx = other.write().await.expect("a transaction");
    let locked = tx.accounts().lock(account_id(1)).await;
    locked.expect("it is free once the session that had it was ended");
}

/// Forwards connections to PostgreSQL until it hangs; connections from that time never continue.
#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn waiters_of_a_cut_off_database_end_and_it_is_used_again() {
    let database = Database::postgres().await;
    let wire = Wire::before(&database).await;
    let store = wire.database().open().await;
    // Several connections are open at that time.
    let mut readers = Vec::new();
    for _ in 0..6 {
        readers.push(store.read().await.expect("a reader"));
    }
    drop(readers);
    wire.cut_at("INSERT INTO users", "COMMIT");
    let mut tx = store.write().await.expect("a transaction");
    insert_user(&mut tx, 1, "one@example.com").await.expect("a row");
    let began = Instant::now();
    let (committed, ()) = tokio::join!(tx.commit(), wire.is_cut());
    assert!(matches!(committed, Err(StoreError::Unanswered)), "{committed:?}");
    assert!(change(&store, 2).await.is_err());
    assert!(store.read().await.is_err() || began.elapsed() < RECOVERY);
    assert!(began.elapsed() < RECOVERY, "every wait ends");
    wire.mend();
    // Earlier connections stay cut off for ever, so new ones are needed.
    recovers(&store, 10).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn a_statement_that_is_never_answered_ends_and_so_does_its_connection() {
    let database = Database::postgres().await;
    let wire = Wire::before(&database).await;
    let store = wire.database().open().await;
    let mut short = store.read().await.expect("a reader");
    let mut check = store.read_for_check().await.expect("a reader");
    let mut tx = store.write().await.expect("a transaction");
    wire.cut();
    let (address, hash) = (email("one@example.com"), [7; 32]);
    let (short_read, checked, written) = tokio::join!(
        short.users().by_email(&address),
        check.sign_in_waits().find(&hash),
        insert_user(&mut tx, 1, "one@example.com"),
    );
    assert!(matches!(short_read.err(), Some(StoreError::Slow)));
    assert!(matches!(checked.err(), Some(StoreError::Slow)));
    assert!(matches!(written, Err(StoreError::Slow)), "{written:?}");
    drop((short, check, tx));
    // They are closed, and do not stay in their pool.
    within(RECOVERY, "no connection is open", async || {
        store.pools().iter().all(|(_, open, _)| *open == 0)
    })
    .await;
    wire.mend();
    recovers(&store, 10).await;
}

/// A small file system; `None` where mounting is not permitted.
struct Disk(tempfile::TempDir);

impl Disk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "babysea-test"])
            .arg(folder.path())
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("ignored: this system refuses to mount a tmpfs");
        }
        mounted.then_some(Self(folder))
    }

    fn fill(&self) {
        let mut file = std::fs::File::create(self.0.path().join("filling")).expect("a file");
        for size in [64 * 1024, 4096, 1] {
            while std::io::Write::write_all(&mut file, &vec![0; size]).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.0.path().join("filling")).expect("removed");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_commit_that_failed_on_a_full_disk_is_the_last_of_its_connection() {
    let Some(disk) = Disk::mount() else { return };
    let location: Location = format!("sqlite:{}", disk.0.path().join("babysea.db").display())
        .parse()
        .expect("an address");
    let store = Store::open(&location).await.expect("it starts");
    for round in 0..3 {
        let first = 1 + round * 80;
        disk.fill();
        let mut failed = 0;
        for n in 0..40 {
            match change(&store, first + n).await {
                Ok(()) => {}
                Err(StoreError::Broken(_)) => {
                    failed += 1;
                    assert!(!store.is_writable().await, "a smaller change may find room");
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!(failed > 0, "the disk is full");
        disk.free();
        within(RECOVERY, "a change succeeds", async || {
            change(&store, first + 41).await.is_ok()
        })
        .await;
        change(&store, first + 42).await.expect("and the next");
    }
    store.close().await;
}
