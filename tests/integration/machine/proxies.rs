//! The shipped configurations of nginx and Caddy in front of a small API: the responses to the client, and
//! the identity headers that reach the API (S47 to S49).

mod api;
mod gate;
mod lax;
pub mod running;
mod spellings;
mod table;

use crate::{
    answer::Answer,
    browser::{Made, get},
    database::Database,
    machine::forward_auth::{IDENTITY, MISLEADING},
    world::{Setup, World},
};
use api::start_api;
use lax::Among;
use running::{Body, CLIENT, Kind, Proxy};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// A route that a full key opens.
const LIST: &str = "/v1/content/list";

/// The response to the client, without the parts that differ for each request.
fn refusal(answer: &Answer) -> (u16, Value, [String; 5]) {
    let mut body = answer.json();
    body["request_id"].take();
    let names = [
        "retry-after",
        "www-authenticate",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "cache-control",
    ];
    (
        answer.status,
        body,
        names.map(|name| answer.header(name).to_owned()),
    )
}

fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

/// The identity headers are those of the check, whatever the client sends.
async fn identity_is_not_forged(proxy: &Proxy, key: &Made) {
    let kind = proxy.kind;
    let authorization = bearer(&key.secret);
    let mut headers = vec![
        ("authorization", authorization.as_str()),
        ("x-account-id", "forged"),
        ("X-API-Key-ID", "forged"),
        ("x-api-key-name", "forged"),
        ("x-api-key-scopes", "forged"),
        ("x-request-id", "forged"),
        ("x-forwarded-for", "198.51.100.5"),
        ("x-forwarded-uri", "/v1/library/models"),
        ("x-forwarded-method", "DELETE"),
        ("x-original-uri", "/v1/library/models"),
    ];
    let passed = proxy.get("/v1/content/list?limit=5&q=a%20b", &headers).await;
    assert_eq!(passed.status, 200, "{kind:?} {}", passed.text());
    let seen = passed.json();
    assert_eq!(seen["target"], "/v1/content/list?limit=5&q=a%20b");
    assert_eq!(seen["headers"]["x-api-key-id"], key.id.as_str());
    assert_eq!(seen["headers"]["x-api-key-name"], "Zo%C3%AB");
    assert!(!passed.text().contains("forged"), "{kind:?} {}", passed.text());
    assert!(
        !passed.text().contains(&key.secret),
        "the API needs no key: {}",
        passed.text()
    );
    assert_eq!(passed.header("x-ratelimit-limit"), "6000", "{kind:?}");
    for name in ["x-ratelimit-remaining", "x-ratelimit-reset"] {
        let number = passed.header(name).parse::<u64>();
        assert!(number.is_ok_and(|number| number > 0), "{kind:?} {name}");
    }

    // A proxy removes the headers that the client names there (RFC 9110, section 7.6.1).
    let all = IDENTITY.join(", ") + ", x-request-id";
    headers.push(("connection", all.as_str()));
    let passed = proxy.get(LIST, &headers).await;
    assert_eq!(passed.status, 200, "{kind:?} {}", passed.text());
    let seen = passed.json();
    assert_eq!(seen["headers"]["x-api-key-id"], key.id.as_str(), "{kind:?}");
    for name in IDENTITY.into_iter().chain(["x-request-id"]) {
        let value = seen["headers"][name].as_str().unwrap_or_default();
        assert!(!["", "forged"].contains(&value), "{kind:?} {name}: {value}");
    }
}

/// Headers that an API may mistake for others are dropped. If nginx shares its port, the other site decides whether nginx
/// drops them, and this server refuses the request.
async fn misleading_headers_reach_no_api(proxy: &Proxy, key: &Made) {
    let key = bearer(&key.secret);
    for name in MISLEADING {
        let headers = [(name, "forged"), ("authorization", key.as_str())];
        let answer = proxy.get(LIST, &headers).await;
        let is_kept = proxy.kind == Kind::Nginx && proxy.among != Among::Nothing && name.contains(['_', '.']);
        let name = format!("{:?} {:?} {name}", proxy.kind, proxy.among);
        assert!(!answer.text().contains("forged"), "{name}: {}", answer.text());
        if is_kept {
            let code = answer.json()["error"]["code"].clone();
            assert_eq!((answer.status, code), (403, json!("BSE2405")), "{name}");
        } else {
            assert_eq!(answer.status, 200, "{name}");
        }
    }
}

/// Two `Authorization` headers are no key; nginx itself refuses them.
async fn two_keys_are_none(proxy: &Proxy, key: &Made) {
    let (key, other) = (bearer(&key.secret), bearer("x"));
    let (key, other) = (key.as_str(), other.as_str());
    for (first, second) in [(key, key), (key, other), (other, key)] {
        let headers = [("authorization", first), ("authorization", second)];
        let answer = proxy.get(LIST, &headers).await;
        match proxy.kind {
            Kind::Nginx => assert_eq!(answer.status, 400),
            Kind::Caddy => assert_eq!(answer.status, 401),
        }
    }
}

