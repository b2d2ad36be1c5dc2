//! Opening: migrations, statements, versions.

use crate::database::{Aside, Database, both};
use babysea::server::store::{Conn, ConnectError, Store, Tables as _, statements};
use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};
use std::{collections::BTreeSet, path::Path};

/// Files in the folder of an engine; both folders have the same (tests/architecture.rs).
fn migrations(engine: &str) -> i64 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("migrations")
        .join(engine);
    let files = std::fs::read_dir(folder).expect("a folder of migrations");
    i64::try_from(files.count()).expect("a small number")
}

both!(every_migration_applies_once, async |database: Database| {
    const APPLIED: &str = "SELECT COUNT(*) FROM _sqlx_migrations WHERE success";
    let files = migrations("sqlite");
    assert!(files > 0);
    for _ in 0..2 {
        database.open().await.close().await;
        assert_eq!(database.number(APPLIED).await, files);
    }
});

both!(
    a_database_of_a_later_version_is_refused,
    async |database: Database| {
        database.open().await.close().await;
        database
            .execute("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 1")
            .await;
        let refused = Store::open(&database.location())
            .await
            .expect_err("a later version");
        assert!(matches!(refused, ConnectError::Migrate(_)), "{refused}");
    }
);

both!(a_changed_migration_is_refused, async |database: Database| {
    database.open().await.close().await;
    let other = if database.is_postgres() {
        "'\\x00'::bytea"
    } else {
        "x'00'"
    };
    database
        .execute(&format!("UPDATE _sqlx_migrations SET checksum = {other}"))
        .await;
    let refused = Store::open(&database.location())
        .await
        .expect_err("another migration");
    assert!(matches!(refused, ConnectError::Migrate(_)), "{refused}");
});

/// Whether this engine accepts the statement.
async fn prepares(database: &Database, sql: &str) -> sqlx::Result<()> {
    let sql = AssertSqlSafe(sql.to_owned()).into_sql_str();
    match database.aside().await {
        Aside::Sqlite(mut c) => c.prepare(sql).await.map(drop),
        Aside::Postgres(mut c) => c.prepare(sql).await.map(drop),
    }
}

both!(every_statement_prepares, async |database: Database| {
    let _store = database.open().await;
    let mut tables = BTreeSet::new();
    for (table, name, sql) in statements() {
        tables.insert(table);
        if let Err(error) = prepares(&database, sql).await {
            panic!("{table} {name}: {error}\n{sql}");
        }
    }
    assert_eq!(
        tables,
        [
            "accounts",
            "activity",
            "backup",
            "key_changes",
            "key_list",
            "key_names",
            "keys",
            "leaks",
            "logs",
            "member_changes",
            "memberships",
            "operator",
            "peppers",
            "person_changes",
            "refusals",
            "retention",
            "sessions",
            "sign_in_waits",
            "users"
        ]
        .into()
    );
    for wrong in ["SELECT nothing FROM users", "SELEC 1", "SELECT id FROM nowhere"] {
        assert!(prepares(&database, wrong).await.is_err(), "{wrong}");
    }
});

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn several_servers_share_one_postgres() {
    let database = Database::postgres().await;
    let location = database.location();
    let (one, other) = tokio::join!(Store::open(&location), Store::open(&location));
    for store in [one, other] {
        let store = store.expect("both start at once");
        assert_eq!(store.engine(), "PostgreSQL");
        assert!(store.read().await.is_ok());
    }
}

both!(a_closed_store_says_so_at_once, async |database: Database| {
    let store = database.open().await;
    assert!(store.read().await.is_ok());
    assert!(store.write().await.is_ok());
    store.close().await;
    assert!(store.read().await.is_err());
    assert!(store.write().await.is_err());
});

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn postgres_compiles_no_statement_of_a_pool() {
    let database = Database::postgres().await;
    // By default, it does.
    assert_eq!(
        database
            .texts("SELECT boot_val FROM pg_settings WHERE name = 'jit'")
            .await,
        ["on"]
    );
    let store = database.open().await;
    let mut reader = store.read().await.expect("a reader");
    let Conn::Postgres(conn) = reader.conn() else {
        panic!("a connection to PostgreSQL");
    };
    let jit: String = sqlx::query_scalar("SHOW jit")
        .fetch_one(conn)
        .await
        .expect("a setting");
    assert_eq!(jit, "off");
}
