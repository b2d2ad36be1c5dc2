//! The request log: a row for each request made with a key, and nothing secret in it (S68, S78).

use crate::{
    answer::holds_a_key,
    browser::{call, get},
    database::{Database, both},
    world::{PASSWORD, Setup, World},
};
use babysea::{
    domain::{
        ids::KeyId,
        request_log::{KeyUse, LogEntry},
    },
    server::store::Tables as _,
};
use serde_json::json;

const DAY: u64 = 86_400_000;
const COUNT: &str = "SELECT COUNT(*) FROM request_logs";

both!(
    every_request_with_a_known_key_is_logged_once,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let full = ada.key("full", "full_access").await;
        let narrow = ada.key("narrow", "monitor_only").await;
        for (request, status) in [
            (get("/v1/status").bearer(&full), 200),
            (get("/v1/status").bearer(&narrow), 403),
            (call("POST", "/v1/generate/image/bfl/flux").bearer(&full), 501),
            (get("/v1/usage?days=0").bearer(&full), 400),
            // Not logged: the key belongs to no account.
            (get("/v1/status").bearer("bye_x"), 401),
            (get("/v1/status"), 401),
            // Not a route of the API: the key is not checked.
            (get("/v1/nowhere").bearer(&full), 404),
        ] {
            assert_eq!(world.send(request).await.status, status);
        }
        world.app.recorder.flush().await;
        assert_eq!(world.database.number(COUNT).await, 4);
        for (what, of) in [
            ("status = 200 AND error_code IS NULL AND route = '/v1/status'", 1),
            ("status = 403 AND error_code = 'BSE1003'", 1),
            ("status = 501 AND error_code = 'BSE5001' AND method = 'POST'", 1),
            (
                "path = '/v1/generate/image/bfl/flux' AND route LIKE '%{model_identifier}'",
                1,
            ),
            ("status = 400 AND error_code = 'BSE2001' AND params = 'days=0'", 1),
            ("LENGTH(ip_hash) = 12", 4),
            ("id LIKE 'req_%'", 4),
        ] {
            let found = world.database.number(&format!("{COUNT} WHERE {what}")).await;
            assert_eq!(found, of, "{what}");
        }
        // Only accepted requests are uses.
        let used = world
            .database
            .number("SELECT COUNT(*) FROM api_keys WHERE last_used_at IS NOT NULL AND name = 'full'")
            .await;
        let unused = world
            .database
            .number("SELECT COUNT(*) FROM api_keys WHERE last_used_at IS NULL AND name = 'narrow'")
            .await;
        assert_eq!((used, unused), (1, 1));
    }
);

both!(no_row_holds_a_key_or_an_address, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let secret = ada.key("full", "full_access").await;
    let path = format!("/v1/content/{secret}?q={secret}&token=hunter2&page=3");
    let request = get(&path)
        .bearer(&secret)
        .sent_from("203.0.113.77")
        .header("user-agent", "tool/1.0");
    assert_eq!(world.send(request).await.status, 501);
    world.app.recorder.flush().await;
    let row = world
        .database
        .text("SELECT id || path || params || user_agent || ip_hash FROM request_logs")
        .await;
    assert!(
        row.contains("/v1/content/***") && row.contains("q=***&token=***&page=3"),
        "{row}"
    );
    assert!(row.contains("tool/1.0"), "{row}");
    assert!(
        !holds_a_key(&row) && !row.contains("hunter2") && !row.contains("203.0.113.77"),
        "{row}"
    );
});