/// Refusals are those of `/v1`: status, envelope and headers.
async fn refusals_are_those_of_v1(proxy: &Proxy, world: &World, refused: &[(&str, Option<&str>, &str)]) {
    let kind = proxy.kind;
    for &(name, key, code) in refused {
        let direct = get(LIST).sent_from(CLIENT);
        let direct = match key {
            Some(key) => direct.bearer(key),
            None => direct,
        };
        let direct = world.send(direct).await;
        let value = key.map(bearer);
        let headers: Vec<_> = value
            .iter()
            .map(|value| ("authorization", value.as_str()))
            .collect();
        let through = proxy.get(LIST, &headers).await;
        assert_eq!(direct.json()["error"]["code"], code, "{name}");
        assert_eq!(refusal(&through), refusal(&direct), "{kind:?}: {name}");
        let id = through.json()["request_id"].clone();
        assert!(
            id.as_str().is_some_and(|id| id.starts_with("req_")),
            "{kind:?}: {name}"
        );
    }
}

/// The comment in the file says how pages of another origin can read a refusal.
async fn a_page_can_read_a_refusal(proxy: &Proxy) {
    let refused = proxy.get(LIST, &[("origin", lax::ORIGIN)]).await;
    assert_eq!(refused.status, 401, "{:?}", proxy.kind);
    assert_eq!(
        refused.header("access-control-allow-origin"),
        lax::ORIGIN,
        "{:?}",
        proxy.kind
    );
}

/// After a hundred unknown keys from one address; the clock does not move.
async fn too_many_unknown_keys_are_refused(proxy: &Proxy, world: &World) {
    for _ in 0..100 {
        world.send(get(LIST).sent_from(CLIENT).bearer("bye_x")).await;
    }
    let refused = [("too many unknown keys", Some("bye_x"), "BSE1006")];
    refusals_are_those_of_v1(proxy, world, &refused).await;
}

/// The server runs without its database: its own 503, whose request id tells it from the proxy's.
async fn an_unavailable_database_is_reported(proxy: &Proxy, world: &World, unasked: &Made) {
    world.app.recorder.flush().await;
    world.app.store.close().await;
    let key = Some(unasked.secret.as_str());
    let refused = [("a key that is not in memory", key, "BSE5003")];
    refusals_are_those_of_v1(proxy, world, &refused).await;
}

/// Without a response of the server, every request gets the proxy's own 503.
async fn nothing_passes(proxy: &Proxy, key: &str) {
    let (kind, key) = (proxy.kind, bearer(key));
    let answer = proxy.get(LIST, &[("authorization", key.as_str())]).await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["code"]),
        (503, &json!("BSE5003")),
        "{kind:?}"
    );
    assert_eq!(answer.header("retry-after"), "1", "{kind:?}");
}

/// Ambiguous paths, and paths of no route.
async fn odd_paths_are_refused(proxy: &Proxy, key: &Made) {
    let kind = proxy.kind;
    let key = bearer(&key.secret);
    for (path, code) in [
        ("/v1/nowhere", "BSE2404"),
        ("/v1/../v1/status", "BSE2405"),
        ("/v1/content/../status", "BSE2405"),
        ("/v1/%2e%2e/v1/status", "BSE2405"),
        ("/v1%2fstatus", "BSE2405"),
        ("//v1/status", "BSE2405"),
        ("/v1//status", "BSE2405"),
        ("/v1\\status", "BSE2405"),
        ("/v1/%5cstatus", "BSE2405"),
        ("/v1/content/%6eowhere/%6cist", "BSE2404"),
        ("/v1/status%00", "BSE2405"),
    ] {
        let answer = proxy.get(path, &[("authorization", key.as_str())]).await;
        if kind == Kind::Nginx && path.ends_with("%00") {
            assert_eq!(answer.status, 400, "nginx refuses it by itself");
            continue;
        }
        assert_eq!(answer.json()["error"]["code"], code, "{kind:?} {path}");
        let status = if code == "BSE2404" { 404 } else { 403 };
        assert_eq!(answer.status, status, "{kind:?} {path}");
    }
}

