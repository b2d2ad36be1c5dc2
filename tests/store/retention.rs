//! Expired rows are deleted in steps, and a deleted key is invisible from the moment it is marked (S85).

use crate::{
    database::{Database, both},
    rows::{account_id, add_key, after, key, key_id, two_accounts},
};
use babysea::{
    domain::time::Timestamp,
    server::store::{Store, Tables as _, retention::Kind, statements},
};

const ALWAYS: Timestamp = Timestamp::from_millis(i64::MIN);
const FOREVER: Timestamp = Timestamp::from_millis(i64::MAX);
const ROWS: &str = "SELECT COUNT(*) FROM request_logs";

/// Statements that include deleted keys on purpose, and why.
const EXEMPT: [(&str, &str); 4] = [
    ("keys", "INSERT"),
    // The account's totals include rows until they are removed.
    ("logs", "USAGE"),
    // The replacement of a deleted key becomes independent.
    ("key_changes", "DETACH"),
    // Even a deleted key shows that there was a pepper.
    ("peppers", "ANY_KEY"),
];

#[test]
fn every_statement_about_keys_handles_deleted_ones() {
    for (table, name, sql) in statements() {
        let is_about_keys = sql.contains("api_keys");
        let says = sql.contains("deleted_at") || table == "retention";
        let is_exempt = EXEMPT.contains(&(table, name));
        assert!(
            !is_about_keys || says != is_exempt,
            "{table}.{name} reads deleted keys, or needs no exemption: {sql}"
        );
    }
}

/// Statements repeat the condition of a live key, so that each can be read alone. These are the words of all of them.
#[test]
fn every_statement_has_the_same_condition_of_a_live_key() {
    const LIVE: &str = "(deleted_at IS NULL AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $n) \
        AND (grace_ends_at IS NULL OR grace_ends_at > $n))";
    let mut compared = 0;
    for (table, name, sql) in statements() {
        let words: Vec<_> = sql.split_whitespace().collect();
        let sql = words.join(" ");
        if !["expires_at >", "grace_ends_at >"]
            .iter()
            .any(|part| sql.contains(part))
        {
            continue;
        }
        let found = (1..=9).find_map(|n| {
            let live = LIVE.replace("$n", &format!("${n}"));
            sql.contains(&live).then(|| sql.replace(&live, ""))
        });
        let rest = found.unwrap_or_else(|| panic!("{table}.{name} has another condition: {sql}"));
        assert!(
            !rest.contains("grace_ends_at >"),
            "{table}.{name} has a second one: {sql}"
        );
        compared += 1;
    }
    assert_eq!(compared, 13);
}

/// The planner knows that most of the log is old and of one key, and must not read it from its beginning for each key:
/// with millions of rows the statement would take longer than it may, and nothing would ever be purged.
#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn old_rows_are_found_by_index_however_long_the_log_is() {
    let database = Database::postgres().await;
    let store = with_rows(&database, &[(1, 1), (2, 1)]).await;
    let more = format!(
        "INSERT INTO request_logs (id, account_id, key_id, method, route, path, params, status, user_agent, at)
         SELECT 'req_' || i, '{}', '{}', 'GET', '/v1/status', '/v1/status', '', 200, '', i
         FROM generate_series(1, 20000) AS i",
        account_id(1),
        key_id(1)
    );
    assert_eq!(database.execute(&more).await, 20_000);
    database.execute("ANALYZE request_logs").await;
    let (_, _, keys) = statements()
        .find(|(table, name, _)| (*table, *name) == ("retention", "KEYS"))
        .expect("the statement");
    let sql = keys
        .replace("$1", "''")
        .replace("$2", &i64::MAX.to_string())
        .replace("$3", "100");
    let plan = database.texts(&format!("EXPLAIN {sql}")).await.join("\n");
    assert!(!plan.contains("Seq Scan on request_logs"), "{plan}");
    drop(store);
}

