//! Migrations from one version to the next, with data.

use crate::{
    database::{Aside, Database, both},
    rows::{account_id, after, key_id, user_id},
};
use babysea::{
    domain::{key::KeyStatus, role::Role},
    server::store::{ConnectError, Store, Tables as _, keys::list::KeyFilter},
};
use sqlx::migrate::Migrator;
use std::path::Path;

/// Runs the first `count` migrations, as an earlier version did.
async fn migrate_to(database: &Database, count: usize) {
    let engine = if database.is_postgres() {
        "postgres"
    } else {
        "sqlite"
    };
    let all = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("migrations")
        .join(engine);
    let mut files: Vec<_> = std::fs::read_dir(all)
        .expect("a folder of migrations")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    let folder = tempfile::tempdir().expect("a folder");
    for file in &files[..count] {
        let name = file.file_name().expect("a name");
        std::fs::copy(file, folder.path().join(name)).expect("a copy");
    }
    let migrator = Migrator::new(folder.path()).await.expect("migrations");
    if database.is_postgres()
        && let Aside::Postgres(mut c) = database.aside().await
    {
        migrator.run(&mut c).await.expect("the tables of then");
        return;
    }
    // Created by the process that opens it first.
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(database.folder().join("babysea.db"))
        .create_if_missing(true);
    let mut c = sqlx::ConnectOptions::connect(&options).await.expect("a file");
    migrator.run(&mut c).await.expect("the tables of then");
}

async fn fill(database: &Database) {
    let blob = |hex: &str| {
        if database.is_postgres() {
            format!("'\\x{hex}'::bytea")
        } else {
            format!("x'{hex}'")
        }
    };
    for sql in [
        format!(
            "INSERT INTO users (id, name, email, email_key, password_hash, created_at)
             VALUES ('{}', 'Zoë', 'z@example.com', 'z@example.com', '$', 5)",
            user_id(1)
        ),
        format!(
            "INSERT INTO accounts (id, slug, name, kind, primary_owner_id, created_at)
             VALUES ('{}', 'zoe', 'Zoë', 'personal', '{}', 6)",
            account_id(1),
            user_id(1)
        ),
        format!("INSERT INTO pepper_checks (version, check_value) VALUES (1, {})", blob("00")),
        format!(
            "INSERT INTO api_keys (id, account_id, name, prefix, hash, pepper_version, preset, scopes, creator_id,
                created_at, form_token)
             VALUES ('{}', '{}', 'Prod WORKER', 'bye_a1B2c', {}, 1, 'read_only', 'account:read', '{}', 7, 't')",
            key_id(1),
            account_id(1),
            blob("01"),
            user_id(1)
        ),
    ] {
        assert_eq!(database.execute(&sql).await, 1, "{sql}");
    }
}

both!(
    what_an_earlier_version_stored_is_kept,
    async |database: Database| {
        migrate_to(&database, 1).await;
        fill(&database).await;
        let store = database.open().await;
        let mut reader = store.read().await.expect("a reader");
        let home = reader
            .accounts()
            .home(user_id(1))
            .await
            .expect("an answer")
            .expect("the account");
        assert_eq!(
            (
                home.account.slug.as_str(),
                home.role,
                home.account.created_at.millis()
            ),
            ("zoe", Role::PrimaryOwner, 6)
        );
        let filter = KeyFilter {
            search: "worker".to_owned(),
            status: Some(KeyStatus::Active),
        };
        let keys = reader
            .key_list()
            .older(account_id(1), &filter, after(0), None, 9)
            .await
            .expect("keys");
        let [key] = &keys[..] else { panic!("{keys:?}") };
        assert_eq!((key.id, key.name.as_str()), (key_id(1), "Prod WORKER"));
        assert!(key.allowlist.is_empty());
        // Keys still belong to their account, and accounts to their owner.
        for orphan in [
        "INSERT INTO api_keys (id, account_id, name, prefix, hash, pepper_version, preset, scopes, created_at, form_token)
         SELECT 'x', 'nobody', name, prefix, prefix, pepper_version, preset, scopes, created_at, 'x' FROM api_keys",
        "UPDATE accounts SET primary_owner_id = 'nobody'",
        "UPDATE accounts SET kind = 'club'",
    ] {
        assert!(!database.refusal(orphan).await.is_empty(), "{orphan}");
    }
    }
);

