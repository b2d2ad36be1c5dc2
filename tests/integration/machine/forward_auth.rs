//! Forward-auth: the same check as on `/v1`, for the request that a proxy names (S47 to S49).

use crate::{
    answer::Answer,
    browser::{Call, call, get},
    database::{Database, both},
    program::Program,
    world::{Setup, World, with_default},
};
use axum::{body::Body, http::Request};
use babysea::server::machine::health;
use serde_json::{Value, json};
use tower::ServiceExt as _;

const PROXY: &str = "10.0.0.1";
const CLIENT: &str = "203.0.113.7";
/// Identity headers for the guarded API.
pub const IDENTITY: [&str; 4] = [
    "x-account-id",
    "x-api-key-id",
    "x-api-key-name",
    "x-api-key-scopes",
];

/// Headers by which an API may read another method, path or caller than was checked.
pub const MISLEADING: [&str; 14] = [
    "x_account_id",
    "x.account.id",
    "x-account_id",
    "x-api-key_id",
    "x_api_key_name",
    "x.api-key.scopes",
    "x_request_id",
    "x-forwarded_for",
    "x_http_method_override",
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
];

/// Kind of subrequest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EntryPoint {
    Forwarded,
    Envoy,
    Nginx,
}

const ENTRY_POINTS: [EntryPoint; 3] = [EntryPoint::Forwarded, EntryPoint::Envoy, EntryPoint::Nginx];

impl EntryPoint {
    fn ask(self, method: &str, target: &str) -> Call {
        let call = match self {
            Self::Forwarded => get("/forward-auth")
                .header("x-forwarded-method", method)
                .header("x-forwarded-uri", target),
            Self::Envoy => call(method, &format!("/forward-auth{target}")),
            Self::Nginx => get("/forward-auth-nginx")
                .header("x-original-method", method)
                .header("x-original-uri", target),
        };
        call.sent_from(PROXY).header("x-forwarded-for", CLIENT)
    }

    /// Status, envelope and challenge that the client gets in the end.
    fn refusal(self, answer: &Answer) -> (u16, Value, String) {
        if self != Self::Nginx {
            return (
                answer.status,
                answer.json(),
                answer.header("retry-after").to_owned(),
            );
        }
        assert!([401, 403].contains(&answer.status), "{}", answer.status);
        assert_eq!(answer.text(), "");
        (
            answer.header("x-auth-status").parse().expect("a status"),
            serde_json::from_str(answer.header("x-auth-body")).expect("an envelope"),
            answer.header("x-auth-retry-after").to_owned(),
        )
    }
}