/// Methods and bodies reach the API unchanged.
async fn methods_and_bodies_pass(proxy: &Proxy, key: &Made) {
    const GENERATE: &str = "/v1/generate/image/bfl/flux-schnell";
    let kind = proxy.kind;
    let key = bearer(&key.secret);
    let with_key = [("authorization", key.as_str()), ("content-type", "text/plain")];
    for body in [Body::Whole("a whole body"), Body::Chunked("a who", "le body")] {
        let passed = proxy.send("POST", GENERATE, &with_key, body).await;
        assert_eq!(passed.status, 200, "{kind:?} {}", passed.text());
        let seen = passed.json();
        assert_eq!(
            (&seen["method"], &seen["target"], &seen["body"]),
            (&json!("POST"), &json!(GENERATE), &json!("a whole body")),
            "{kind:?}"
        );
        let refused = proxy.send("POST", GENERATE, &with_key[1..], body).await;
        assert_eq!(
            (refused.status, &refused.json()["error"]["code"]),
            (401, &json!("BSE1001")),
            "{kind:?}"
        );
    }
    let passed = proxy.send("DELETE", "/v1/content/7", &with_key, Body::None).await;
    assert_eq!(passed.json()["method"], "DELETE", "{kind:?}");
    let unknown = proxy.send("POST", LIST, &with_key, Body::None).await;
    assert_eq!(unknown.json()["error"]["code"], "BSE2404", "{kind:?}");

    let passed = proxy.send("HEAD", LIST, &with_key, Body::None).await;
    assert_eq!((passed.status, passed.text()), (200, ""), "{kind:?}");
    assert_eq!(passed.header("x-ratelimit-limit"), "6000", "{kind:?}");
    let refused = proxy.send("HEAD", LIST, &[], Body::None).await;
    assert_eq!((refused.status, refused.text()), (401, ""), "{kind:?}");
    assert_eq!(refused.header("www-authenticate"), r#"Bearer realm="api""#);
}

/// Responses of the API reach the client, even if they look like a refusal.
async fn answers_of_the_api_pass(proxy: &Proxy, key: &Made) {
    let kind = proxy.kind;
    let key = bearer(&key.secret);
    for status in [201, 401, 403, 404, 429, 500, 503] {
        let target = format!("{LIST}?answer={status}");
        let passed = proxy.get(&target, &[("authorization", key.as_str())]).await;
        assert_eq!(passed.status, status, "{kind:?}");
        let refusal = passed.json();
        assert_eq!(
            (&refusal["api"], &refusal["target"]),
            (&json!(true), &json!(target)),
            "{kind:?} {status}"
        );
        for name in ["retry-after", "www-authenticate", "cache-control"] {
            assert_eq!(passed.header(name), "", "{kind:?} {status}: {name}");
        }
    }
}

async fn story(kind: Kind, among: Among) {
    let setup = Setup {
        arguments: &["--trusted-proxies", "127.0.0.1"],
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    let ada = world.person("Ada Moss").await;
    let made = async |name, preset, allowlist, limit| {
        let fields = [
            ("name", name),
            ("preset", preset),
            ("allowlist", allowlist),
            ("rate_limit", limit),
        ];
        ada.key_with(&fields).await
    };
    let good = made("Zoë", "full_access", CLIENT, "").await;
    let narrow = made("narrow", "monitor_only", "", "").await;
    let elsewhere = made("elsewhere", "full_access", "198.51.100.5", "").await;
    let slow = made("slow", "full_access", "", "1").await;
    assert_eq!(world.code(&slow).await, 200, "its only request of the minute");
    let unasked = made("unasked", "full_access", "", "").await;
    let revoked = made("revoked", "full_access", "", "").await;
    ada.revoke(&[&revoked.id]).await;
    let unknown = babysea::domain::token::generate("bye_", |bytes| world.app.rng.fill(bytes));

    // A runtime of its own: dropping it ends every connection.
    let serving = Runtime::new().expect("a runtime");
    let server = world.serve_on(serving.handle());
    let proxy = Proxy::start_among(kind, among, server, start_api().await).await;

    identity_is_not_forged(&proxy, &good).await;
    misleading_headers_reach_no_api(&proxy, &good).await;
    two_keys_are_none(&proxy, &good).await;
    let refused = [
        ("no key", None, "BSE1001"),
        ("an unknown key", Some(unknown.expose()), "BSE1002"),
        ("a revoked key", Some(revoked.secret.as_str()), "BSE1002"),
        ("a missing scope", Some(narrow.secret.as_str()), "BSE1003"),
        ("another address", Some(elsewhere.secret.as_str()), "BSE1007"),
        ("over its limit", Some(slow.secret.as_str()), "BSE1005"),
    ];
    refusals_are_those_of_v1(&proxy, &world, &refused).await;
    odd_paths_are_refused(&proxy, &good).await;
    methods_and_bodies_pass(&proxy, &good).await;
    answers_of_the_api_pass(&proxy, &good).await;
    if among != Among::Nothing {
        a_page_can_read_a_refusal(&proxy).await;
    }
    too_many_unknown_keys_are_refused(&proxy, &world).await;

    // The remaining checks need no database.
    an_unavailable_database_is_reported(&proxy, &world, &unasked).await;
    serving.shutdown_background();
    nothing_passes(&proxy, &good.secret).await;

    // Also while the server accepts connections and never answers: the time-out is five seconds.
    if among != Among::Nothing {
        return;
    }
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let server = silent.local_addr().expect("its address");
    let proxy = Proxy::start(kind, server, start_api().await).await;
    nothing_passes(&proxy, &good.secret).await;
}

#[tokio::test]
async fn nginx_guards_an_api() {
    story(Kind::Nginx, Among::Nothing).await;
}

#[tokio::test]
async fn caddy_guards_an_api() {
    story(Kind::Caddy, Among::Nothing).await;
}

#[tokio::test]
async fn nginx_guards_an_api_among_lax_sites() {
    story(Kind::Nginx, Among::Lax).await;
}

#[tokio::test]
async fn caddy_guards_an_api_among_lax_sites() {
    story(Kind::Caddy, Among::Lax).await;
}