#[tokio::test]
async fn a_key_is_masked_anywhere_in_a_request() {
    let world = World::sqlite().await;
    let (ada, email) = {
        let ada = world.person("Ada Moss").await;
        (ada.key("old", "full_access").await, ada.email.clone())
    };
    // Keys with an earlier prefix are masked too.
    let setup = Setup {
        arguments: &["--key-prefix", "acme_"],
        ..Setup::default()
    };
    let world = world.restart(setup).await;
    let mut person = world.anonymous();
    "ada-moss".clone_into(&mut person.slug);
    person.sign_in(&email, PASSWORD).await;
    let new = person.key("new", "full_access").await;
    for secret in [&ada, &new] {
        let hidden = secret.replace('_', "%5F");
        for path in [
            format!("/v1/content/{secret}"),
            format!("/v1/content/{hidden}"),
            format!("/v1/content/x.{hidden}.json?a=({hidden})&{secret}=1"),
        ] {
            let request = get(&path)
                .bearer(secret)
                .header("user-agent", &format!("tool/1.0 ({secret})"));
            assert_eq!(world.send(request).await.status, 501, "{path}");
        }
    }
    world.app.recorder.flush().await;
    let rows = "SELECT path || ' ' || params || ' ' || user_agent FROM request_logs";
    let rows = world.database.texts(rows).await;
    assert_eq!(rows.len(), 6);
    for row in rows {
        let row = row.replace("%5F", "_");
        for secret in [&ada, &new] {
            let (_, random) = secret.split_once('_').expect("a prefix");
            assert!(!row.contains(random), "{row}");
        }
        assert!(row.contains("/v1/content/***"), "{row}");
    }
}

both!(usage_is_what_the_log_holds, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let bea = world.person("Bea Lund").await;
    let (full, narrow) = (
        ada.key("full", "full_access").await,
        ada.key("narrow", "monitor_only").await,
    );
    let foreign = bea.key("foreign", "full_access").await;
    world.status(&full).await;
    world.advance(2 * DAY);
    for secret in [&full, &full, &narrow, &foreign] {
        world.status(secret).await;
    }
    world.send(get("/v1/health/cache").bearer(&narrow)).await;
    world.app.recorder.flush().await;

    let usage = world.send(get("/v1/usage?days=1").bearer(&full)).await;
    assert_eq!(usage.status, 200, "{}", usage.text());
    let data = &usage.json()["data"];
    assert_eq!(data["usage_period_days"], 1);
    assert_eq!(data["usage_total_requests"], 4);
    assert_eq!(data["usage_total_success"], 2);
    assert_eq!(data["usage_total_client_errors"], 1);
    assert_eq!(data["usage_total_server_errors"], 1);
    assert_eq!(
        (&data["usage_credit_balance"], &data["usage_providers"]),
        (&json!(0), &json!([]))
    );
    assert_eq!(
        data["usage_endpoints"][1],
        json!({
            "endpoint": "GET /v1/status",
            "total_requests": 3,
            "success_count": 2,
            "client_error_count": 1,
            "server_error_count": 0,
            "error_codes": { "BSE1003": 1 },
        })
    );
    world.app.recorder.flush().await;
    let month = world.send(get("/v1/usage").bearer(&full)).await.json();
    assert_eq!(month["data"]["usage_period_days"], 30);
    assert_eq!(
        month["data"]["usage_total_requests"], 6,
        "with the one before and the question itself"
    );
});

#[tokio::test]
async fn days_out_of_range_are_a_client_error() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let secret = ada.key("full", "full_access").await;
    for days in ["0", "91", "x", "", "-1", "1&days=2"] {
        let answer = world
            .send(get(&format!("/v1/usage?days={days}")).bearer(&secret))
            .await;
        let error = &answer.json()["error"];
        assert_eq!(
            (answer.status, &error["code"]),
            (400, &json!("BSE2001")),
            "{days}"
        );
        assert_eq!(error["details"]["field"], "days");
    }
}

both!(
    rows_are_purged_after_the_retention_time,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let secret = ada.key("full", "full_access").await;
        world.status(&secret).await;
        world.advance(DAY);
        world.status(&secret).await;
        world.app.recorder.flush().await;
        world.advance(29 * DAY);
        let purge = async || {
            babysea::server::jobs::purge_logs(&world.app)
                .await
                .expect("a purge")
        };
        assert_eq!(purge().await, 0);
        world.advance(1);
        assert_eq!(purge().await, 1);
        assert_eq!(world.database.number(COUNT).await, 1);
    }
);

#[tokio::test]
async fn a_log_that_cannot_be_written_fails_no_request() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let secret = ada.key("full", "full_access").await;
    world
        .database
        .execute("ALTER TABLE request_logs RENAME TO hidden")
        .await;
    for _ in 0..3 {
        assert_eq!(world.status(&secret).await.status, 200);
    }
    world.app.recorder.flush().await;
    world
        .database
        .execute("ALTER TABLE hidden RENAME TO request_logs")
        .await;
    // What could not be written is written once that is possible.
    world.app.recorder.flush().await;
    assert_eq!(world.database.number(COUNT).await, 3);
}

