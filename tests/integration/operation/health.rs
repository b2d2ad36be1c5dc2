//! Monitoring by the server operator: readiness, metrics, log.

use crate::{
    browser::get,
    database::{Aside, Database, both},
    program::Program,
    until::until,
    world::World,
};
use axum::{body::Body, http::Request};
use babysea::server::machine::health;
use sqlx::Executor as _;
use std::{net::TcpListener, sync::atomic::Ordering};
use tower::ServiceExt as _;

both!(
    it_is_ready_while_its_database_answers,
    async |database: Database| {
        let world = World::on(database).await;
        assert_eq!(world.send(get("/readyz")).await.status, 200);
        world.app.stopping.store(true, Ordering::SeqCst);
        let told = world.send(get("/readyz")).await;
        assert_eq!(
            (told.status, told.json()["reason"].as_str()),
            (503, Some("stopping"))
        );
        world.app.stopping.store(false, Ordering::SeqCst);
        world.app.store.close().await;
        let told = world.send(get("/readyz")).await;
        assert_eq!(
            (told.status, told.json()["reason"].as_str()),
            (503, Some("database"))
        );
        assert_eq!(
            world.send(get("/healthz")).await.status,
            200,
            "the process runs all the same"
        );
    }
);

/// Polls until the response has this status and reason.
async fn becomes(world: &World, path: &str, status: u16, reason: Option<&str>) {
    until(&format!("{path} is {status} {reason:?}"), async || {
        let told = world.send(get(path)).await;
        let found = told.json()["reason"].as_str().map(str::to_owned);
        (told.status, found.as_deref()) == (status, reason)
    })
    .await;
}

both!(
    it_is_not_ready_while_nothing_can_be_changed,
    async |database: Database| {
        let world = World::on(database).await;
        becomes(&world, "/readyz", 200, None).await;
        match world.database.aside().await {
            Aside::Postgres(mut admin) => {
                let name: String = sqlx::query_scalar("SELECT CAST(current_database() AS TEXT)")
                    .fetch_one(&mut admin)
                    .await
                    .expect("a name");
                let end = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
                     WHERE datname = current_database() AND pid <> pg_backend_pid()";
                let set = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
                admin.execute(sqlx::AssertSqlSafe(set)).await.expect("read-only");
                admin.execute(end).await.expect("connections end");
                becomes(&world, "/readyz", 503, Some("database")).await;
                becomes(&world, "/readyz?checks", 200, None).await;
                let reset = format!(
                    "SET default_transaction_read_only = off; ALTER DATABASE {name} RESET default_transaction_read_only"
                );
                admin.execute(sqlx::AssertSqlSafe(reset)).await.expect("writable");
            }
            Aside::Sqlite(mut other) => {
                other.execute("BEGIN IMMEDIATE").await.expect("the lock");
                becomes(&world, "/readyz", 503, Some("database")).await;
                becomes(&world, "/readyz?checks", 200, None).await;
                other.execute("COMMIT").await.expect("its end");
            }
        }
        becomes(&world, "/readyz", 200, None).await;
    }
);

#[tokio::test]
async fn it_is_not_ready_while_a_task_is_down() {
    let world = World::sqlite().await;
    world.app.tasks.watch("sample", || async { panic!("on purpose") });
    becomes(&world, "/readyz", 503, Some("task")).await;
    let told = world.send(get("/readyz")).await.json();
    assert_eq!(told["task"], "sample");
    becomes(&world, "/readyz?checks=1", 200, None).await;
    let text = figures(&world).await;
    let restarts = figure(&text, r#"babysea_task_restarts_total{task="sample"}"#);
    assert!(restarts.parse::<u64>().is_ok_and(|count| count > 0), "{restarts}");
    let others = figure(&text, r#"babysea_task_restarts_total{task="request log"}"#);
    assert_eq!(others, "0");
}

/// The metrics, as Prometheus reads them.
async fn figures(world: &World) -> String {
    let router = health::metrics_router(world.app.clone());
    let request = Request::get("/metrics")
        .header("host", "localhost")
        .body(Body::empty())
        .expect("a request");
    let answer = router.oneshot(request).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await;
    String::from_utf8(body.expect("a body").to_vec()).expect("text")
}

fn figure(text: &str, name: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name} in {text}"))
        .trim()
        .to_owned()
}

both!(decisions_are_counted, async |database: Database| {
    let world = World::on(database).await;
    let key = world.person("Ada Moss").await.key("one", "monitor_only").await;
    world.send(get("/v1/library/models").bearer(&key)).await;
    world.send(get("/v1/library/models").bearer(&key)).await;
    world.send(get("/v1/status").bearer(&key)).await;
    world.send(get("/v1/status")).await;
    world.send(get("/v1/nowhere")).await;
    let text = figures(&world).await;
    for (route, verdict, count) in [
        ("/v1/library/models", "accepted", "2"),
        ("/v1/status", "insufficient_scope", "1"),
        ("/v1/status", "missing_key", "1"),
        ("", "unknown_route", "1"),
    ] {
        let name = format!(r#"babysea_requests_total{{door="v1",route="{route}",verdict="{verdict}"}}"#);
        assert_eq!(figure(&text, &name), count, "{name}");
    }
    assert_eq!(figure(&text, r#"babysea_decision_seconds_count{door="v1"}"#), "5");
    assert_eq!(figure(&text, "babysea_keys_in_memory "), "1");
    assert_eq!(figure(&text, "babysea_keys_from_database_total"), "1");
    assert_eq!(figure(&text, "babysea_keys_from_memory_total"), "2");
    assert_eq!(figure(&text, "babysea_log_dropped_total"), "0");
    assert!(text.contains("babysea_pool_open{pool="), "{text}");
    assert!(text.ends_with("# EOF\n"));
});

#[tokio::test]
async fn metrics_have_an_address_of_their_own() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address = port.expect("a port").to_string();
    let database = Database::sqlite();
    let program = Program::start_with(&database, &["--metrics-listen", &address]);
    let asked = b"GET /metrics HTTP/1.0\r\n\r\n";
    let stream = std::net::TcpStream::connect(&address).expect("a connection");
    let answer = crate::program::ask(stream, asked);
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("babysea_log_queue"), "{}", answer.text());
    assert_eq!(
        program.send(get("/metrics")).await.status,
        404,
        "not where everybody reads"
    );
    let stream = std::net::TcpStream::connect(&address).expect("a connection");
    let answer = crate::program::ask(stream, b"GET /healthz HTTP/1.0\r\n\r\n");
    assert_eq!(answer.status, 404, "and nothing else there");
    // Its own connection, and one to the public listener.
    let waiting = program.connect();
    assert_eq!(program.send(get("/healthz")).await.status, 200);
    let stream = std::net::TcpStream::connect(&address).expect("a connection");
    let text = crate::program::ask(stream, asked);
    let open: u32 = figure(text.text(), "babysea_connections_open")
        .parse()
        .expect("a number");
    assert!(open >= 2, "{open}");
    assert_eq!(figure(text.text(), "babysea_connections_refused_total"), "0");
    drop(waiting);
}

#[test]
fn a_log_for_programs_has_an_object_on_each_line() {
    let database = Database::sqlite();
    let program = Program::start_with(&database, &["--log-format", "json"]);
    let log = String::from_utf8(program.stop()).expect("text");
    assert!(log.lines().count() > 1, "{log}");
    for line in log.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert!(
            event["timestamp"].is_string() && event["fields"].is_object(),
            "{line}"
        );
    }
}
