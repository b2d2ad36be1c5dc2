//! Limits of the request line and headers, and `Host`: every refusal has the format of its caller (S28, S100).

use crate::{
    browser::{Call, call, get},
    database::Database,
    html::Part,
    program::{Program, ask},
    world::{Setup, World},
};
use axum::{body::Body, http::Request};
use babysea::server::machine::health;
use serde_json::{Value, json};
use tower::ServiceExt as _;

const PROXY: &str = "10.0.0.1";
type Oversize = fn(Call) -> Call;

const FUNCTION: &str = "/api/keys/create";

fn trusting() -> Setup {
    Setup {
        arguments: &["--trusted-proxies", PROXY],
        ..Setup::default()
    }
}

/// The subrequests of all proxies for one request.
fn subrequests() -> [Call; 3] {
    [
        get("/forward-auth")
            .header("x-forwarded-method", "GET")
            .header("x-forwarded-uri", "/v1/content/list"),
        get("/forward-auth-nginx")
            .header("x-original-method", "GET")
            .header("x-original-uri", "/v1/content/list"),
        get("/forward-auth/v1/content/list"),
    ]
    .map(|call| call.sent_from(PROXY))
}

fn with_cookie(call: Call, bytes: usize) -> Call {
    call.header("cookie", &format!("a={}", "x".repeat(bytes)))
}

fn with_many(call: Call, more: usize) -> Call {
    (0..more).fold(call, |call, _| call.header("x-many", "x"))
}

/// The error of a refusal at the head, also of one for nginx.
fn assert_refused(envelope: &Value, reason: &str, limit: u32, words: &str) {
    let error = &envelope["error"];
    assert_eq!(
        (&error["code"], &error["retryable"]),
        (&json!("BSE2431"), &json!(false)),
        "{envelope}"
    );
    let details = &error["details"];
    assert_eq!(
        (&details["reason"], &details["limit"], &details["part"]),
        (&json!(reason), &json!(limit), &json!("header")),
        "{envelope}"
    );
    let message = error["message"].as_str().expect("a sentence");
    assert!(message.contains(words), "{message}");
}