fn trusting(more: &[&'static str]) -> Setup {
    let mut arguments = vec!["--trusted-proxies", "10.0.0.0/8"];
    arguments.extend(more);
    Setup {
        arguments: Vec::leak(arguments),
        ..Setup::default()
    }
}

both!(a_good_key_passes_every_entry_point, async |database: Database| {
    with_default("--catalog");
    let world = World::with(database, trusting(&[])).await;
    let ada = world.person("Ada Moss").await;
    let key = ada
        .key_with(&[
            ("name", "Zoë 100%"),
            ("preset", "read_only"),
            ("rate_limit", "60"),
        ])
        .await;
    for (n, entry_point) in (0..).zip(ENTRY_POINTS) {
        let forged = IDENTITY.iter().fold(
            entry_point.ask("GET", "/v1/content/list?limit=5"),
            |call, name| call.header(name, "forged"),
        );
        let answer = world.send(forged.bearer(&key.secret)).await;
        assert_eq!(answer.status, 200, "{entry_point:?} {}", answer.text());
        assert_eq!(answer.text(), "", "{entry_point:?}");
        assert_eq!(answer.header("x-api-key-id"), key.id);
        assert_eq!(answer.header("x-api-key-name"), "Zo%C3%AB 100%25");
        assert_eq!(
            answer.header("x-api-key-scopes"),
            "account:read generation:read health:read library:read"
        );
        assert_eq!(answer.header("x-account-id").len(), 36);
        for name in IDENTITY {
            assert_eq!(answer.all(name).len(), 1, "{entry_point:?} {name}");
        }
        assert!(answer.header("x-request-id").starts_with("req_"));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-ratelimit-limit"), "60");
        assert_eq!(answer.header("x-ratelimit-remaining"), (59 - n).to_string());
        let all = format!("{:?}", answer.comparable());
        assert!(!all.contains(&key.secret), "{entry_point:?}");
    }
    world.app.recorder.flush().await;
    let logged = world
        .database
        .texts("SELECT method || ' ' || path || ' ' || params || ' ' || route FROM request_logs")
        .await;
    assert_eq!(logged, vec!["GET /v1/content/list limit=5 /v1/content/list"; 3]);
});

both!(a_refusal_is_that_of_v1, async |database: Database| {
    let world = World::with(database, trusting(&["--rate-limit", "1", "--auth-limit", "2"])).await;
    let ada = world.person("Ada Moss").await;
    let narrow = ada.key("narrow", "monitor_only").await;
    let elsewhere = ada
        .key_with(&[
            ("name", "elsewhere"),
            ("preset", "full_access"),
            ("allowlist", "198.51.100.5"),
        ])
        .await
        .secret;
    let spent = ada.team("Spent").await.key("spent", "full_access").await;
    assert_eq!(world.status(&spent).await.status, 200);
    let revoked = ada.made("revoked").await;
    ada.revoke(&[&revoked.id]).await;
    let unknown = || {
        let secret = babysea::domain::token::generate("bye_", |bytes| world.app.rng.fill(bytes));
        secret.expose().to_owned()
    };
    for (name, key, code) in [
        ("none", None, "BSE1001"),
        ("unknown", Some(unknown()), "BSE1002"),
        ("revoked", Some(revoked.secret.clone()), "BSE1002"),
        ("wrong address", Some(elsewhere), "BSE1007"),
        ("missing scope", Some(narrow), "BSE1003"),
        ("over the limit", Some(spent), "BSE1005"),
    ] {
        // Resets the limit of two unknown keys a minute.
        world.advance(60_000);
        if name == "over the limit" {
            let first = get("/v1/status").bearer(key.as_deref().expect("a key"));
            assert_eq!(world.send(first).await.status, 200);
        }
        let with_key = |call: Call| match &key {
            Some(secret) => call.bearer(secret),
            None => call,
        };
        let direct = get("/v1/status")
            .sent_from(PROXY)
            .header("x-forwarded-for", CLIENT);
        let direct = world.send(with_key(direct)).await;
        assert_eq!(direct.json()["error"]["code"], code, "{name}");
        for entry_point in ENTRY_POINTS {
            if name == "unknown" {
                world.advance(60_000);
            }
            let answer = world.send(with_key(entry_point.ask("GET", "/v1/status"))).await;
            let (status, mut envelope, retry_after) = entry_point.refusal(&answer);
            let mut expected = direct.json();
            expected["request_id"] = json!(answer.header("x-request-id"));
            assert_eq!(
                envelope["request_id"].take(),
                expected["request_id"].take(),
                "{name} {entry_point:?}"
            );
            assert_eq!(
                (status, envelope),
                (direct.status, expected),
                "{name} {entry_point:?}"
            );
            assert_eq!(
                retry_after,
                direct.header("retry-after"),
                "{name} {entry_point:?}"
            );
            assert_eq!(
                answer.header("www-authenticate"),
                direct.header("www-authenticate"),
                "{name} {entry_point:?}"
            );
            assert_eq!(
                answer.header("x-ratelimit-limit"),
                direct.header("x-ratelimit-limit")
            );
            assert_eq!(answer.header("x-account-id"), "", "{name} {entry_point:?}");
            assert_eq!(answer.header("cache-control"), "no-store");
        }
    }
});

#[tokio::test]
async fn odd_paths_and_unknown_routes_are_denied() {
    let world = World::with(Database::sqlite(), trusting(&[])).await;
    let key = world.person("Ada Moss").await.key("prod", "full_access").await;
    for (path, code) in [
        ("/v1/../v1/status", "BSE2405"),
        ("/v1/%2e%2e/status", "BSE2405"),
        ("/v1%2fstatus", "BSE2405"),
        ("/v1//status", "BSE2405"),
        ("/v1/%5cstatus", "BSE2405"),
        ("/v1/%6ctatus", "BSE2404"),
        ("/v1/nowhere", "BSE2404"),
        ("/v1/status/", "BSE2404"),
        ("/", "BSE2404"),
    ] {
        for entry_point in ENTRY_POINTS {
            let answer = world.send(entry_point.ask("GET", path).bearer(&key)).await;
            let (status, envelope, _) = entry_point.refusal(&answer);
            let expected = if code == "BSE2404" { 404 } else { 403 };
            assert_eq!(
                (status, &envelope["error"]["code"]),
                (expected, &json!(code)),
                "{entry_point:?} {path}"
            );
        }
    }
    // Browsers and URL parsers turn a backslash into a slash, so Envoy's path cannot carry it.
    for entry_point in [EntryPoint::Forwarded, EntryPoint::Nginx] {
        let answer = world
            .send(entry_point.ask("GET", "/v1\\status").bearer(&key))
            .await;
        assert_eq!(entry_point.refusal(&answer).0, 403);
    }
}

#[tokio::test]
async fn only_trusted_proxies_may_send_subrequests_for_one_request() {
    let world = World::with(Database::sqlite(), trusting(&[])).await;
    let key = world.person("Ada Moss").await.key("prod", "full_access").await;
    for entry_point in ENTRY_POINTS {
        let stranger = entry_point
            .ask("GET", "/v1/status")
            .bearer(&key)
            .sent_from(CLIENT);
        let answer = world.send(stranger).await;
        let (status, envelope, _) = entry_point.refusal(&answer);
        assert_eq!(
            (status, &envelope["error"]["type"]),
            (403, &json!("untrusted_proxy"))
        );

        let (others, same) = match entry_point {
            EntryPoint::Forwarded => ("x-original-uri", "x-forwarded-uri"),
            EntryPoint::Envoy | EntryPoint::Nginx => ("x-forwarded-uri", "x-original-uri"),
        };
        for name in [others, same] {
            let twice = entry_point
                .ask("GET", "/v1/status")
                .bearer(&key)
                .header(name, "/v1/usage");
            let (status, envelope, _) = entry_point.refusal(&world.send(twice).await);
            assert_eq!(
                (status, &envelope["error"]["type"]),
                (403, &json!("unclear_request")),
                "{entry_point:?} {name}"
            );
        }
    }
    let nothing = get("/forward-auth").bearer(&key).sent_from(PROXY);
    assert_eq!(world.send(nothing).await.status, 403);
    let world = World::sqlite().await;
    let nobody = EntryPoint::Forwarded.ask("GET", "/v1/status");
    assert_eq!(
        world.send(nobody).await.status,
        403,
        "nobody is trusted unless refusal"
    );
}

#[tokio::test]
async fn headers_that_pass_for_others_are_refused() {
    let world = World::with(Database::sqlite(), trusting(&[])).await;
    let key = world.person("Ada Moss").await.key("prod", "full_access").await;
    for entry_point in ENTRY_POINTS {
        for name in MISLEADING {
            let asked = entry_point
                .ask("POST", "/v1/generate/image/bfl/flux")
                .header(name, "DELETE");
            let (status, envelope, _) = entry_point.refusal(&world.send(asked.bearer(&key)).await);
            assert_eq!(
                (status, &envelope["error"]["code"]),
                (403, &json!("BSE2405")),
                "{entry_point:?} {name}"
            );
        }
        let others = entry_point
            .ask("GET", "/v1/status")
            .header("my_header", "x")
            .header("x.trace.id", "x");
        assert_eq!(
            world.send(others.bearer(&key)).await.status,
            200,
            "{entry_point:?}"
        );
    }
}

#[tokio::test]
async fn subrequests_refused_without_a_check_are_counted_too() {
    let world = World::with(Database::sqlite(), trusting(&[])).await;
    let asked = || EntryPoint::Nginx.ask("GET", "/v1/status");
    let odd = || EntryPoint::Envoy.ask("GET", "/v1//status");
    for call in [
        asked().sent_from(CLIENT),
        asked().sent_from(CLIENT),
        odd(),
        asked().header("x-forwarded-uri", "/v1/usage"),
        asked().header("x_account_id", "forged"),
        asked(),
    ] {
        world.send(call).await;
    }
    let request = Request::get("/metrics")
        .header("host", "localhost")
        .body(Body::empty())
        .expect("a request");
    let answer = health::metrics_router(world.app.clone()).oneshot(request).await;
    let body = axum::body::to_bytes(answer.expect("an answer").into_body(), usize::MAX).await;
    let text = String::from_utf8(body.expect("a body").to_vec()).expect("text");
    for (route, verdict, count) in [
        ("", "untrusted_proxy", 2),
        ("", "unclear_request", 3),
        ("/v1/status", "missing_key", 1),
    ] {
        let figure = format!(
            r#"babysea_requests_total{{door="forward-auth",route="{route}",verdict="{verdict}"}} {count}"#
        );
        assert!(text.lines().any(|line| line == figure), "no {figure} in {text}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_trusted_is_logged_once_a_minute() {
    let database = Database::sqlite();
    let program = Program::start(&database);
    for _ in 0..3 {
        assert_eq!(program.send(get("/forward-auth")).await.status, 403);
    }
    let log = String::from_utf8(program.stop()).expect("text");
    let warnings: Vec<_> = log
        .lines()
        .filter(|line| line.contains("is not in TRUSTED_PROXIES"))
        .collect();
    assert!(
        matches!(warnings.as_slice(), [only] if only.contains("WARN") && only.contains("127.0.0.1")),
        "{warnings:?}"
    );
}