/// A store with these keys, each with so many log rows, one for each millisecond.
async fn with_rows(database: &Database, keys: &[(u8, u64)]) -> Store {
    let (store, pepper) = two_accounts(database).await;
    for &(n, rows) in keys {
        add_key(&store, &pepper, &key(n, 1, after(0)), n, &n.to_string())
            .await
            .expect("a key");
        for row in 0..rows {
            let sql = format!(
                "INSERT INTO request_logs (id, account_id, key_id, method, route, path, params, status, user_agent, at)
                 VALUES ('req_{n}_{row}', '{}', '{}', 'GET', '/v1/status', '/v1/status', '', 200, '', {})",
                account_id(1),
                key_id(n),
                after(row).millis()
            );
            assert_eq!(database.execute(&sql).await, 1);
        }
    }
    store
}

both!(
    a_log_goes_oldest_first_and_step_by_step,
    async |database: Database| {
        let store = with_rows(&database, &[(1, 10), (2, 3)]).await;
        let mut from = ALWAYS;
        for (limit, before, rows, left) in [
            (4, FOREVER, 4, 6),
            (4, after(6), 2, 4),
            (4, FOREVER, 4, 0),
            (4, FOREVER, 0, 0),
        ] {
            let mut tx = store.write().await.expect("a transaction");
            let step = tx.retention().log_step(key_id(1), from, before, limit).await;
            tx.commit().await.expect("stored");
            let step = step.expect("a step");
            assert_eq!(step.rows, rows);
            from = step.last_at.unwrap_or(from);
            let of_key = format!("{ROWS} WHERE key_id = '{}'", key_id(1));
            assert_eq!(database.number(&of_key).await, left);
        }
        assert_eq!(database.number(ROWS).await, 3, "another key keeps its own");
    }
);

both!(
    a_key_goes_once_it_is_marked_and_its_log_is_gone,
    async |database: Database| {
        let store = with_rows(&database, &[(1, 2)]).await;
        let removed = async || {
            let mut tx = store.write().await.expect("a transaction");
            let removed = tx.retention().remove_key(key_id(1)).await.expect("an answer");
            tx.commit().await.expect("stored");
            removed
        };
        assert!(!removed().await, "it was not deleted");
        let mut tx = store.write().await.expect("a transaction");
        assert!(
            tx.change(account_id(1), key_id(1))
                .delete(after(9))
                .await
                .expect("marked")
        );
        tx.commit().await.expect("stored");
        assert!(!removed().await, "its log is there");
        assert_eq!(database.number(ROWS).await, 2, "nothing went with it all at once");
        let mut again = store.write().await.expect("a transaction");
        assert!(
            !again
                .change(account_id(1), key_id(1))
                .delete(after(9))
                .await
                .expect("an answer")
        );
        drop(again);

        let mut reader = store.read().await.expect("a reader");
        assert_eq!(
            reader.retention().deleted_keys(5).await.expect("keys"),
            [key_id(1)]
        );
        let mut tx = store.write().await.expect("a transaction");
        tx.retention()
            .log_step(key_id(1), ALWAYS, FOREVER, 100)
            .await
            .expect("a step");
        tx.commit().await.expect("stored");
        assert!(removed().await);
        assert!(reader.retention().deleted_keys(5).await.expect("keys").is_empty());
    }
);

both!(
    keys_are_paged_with_whether_their_log_has_old_rows,
    async |database: Database| {
        let store = with_rows(&database, &[(1, 2), (2, 0), (3, 5)]).await;
        let mut reader = store.read().await.expect("a reader");
        let first = reader.retention().keys(None, after(2), 2).await.expect("keys");
        assert_eq!(first, [(key_id(1), true), (key_id(2), false)]);
        let rest = reader
            .retention()
            .keys(Some(key_id(2)), after(0), 2)
            .await
            .expect("keys");
        assert_eq!(rest, [(key_id(3), false)]);
        let none = reader
            .retention()
            .keys(Some(key_id(3)), after(9), 2)
            .await
            .expect("keys");
        assert!(none.is_empty());
    }
);