#[tokio::test]
async fn a_proxy_may_send_all_headers_of_the_original_request() {
    let world = World::with(Database::sqlite(), trusting()).await;
    let key = world.person("Ada Moss").await.key("prod", "full_access").await;
    for call in subrequests() {
        let path = call.address();
        for large in [with_cookie(call.again(), 60_000), with_many(call.again(), 500)] {
            let answer = world.send(large.bearer(&key)).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        }
        for (too_large, reason, limit, words) in [
            (
                with_cookie(call.again(), 65_536),
                "headers_too_large",
                65_536,
                "64 KiB",
            ),
            (
                with_many(call.again(), 513),
                "too_many_headers",
                512,
                "more than 512 headers",
            ),
        ] {
            let answer = world.send(too_large.bearer(&key)).await;
            if path == "/forward-auth-nginx" {
                assert_eq!((answer.status, answer.header("x-auth-status")), (403, "431"));
                assert_eq!((answer.text(), answer.header("retry-after")), ("", ""));
                let envelope = serde_json::from_str(answer.header("x-auth-body"));
                assert_refused(&envelope.expect("an envelope"), reason, limit, words);
            } else {
                assert_eq!(answer.status, 431, "{path}");
                assert_refused(&answer.json(), reason, limit, words);
            }
            assert!(answer.header("x-request-id").starts_with("req_"), "{path}");
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
    }
    let metrics = metrics(&world, get("/metrics").header("host", "localhost"))
        .await
        .1;
    for (reason, count) in [("headers_too_large", 3), ("too_many_headers", 3)] {
        let line = format!(r#"door="forward-auth",route="",verdict="{reason}"}} {count}"#);
        assert!(metrics.contains(&line), "{metrics}");
    }
}

/// Status and body of the metrics listener's response.
async fn metrics(world: &World, call: Call) -> (u16, String) {
    let request: Request<Body> = call.request();
    let answer = health::metrics_router(world.app.clone()).oneshot(request).await;
    let answer = answer.expect("an answer");
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await;
    (
        status,
        String::from_utf8_lossy(&body.expect("a body")).into_owned(),
    )
}

#[tokio::test]
async fn headers_that_are_too_large_are_refused_in_the_format_of_the_caller() {
    let world = World::sqlite().await;
    let oversizes: [(Oversize, &str, u32, &str); 2] = [
        (
            |call| with_cookie(call, 17_000),
            "headers_too_large",
            16_384,
            "16 KiB",
        ),
        (
            |call| with_many(call, 101),
            "too_many_headers",
            100,
            "more than 100 headers",
        ),
    ];
    for (oversize, reason, limit, words) in oversizes {
        for path in ["/v1/status", "/v1/nowhere", "/v1/openapi.json"] {
            let answer = world.send(oversize(get(path))).await;
            assert_eq!(answer.status, 431, "{path}");
            assert_refused(&answer.json(), reason, limit, words);
        }
        let head = world.send(oversize(call("HEAD", "/v1/status"))).await;
        assert_eq!((head.status, head.text()), (431, ""));

        let function = world.send(oversize(call("POST", FUNCTION).own_page())).await;
        assert_eq!(
            (function.status, function.header("content-type")),
            (431, "application/json")
        );
        assert!(function.text().contains(words), "{}", function.text());

        for page in ["/sign-in", "/home/ada-moss/api-keys", "/nowhere"] {
            let answer = world.send(oversize(get(page))).await;
            assert_eq!(
                (answer.status, answer.header("content-type")),
                (431, "text/html; charset=utf-8"),
                "{page}"
            );
            let text: Vec<_> = answer.select("h1, .auth-lead").iter().map(Part::text).collect();
            assert_eq!(text[0], "The request is too large");
            assert!(text[1].contains(words) && text[1].contains("cookies"), "{text:?}");
            assert_eq!(answer.header("cache-control"), "no-store");
        }
        for path in ["/healthz", "/readyz"] {
            let answer = world.send(oversize(get(path))).await;
            assert_eq!((answer.status, answer.text()), (431, ""), "{path}");
        }
        let listed = oversize(get("/metrics").header("host", "localhost"));
        assert_eq!(metrics(&world, listed).await.0, 431);
    }
}

/// The library's own limits, over TCP: it answers beyond 64 KiB, with nothing but the status.
#[tokio::test]
async fn beyond_64_kibibytes_the_status_is_all() {
    let database = Database::sqlite();
    let program = Program::start_with(&database, &["--trusted-proxies", "127.0.0.1"]);
    for (path, bytes, status, body) in [
        ("/forward-auth/v1/status", 17_000, 401, "BSE1001"),
        ("/forward-auth/v1/status", 65_000, 401, "BSE1001"),
        ("/v1/status", 15_000, 401, "BSE1001"),
        ("/v1/status", 65_000, 431, "BSE2431"),
        ("/sign-in", 65_000, 431, "The request is too large"),
        ("/forward-auth/v1/status", 66_000, 431, ""),
        ("/v1/status", 66_000, 431, ""),
    ] {
        let answer = program.send(with_cookie(get(path), bytes)).await;
        assert_eq!(answer.status, status, "{path} with {bytes} bytes");
        let is_there = if body.is_empty() {
            answer.text().is_empty()
        } else {
            answer.text().contains(body)
        };
        assert!(is_there, "{path} with {bytes} bytes: {}", answer.text());
    }
    let answer = program.send(with_many(get("/v1/status"), 1_030)).await;
    assert_eq!((answer.status, answer.text()), (431, ""));
}

#[tokio::test]
async fn a_request_without_one_proper_host_is_refused_everywhere() {
    let database = Database::sqlite();
    let program = Program::start_with(&database, &["--trusted-proxies", "127.0.0.1"]);
    let send = |path: &str, version: &str, hosts: &[&str]| {
        let method = if path == FUNCTION { "POST" } else { "GET" };
        let hosts: Vec<_> = hosts.iter().map(|host| format!("Host: {host}\r\n")).collect();
        let hosts = hosts.concat();
        let message = format!("{method} {path} HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n");
        ask(program.connect(), message.as_bytes())
    };
    for (path, fine) in [
        ("/v1/status", 401),
        ("/forward-auth/v1/status", 401),
        ("/forward-auth-nginx", 403),
        ("/sign-in", 200),
        ("/favicon.svg", 200),
        (FUNCTION, 403),
        ("/healthz", 200),
    ] {
        for (hosts, words) in [
            (&[][..], "no Host header"),
            (&["localhost", "localhost"], "more than one Host header"),
            (&["localhost", "evil.example"], "more than one Host header"),
            (&["a b/c"], "not a name or an address"),
            (&["a b"], "not a name or an address"),
            (&[""], "not a name or an address"),
            (&["user@localhost"], "not a name or an address"),
        ] {
            let answer = send(path, "1.1", hosts);
            if path == "/forward-auth-nginx" {
                assert_eq!((answer.status, answer.header("x-auth-status")), (403, "400"));
                continue;
            }
            assert_eq!(answer.status, 400, "{path} {hosts:?}");
            if path == "/healthz" {
                continue;
            }
            assert!(
                answer.text().contains(words),
                "{path} {hosts:?}: {}",
                answer.text()
            );
            if path.starts_with("/v1") || path.starts_with("/forward-auth") {
                let error = &answer.json()["error"];
                assert_eq!(
                    (&error["code"], &error["details"]["field"], &error["retryable"]),
                    (&json!("BSE2001"), &json!("Host"), &json!(false))
                );
            }
        }
        for host in ["localhost", "127.0.0.1:3000", "[::1]:3000"] {
            assert_eq!(send(path, "1.1", &[host]).status, fine, "{path} {host}");
        }
        // HTTP/1.0 has no Host header, but a wrong one is refused there too.
        assert_eq!(send(path, "1.0", &[]).status, fine, "{path}");
        let wrong = send(path, "1.0", &["a b"]).status;
        assert_eq!(
            wrong,
            if path == "/forward-auth-nginx" { 403 } else { 400 },
            "{path}"
        );
    }
    let world = World::sqlite().await;
    assert_eq!(metrics(&world, get("/metrics")).await.0, 400);
}