both!(
    actions_are_called_as_the_vendor_calls_them,
    async |database: Database| {
        migrate_to(&database, 4).await;
        let old = [
            "account.created",
            "session.signed_in",
            "session.refused",
            "member.added",
            "api_key.created",
        ];
        for (n, action) in old.into_iter().enumerate() {
            let sql = format!(
                "INSERT INTO activity (id, at, action, actor_name, target_id, target_name, detail, request_id, search_key)
                 VALUES ('{n}', 5, '{action}', 'Zoë', '', '', '', '', '')"
            );
            assert_eq!(database.execute(&sql).await, 1);
        }
        database.open().await.close().await;
        let new = database.texts("SELECT action FROM activity ORDER BY id").await;
        let expected = [
            "auth.signup",
            "auth.signin",
            "auth.refused",
            "membership.joined",
            "api_key.created",
        ];
        assert_eq!(new, expected);
        let refused = database.refusal("UPDATE activity SET action = 'x'").await;
        assert!(refused.contains("append-only"), "{refused}");
    }
);

both!(a_command_joins_a_server_at_work, async |database: Database| {
    let server = database.open().await;
    let command = Store::join(&database.location()).await.expect("beside a server");
    let mut reader = command.read().await.expect("a reader");
    assert!(
        reader
            .accounts()
            .by_slug("nobody")
            .await
            .expect("an answer")
            .is_none()
    );
    assert!(server.write().await.is_ok());
});

both!(a_command_changes_no_tables, async |database: Database| {
    migrate_to(&database, 1).await;
    let early = Store::join(&database.location()).await.expect_err("old tables");
    assert!(matches!(early, ConnectError::OtherVersion), "{early}");
    let applied = "SELECT COUNT(*) FROM _sqlx_migrations";
    assert_eq!(database.number(applied).await, 1);
    database.open().await.close().await;
    assert!(Store::join(&database.location()).await.is_ok());
});

#[tokio::test]
async fn a_command_makes_no_database() {
    let database = Database::sqlite();
    let none = Store::join(&database.location()).await.expect_err("no file");
    assert!(matches!(none, ConnectError::Nothing(_)), "{none}");
    assert!(!database.folder().join("babysea.db").exists());
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn a_command_makes_no_tables() {
    let empty = Database::postgres().await;
    let refused = Store::join(&empty.location()).await.expect_err("no tables");
    assert!(matches!(refused, ConnectError::OtherVersion), "{refused}");
}

/// The id of a database derives from its first person, so a copy from before the journal existed is
/// recognised.
#[tokio::test]
async fn endings_are_replayed_into_a_copy_of_an_earlier_version() {
    let database = Database::sqlite();
    migrate_to(&database, 13).await;
    fill(&database).await;
    let file = database.folder().join("babysea.db");
    let copy = database.folder().join("copy.db");
    database
        .execute(&format!("VACUUM INTO '{}'", copy.display()))
        .await;
    let store = database.open().await;
    let mut tx = store.write().await.expect("a transaction");
    let revoked = tx.change(account_id(1), key_id(1)).revoke(after(0)).await;
    assert!(revoked.expect("an answer"));
    tx.commit().await.expect("its end");
    store.close().await;
    drop(store);
    std::fs::copy(&copy, &file).expect("the copy is put back");
    let store = database.open().await;
    let revoked = "SELECT COUNT(*) FROM api_keys WHERE revoked_at IS NOT NULL";
    assert_eq!(database.number(revoked).await, 1);
    store.close().await;
}
