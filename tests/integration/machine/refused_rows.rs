//! A row that the database refuses is dropped alone; every other row is written (S93).

use super::request_log::sample;
use crate::{
    browser::get,
    database::{Database, both},
    world::World,
};
use babysea::{
    domain::request_log::{KeyUse, LogEntry},
    server::store::Tables as _,
};

/// Adds a constraint to a table of the database.
async fn refuse(database: &Database, table: &str, condition: &str) {
    let rule = |event: &str| {
        if database.is_postgres() {
            format!(
                "CREATE TRIGGER refuse_{event}_{table} BEFORE {event} ON {table} FOR EACH ROW WHEN ({condition}) \
                 EXECUTE FUNCTION refuse()"
            )
        } else {
            format!(
                "CREATE TRIGGER refuse_{event}_{table} BEFORE {event} ON {table} WHEN {condition} \
                 BEGIN SELECT RAISE(ABORT, 'refused'); END"
            )
        }
    };
    if database.is_postgres() {
        let function = "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'refused'; END $$";
        database.execute(function).await;
    }
    database.execute(&rule("INSERT")).await;
    database.execute(&rule("UPDATE")).await;
}

async fn samples(world: &World, count: usize) -> Vec<LogEntry> {
    let entry = sample(world).await;
    let numbered = |n: usize| LogEntry {
        request_id: format!("req_{n}"),
        ..entry.clone()
    };
    (0..count).map(numbered).collect()
}

fn refused(world: &World, rows: &str) -> u64 {
    let counts = world.app.recorder.refused().counts();
    counts
        .iter()
        .find(|(known, _)| *known == rows)
        .map_or(0, |(_, count)| *count)
}

both!(
    a_refused_row_of_the_log_holds_back_no_other,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        ada.key("one", "full_access").await;
        world.app.recorder.flush().await;
        refuse(&world.database, "request_logs", "NEW.user_agent = 'odd'").await;
        let mut rows = samples(&world, 1_000).await;
        for bad in [0, 1, 500, 999] {
            "odd".clone_into(&mut rows[bad].user_agent);
        }
        if world.database.is_postgres() {
            // SQLite accepts NUL.
            "nul \0".clone_into(&mut rows[700].user_agent);
        }
        let bad = if world.database.is_postgres() { 5 } else { 4 };
        for row in rows {
            world
                .app
                .recorder
                .reserve()
                .expect("a slot")
                .record(row, KeyUse::Accepted);
        }
        assert!(world.app.recorder.flush().await);
        let count = "SELECT COUNT(*) FROM request_logs";
        assert_eq!(world.database.number(count).await, 1_000 - bad);
        assert_eq!(refused(&world, "request_log").cast_signed(), bad);
        assert_eq!(world.app.recorder.dropped().cast_signed(), bad);
        let marks = "SELECT CAST(SUM(dropped) AS BIGINT) FROM request_log_gaps";
        assert_eq!(
            world.database.number(marks).await,
            bad,
            "the log says what it lacks"
        );
        let used = "SELECT COUNT(*) FROM api_keys WHERE last_used_at IS NOT NULL";
        assert_eq!(world.database.number(used).await, 1);
        // Nothing is left to retry.
        assert!(world.app.recorder.flush().await);
        assert_eq!(refused(&world, "request_log").cast_signed(), bad);
    }
);

both!(
    a_kind_that_is_refused_holds_back_no_other_kind,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let gone = ada.made("gone").await;
        let odd = ada.made("odd").await;
        let good = ada.made("good").await;
        ada.revoke(&[&gone.id]).await;
        world.app.recorder.flush().await;
        refuse(
            &world.database,
            "api_keys",
            "NEW.last_used_at IS NOT NULL AND NEW.name = 'odd'",
        )
        .await;
        refuse(
            &world.database,
            "activity",
            "NEW.action = 'api_key.used_after_end'",
        )
        .await;
        for key in [&gone, &odd, &good] {
            world.send(get("/v1/status").bearer(&key.secret)).await;
        }
        world.app.recorder.flush().await;
        assert_eq!(
            world.database.number("SELECT COUNT(*) FROM request_logs").await,
            3
        );
        let used = "SELECT name FROM api_keys WHERE last_used_at IS NOT NULL";
        assert_eq!(world.database.texts(used).await, ["good"]);
        assert_eq!(refused(&world, "last_uses"), 1);
    }
);

both!(
    a_database_that_is_not_well_costs_no_row,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let key = ada.key("one", "full_access").await;
        world.app.recorder.flush().await;
        let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
        world.database.execute(&rename("request_logs", "hidden")).await;
        for _ in 0..3 {
            world.status(&key).await;
        }
        assert!(!world.app.recorder.flush().await);
        // The uses are written nevertheless.
        let used = "SELECT COUNT(*) FROM api_keys WHERE last_used_at IS NOT NULL";
        assert_eq!(world.database.number(used).await, 1);
        world.database.execute(&rename("hidden", "request_logs")).await;
        assert!(world.app.recorder.flush().await);
        assert_eq!(
            world.database.number("SELECT COUNT(*) FROM request_logs").await,
            3
        );
        assert_eq!(refused(&world, "request_log"), 0);
        let mut tx = world.app.store.write().await.expect("a transaction");
        let none = tx.log_rows().insert(&[], false).await;
        none.expect("nothing to write");
    }
);
