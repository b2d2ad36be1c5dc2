//! The recent use of a key: only the latest rows are read, by the index that has them in order (S87).

use crate::database::{Aside, Database, both};
use babysea::server::store::statements;
use sqlx::{AssertSqlSafe, Executor as _, Row as _};

/// The plan of the statement for a key with this id and limit, one step a line.
async fn plan(database: &Database, key: &str, limit: u32) -> Vec<String> {
    let (_, _, sql) = statements()
        .find(|(table, name, _)| (*table, *name) == ("logs", "RECENT_OF_KEY"))
        .expect("the statement");
    let sql = sql
        .replace("$1", &format!("'{key}'"))
        .replace("$2", "0")
        .replace("$3", &limit.to_string());
    match database.aside().await {
        Aside::Sqlite(mut c) => {
            let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
            let rows = c.fetch_all(sqlx::query(sql)).await.expect("a plan");
            rows.iter().map(|row| row.get("detail")).collect()
        }
        Aside::Postgres(mut c) => {
            let sql = AssertSqlSafe(format!("EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) {sql}"));
            let rows = c.fetch_all(sqlx::query(sql)).await.expect("a plan");
            rows.iter().map(|row| row.get(0)).collect()
        }
    }
}

both!(
    only_the_latest_rows_of_a_key_are_read,
    async |database: Database| {
        const ROWS: u32 = 3_000;
        const LIMIT: u32 = 100;
        let _store = database.open().await;
        let numbers = if database.is_postgres() {
            format!("SELECT generate_series(1, {ROWS}) AS n")
        } else {
            format!(
                "WITH RECURSIVE g (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < {ROWS}) SELECT n FROM g"
            )
        };
        let fill = format!(
        "INSERT INTO request_logs (id, account_id, key_id, method, route, path, params, status, user_agent, at)
         SELECT 'r' || n, 'a', 'k' || (n % 2), 'GET', '/', '/', '', 200, '', n FROM ({numbers}) AS numbers"
    );
        match database.aside().await {
            Aside::Sqlite(mut c) => {
                c.execute("PRAGMA foreign_keys = OFF").await.expect("off");
                c.execute(sqlx::query(AssertSqlSafe(fill))).await.expect("rows");
            }
            Aside::Postgres(mut c) => {
                c.execute(sqlx::query(AssertSqlSafe(fill))).await.expect("rows");
            }
        }
        // PostgreSQL has statistics about every table that is not empty or new.
        database.execute("ANALYZE").await;
        let plan = plan(&database, "k1", LIMIT).await;
        if database.is_postgres() {
            let at = plan
                .iter()
                .position(|step| step.contains("Limit"))
                .expect("a limit");
            assert!(plan[at].contains(&format!("rows={LIMIT} ")), "{plan:#?}");
            let below = &plan[at + 1];
            assert!(
                below.contains("Index Scan Backward using request_logs_pkey")
                    && below.contains(&format!("rows={LIMIT} ")),
                "{plan:#?}"
            );
        } else {
            assert!(
                plan.iter()
                    .any(|step| step.contains("USING INDEX request_logs_of_key (key_id=?)")),
                "{plan:#?}"
            );
            assert!(!plan.iter().any(|step| step.contains("ORDER BY")), "{plan:#?}");
        }
    }
);