#[tokio::test]
async fn a_full_queue_drops_rows_counts_them_and_writes_a_gap() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let secret = ada.key("full", "full_access").await;
    world.status(&secret).await;
    world.app.recorder.flush().await;
    // The queue is not read until this task yields, because a test runs on one thread.
    let entry = sample(&world).await;
    for _ in 0..10_001 {
        if let Some(slot) = world.app.recorder.reserve() {
            slot.record(entry.clone(), KeyUse::Refused);
        }
    }
    assert_eq!(world.app.recorder.dropped(), 1, "there is room for 10,000");
    // On a busy machine one flush may not be enough for so many rows.
    let marks = "SELECT COUNT(*) FROM request_log_gaps";
    for _ in 0..12 {
        world.app.recorder.flush().await;
        if world.database.number(marks).await > 0 {
            break;
        }
    }
    let dropped = "SELECT dropped FROM request_log_gaps";
    assert_eq!(world.database.number(dropped).await, 1);
    // A gap is written once.
    world.app.recorder.flush().await;
    assert_eq!(world.database.number(marks).await, 1);
}

#[tokio::test]
async fn a_use_with_a_full_queue_counts_as_a_use() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let secret = ada.key("prod", "monitor_only").await;
    // Refused for its scope, the key is cached and still unused.
    let refused = world.send(get("/v1/content/list").bearer(&secret)).await;
    assert_eq!(refused.status, 403);
    let entry = sample(&world).await;
    while let Some(slot) = world.app.recorder.reserve() {
        slot.record(entry.clone(), KeyUse::Refused);
    }
    let health = get("/v1/health/storage").bearer(&secret);
    assert_eq!(world.send(health).await.status, 501, "it passed every check");
    assert_eq!(world.app.recorder.dropped(), 2, "the queue has no room for it");
    assert!(world.app.recorder.flush().await);
    let used = "SELECT COUNT(*) FROM api_keys WHERE last_used_at IS NOT NULL";
    assert_eq!(
        world.database.number(used).await,
        1,
        "its secret cannot be issued again"
    );
}

both!(
    rows_are_written_once_and_as_they_are,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        ada.key("full", "full_access").await;
        let whole = LogEntry {
            path: "/a\\tb\tc\nd\r\\N\\".to_owned(),
            params: "\\N".to_owned(),
            user_agent: "\\.\n,\"'\u{1f30a}".to_owned(),
            ..sample(&world).await
        };
        let next = LogEntry {
            request_id: "req_2".to_owned(),
            error_code: Some("BSE1003"),
            ..whole.clone()
        };
        let deleted = LogEntry {
            request_id: "req_3".to_owned(),
            key: KeyId::from_random([9; 16]),
            ..whole.clone()
        };
        for (rows, again) in [
            (vec![whole.clone()], false),
            (vec![whole.clone(), next, deleted], true),
        ] {
            let mut tx = world.app.store.write().await.expect("a transaction");
            tx.log_rows().insert(&rows, again).await.expect("rows");
            tx.commit().await.expect("a commit");
        }
        let odd = "SELECT path || params || user_agent FROM request_logs";
        let as_it_is = format!("{}{}{}", whole.path, whole.params, whole.user_agent);
        assert_eq!(world.database.texts(odd).await, [as_it_is.clone(), as_it_is]);
        let known =
            "SELECT id || COALESCE(error_code, '-') || COALESCE(ip_hash, '-') FROM request_logs ORDER BY id";
        assert_eq!(world.database.texts(known).await, ["req_1--", "req_2BSE1003-"]);
    }
);

/// A log entry of the only key.
pub async fn sample(world: &World) -> LogEntry {
    let id = world.database.text("SELECT id FROM api_keys").await;
    let account = world.database.text("SELECT account_id FROM api_keys").await;
    LogEntry {
        request_id: "req_1".to_owned(),
        account: account.parse().expect("an id"),
        key: id.parse().expect("an id"),
        method: "GET".to_owned(),
        route: "/v1/status".into(),
        path: "/v1/status".to_owned(),
        params: String::new(),
        status: 200,
        error_code: None,
        ip_hash: None,
        user_agent: String::new(),
        at: world.app.now(),
    }
}
