//! Which tables a backup has.

use crate::database::{Database, both};
use babysea::server::store::backup::tables;
use std::collections::BTreeSet;

both!(
    every_table_is_in_a_backup_or_left_out_on_purpose,
    async |database: Database| {
        database.open().await.close().await;
        let sql = if database.is_postgres() {
            "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public'"
        } else {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        };
        let found: BTreeSet<_> = database.texts(sql).await.into_iter().collect();
        let (kept, left_out) = tables();
        let known = kept.iter().chain(left_out).chain(&["_sqlx_migrations"]);
        assert_eq!(found, known.map(|name| (*name).to_owned()).collect());
        // A backup of PostgreSQL copies no sequences, because there are none.
        if database.is_postgres() {
            assert_eq!(database.number("SELECT COUNT(*) FROM pg_sequences").await, 0);
        }
    }
);