both!(
    every_kind_goes_in_steps_and_only_what_is_older,
    async |database: Database| {
        let store = with_rows(&database, &[]).await;
        let id = account_id(1);
        for n in 0..5 {
            let at = after(n).millis();
            let hash = if database.is_postgres() {
                format!("'\\x0{n}'::bytea")
            } else {
                format!("x'0{n}'")
            };
            for sql in [
            format!("INSERT INTO sessions (id_hash, data, last_seen_at, ends_at) VALUES ({hash}, '{{}}', {at}, {at})"),
            format!("INSERT INTO sent_forms (account_id, form_token, sent_at) VALUES ('{id}', 't{n}', {at})"),
            format!("INSERT INTO request_log_gaps (id, at, dropped) VALUES ('g{n}', {at}, 1)"),
            format!("INSERT INTO unowned_refusals (id, at, event, times) VALUES ('r{n}', {at}, 'auth.refused', 1)"),
            format!(
                "INSERT INTO activity (id, at, actor_name, action, target_id, target_name, detail, search_key, request_id)
                 VALUES ('a{n}', {at}, '', 'auth.refused', '', '', '', '', '')"
            ),
        ] {
            assert_eq!(database.execute(&sql).await, 1, "{sql}");
        }
        }
        for (kind, table) in [
            (Kind::IdleSessions, "sessions"),
            (Kind::SentForms, "sent_forms"),
            (Kind::LogGaps, "request_log_gaps"),
            (Kind::UnownedRefusals, "unowned_refusals"),
            (Kind::UnownedActivity, "activity"),
        ] {
            for (before, deleted, left) in [(3, 2, 3), (3, 1, 2), (3, 0, 2)] {
                // A session last seen at exactly this time counts as idle; other rows have to be older.
                let before = if kind == Kind::IdleSessions {
                    before - 1
                } else {
                    before
                };
                let mut tx = store.write().await.expect("a transaction");
                let step = tx.retention().step(kind, after(before), 2).await.expect("a step");
                tx.commit().await.expect("stored");
                assert_eq!(step, deleted, "{kind:?}");
                assert_eq!(
                    database.number(&format!("SELECT COUNT(*) FROM {table}")).await,
                    left,
                    "{kind:?}"
                );
            }
        }
        let owned = format!(
        "INSERT INTO activity (id, account_id, at, actor_name, action, target_id, target_name, detail, search_key, request_id)
         VALUES ('o', '{id}', 0, '', 'auth.refused', '', '', '', '', '')"
    );
        database.execute(&owned).await;
        let refused = database.refusal("DELETE FROM activity WHERE id = 'o'").await;
        assert!(refused.contains("append-only"), "{refused}");
    }
);

both!(
    of_a_persons_sessions_the_newest_stay,
    async |database: Database| {
        let store = with_rows(&database, &[]).await;
        let user = crate::rows::user_id(1);
        for n in 1..=5 {
            let hash = if database.is_postgres() {
                format!("'\\x0{n}'::bytea")
            } else {
                format!("x'0{n}'")
            };
            let sql = format!(
                "INSERT INTO sessions (id_hash, user_id, data, last_seen_at, ends_at) VALUES ({hash}, '{user}', '{{}}', {n}, 9)"
            );
            assert_eq!(database.execute(&sql).await, 1);
        }
        let mut tx = store.write().await.expect("a transaction");
        tx.sessions().trim(user, 2).await.expect("trimmed");
        tx.commit().await.expect("stored");
        assert_eq!(database.number("SELECT COUNT(*) FROM sessions").await, 2);
        assert_eq!(database.number("SELECT MIN(last_seen_at) FROM sessions").await, 4);
    }
);
