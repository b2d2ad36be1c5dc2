//! Compares the responses of `/v1` with the OpenAPI document: every status, header and field is described,
//! and every described error occurs.

use crate::{
    answer::Answer,
    browser::{Call, call, get},
    database::Database,
    schema::Document,
    world::{Setup, World, with_default},
};
use babysea::{
    domain::{catalog::Catalog, token},
    server::machine::error::kinds,
};
use serde_json::json;
use std::collections::BTreeSet;

const REPORT: &str = "/v1/keys/report-leak";

/// Code and reason of an error; empty for a success.
fn error(answer: &Answer) -> String {
    let body = answer.json();
    match (
        body["error"]["code"].as_str(),
        body["error"]["details"]["reason"].as_str(),
    ) {
        (Some(code), Some(reason)) => format!("{code}_{reason}"),
        _ => String::new(),
    }
}

/// Sends requests, and checks every response against the document.
struct Reader<'w> {
    world: &'w World,
    document: Document,
    seen: BTreeSet<String>,
}

impl<'w> Reader<'w> {
    async fn new(world: &'w World) -> Self {
        Self {
            world,
            document: Document::of(world).await,
            seen: BTreeSet::new(),
        }
    }

    async fn expect(&mut self, status: u16, call: Call) {
        let (method, path) = (call.method().to_owned(), call.path().to_owned());
        let answer = self.world.send(call).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        self.document.check(&method, &path, &answer);
        self.seen.insert(error(&answer));
    }

    async fn report(&mut self, status: u16, body: &str) {
        let call = call("POST", REPORT).body("application/json", body);
        self.expect(status, call).await;
    }
}

#[tokio::test]
async fn responses_match_the_document() {
    with_default("--catalog");
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let team = ada.team("Team").await;
    let key = ada.key("prod", "full_access").await;
    let mut reader = Reader::new(&world).await;
    let until = [("name", "until"), ("preset", "full_access"), ("expires", "7")];
    let until = ada.key_with(&until).await.secret;
    for secret in [&key, &team.key("team", "read_only").await, &until] {
        for path in ["/v1/status", "/v1/user/account", "/v1/usage", "/v1/usage?days=90"] {
            reader.expect(200, get(path).bearer(secret)).await;
        }
    }
    let answer = world.send(get("/v1/usage").bearer(&key)).await;
    assert_eq!(answer.json()["message"], "Usage retrieved successfully");
    for days in ["", "0", "91", "x", "-1", "1&days=2"] {
        let path = format!("/v1/usage?days={days}");
        reader.expect(400, get(&path).bearer(&key)).await;
    }
    world.app.recorder.flush().await;
    reader.expect(200, get("/v1/usage").bearer(&key)).await;
    for route in &Catalog::vendor().routes {
        let path = route
            .pattern
            .replace("{model_identifier}", "bfl/flux")
            .replace("{generation_id}", "7");
        let answered = ["/v1/status", "/v1/user/account", "/v1/usage"].contains(&&*path);
        let status = if answered { 200 } else { 501 };
        reader
            .expect(status, call(&route.method, &path).bearer(&key))
            .await;
        reader.expect(401, call(&route.method, &path)).await;
        reader
            .expect(401, call(&route.method, &path).bearer("bye_x"))
            .await;
    }

    let narrow = ada.key("narrow", "monitor_only").await;
    reader.expect(403, get("/v1/status").bearer(&narrow)).await;
    let guarded = [
        ("name", "guarded"),
        ("preset", "full_access"),
        ("allowlist", "203.0.113.7"),
    ];
    let guarded = ada.key_with(&guarded).await.secret;
    reader.expect(403, get("/v1/status").bearer(&guarded)).await;
    let empty = call("POST", "/v1/generate/image/bfl/").bearer(&key);
    reader.expect(404, empty).await;
    let unclear = call("POST", "/v1/generate/image/bfl/a%2Fb").bearer(&key);
    reader.expect(403, unclear).await;
    heads(&mut reader).await;

    reports(&mut reader, &narrow).await;
    reader.expect(401, get("/v1/status").bearer(&narrow)).await;

    world.advance(8 * 24 * 3_600_000);
    reader.expect(401, get("/v1/status").bearer(&until)).await;
    let seen = past_limits(reader.seen).await;

    // Every described error has occurred, except those of other tests: refusals of proxies, concurrent usage
    // requests, internal errors and a lost database. A deleted account deletes its keys, so its error cannot
    // occur here.
    let unseen = [
        &kinds::INTERNAL_ERROR,
        &kinds::ACCOUNT_NOT_FOUND,
        &kinds::UNTRUSTED_PROXY,
        &kinds::USAGE_BUSY,
        &kinds::USAGE_TOO_LONG,
        &kinds::UNANSWERED,
    ];
    let mut expected: BTreeSet<_> = kinds::ALL
        .iter()
        .filter(|kind| !unseen.contains(kind))
        .map(|kind| format!("{}_{}", kind.code, kind.reason))
        .collect();
    expected.insert(String::new());
    assert_eq!(seen, expected);
}

/// A well-formed key that does not exist.
fn unknown(seed: u8) -> String {
    let secret = token::generate("bye_", |bytes| bytes.fill(seed));
    secret.expose().to_owned()
}

/// Headers that are too large, too many, or name no host.
async fn heads(reader: &mut Reader<'_>) {
    for (method, path) in [
        ("GET", "/v1/status"),
        ("GET", "/v1/openapi.json"),
        ("POST", REPORT),
    ] {
        let large = call(method, path).header("x-filled", &"x".repeat(17_000));
        reader.expect(431, large).await;
        let many = (0..101).fold(call(method, path), |call, _| call.header("x-many", "x"));
        reader.expect(431, many).await;
        let wrong = call(method, path).header("host", "a b");
        reader.expect(400, wrong).await;
    }
}

/// Reports of the key, and invalid reports.
async fn reports(reader: &mut Reader<'_>, secret: &str) {
    let reported = json!({ "key": secret }).to_string();
    reader.report(200, &reported).await;
    reader.report(200, &reported).await;
    let several = json!({ "key": format!("{secret}\n{}", unknown(9)) }).to_string();
    reader.report(200, &several).await;
    reader
        .report(401, &json!({ "key": unknown(9) }).to_string())
        .await;
    for wrong in [
        "",
        r#"{"key": "bye_x"}"#,
        "[]",
        "{",
        r#"{"key": 1}"#,
        r#"{"key": "a", "key": "b"}"#,
        "{\"key\": \"\u{0}\"}",
    ] {
        reader.report(400, wrong).await;
    }
    let long = format!("{{\"key\": \"{}\"}}", "x".repeat(17_000));
    reader.report(413, &long).await;
    for type_ in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "",
        "application/jsonp",
    ] {
        let call = call("POST", REPORT).body(type_, reported.clone());
        reader.expect(400, call).await;
    }
    let streamed = call("POST", REPORT).streamed("application/json; charset=utf-8", long.into());
    reader.expect(413, streamed).await;
}

/// Requests over every limit, and without a database; extends `seen`.
async fn past_limits(seen: BTreeSet<String>) -> BTreeSet<String> {
    let setup = Setup {
        arguments: &["--rate-limit", "1", "--auth-limit", "1"],
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    let key = world.person("Ada Moss").await.key("prod", "full_access").await;
    let mut reader = Reader {
        seen,
        ..Reader::new(&world).await
    };
    reader.expect(200, get("/v1/status").bearer(&key)).await;
    reader.expect(429, get("/v1/status").bearer(&key)).await;
    reader.expect(401, get("/v1/status").bearer("bye_x")).await;
    reader.expect(429, get("/v1/status").bearer("bye_x")).await;
    reader.report(429, r#"{"key": "bye_x"}"#).await;
    let quoted = get("/v1/status").bearer(&format!("\"{key}\""));
    reader.expect(401, quoted).await;
    let known = json!({ "key": key }).to_string();
    world.advance(60_000);
    world.app.store.close().await;
    world.app.store.changes().drop_all();
    reader.expect(503, get("/v1/status").bearer(&key)).await;
    reader.report(503, &known).await;
    reader.seen
}
