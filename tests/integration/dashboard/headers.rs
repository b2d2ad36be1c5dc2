//! Headers of every kind of response (S63 to S65), and the size limit of forms.

use crate::{
    answer::{Answer, nonce},
    browser::{Call, call, form, get},
    database::Database,
    world::{HTTPS_ORIGIN, PASSWORD, Setup, World},
};
use std::collections::BTreeSet;

const FORM: &str = "application/x-www-form-urlencoded";
const LIMIT: usize = 64 * 1024;

const ALWAYS: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), payment=(), clipboard-read=()",
    ),
];

fn page_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
    )
}

/// A request for every kind of response: status, and whether it is a page.
fn kinds(key: &str, keys: &str) -> Vec<(Call, u16, bool)> {
    let wrong = [("email", "ada@example.com"), ("password", "wrong")];
    let right = [("email", "ada-moss@example.com"), ("password", PASSWORD)];
    let large = vec![b'a'; LIMIT + 1];
    vec![
        (get("/sign-in"), 200, true),
        (get("/sign-up"), 200, true),
        (get(keys), 200, true),
        (get(&format!("{keys}?dialog=create")), 200, true),
        (get("/"), 303, false),
        (get("/nowhere"), 404, true),
        (get("/home/nowhere/api-keys"), 404, true),
        (get("/pkg/nowhere.js"), 404, true),
        (get("/favicon.svg"), 200, false),
        (get("/robots.txt"), 200, false),
        (get("/healthz"), 200, false),
        (get("/sign-out"), 405, true),
        (call("PUT", "/sign-in").own_page(), 405, true),
        (call("POST", "/favicon.svg").own_page(), 405, true),
        (call("POST", "/sign-in"), 403, true),
        (form("/sign-in", &wrong), 422, true),
        (form("/sign-up", &[]), 422, true),
        (form(keys, &[]), 422, true),
        (form("/sign-in", &right), 303, false),
        (form("/api/session/sign-in", &wrong), 422, false),
        (form("/api/session/sign-in", &right), 200, false),
        (form("/api/nowhere", &[]), 404, false),
        (get("/api/session/sign-in"), 405, false),
        (
            call("POST", "/api/session/sign-in")
                .own_page()
                .body("text/plain", "x"),
            415,
            false,
        ),
        (
            call("POST", "/api/session/sign-in")
                .own_page()
                .body(FORM, large.clone()),
            413,
            false,
        ),
        (call("POST", "/sign-in").own_page().body(FORM, large), 413, true),
        (get("/v1/status").bearer(key), 200, false),
        (get("/v1/status"), 401, false),
        (get("/v1/nowhere"), 404, false),
        (get("/v1/usage?days=0").bearer(key), 400, false),
        (get("/v1/user/billing").bearer(key), 501, false),
    ]
}

fn assert_headers(answer: &Answer, path: &str, is_page: bool, https: bool) {
    let case = format!("{path}: {}", answer.status);
    for (name, value) in ALWAYS {
        assert_eq!(answer.header(name), value, "{case}");
    }
    let transport = if https { "max-age=31536000" } else { "" };
    assert_eq!(answer.header("strict-transport-security"), transport, "{case}");
    let may_be_kept = matches!(path, "/favicon.svg" | "/robots.txt") && answer.status == 200;
    assert_eq!(
        answer.header("cache-control") == "no-store",
        !may_be_kept,
        "{case}: {}",
        answer.header("cache-control")
    );
    let policy = answer.header("content-security-policy");
    if is_page {
        let nonce = nonce(policy).unwrap_or_else(|| panic!("{case}: {policy}"));
        assert_eq!(policy, page_policy(nonce), "{case}");
        assert!(answer.header("content-type").starts_with("text/html"), "{case}");
    } else {
        assert_eq!(
            policy, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
            "{case}"
        );
        assert!(!answer.header("content-type").starts_with("text/html"), "{case}");
    }
    assert!(answer.header("x-request-id").starts_with("req_"), "{case}");
    assert_eq!(answer.all("server"), Vec::<&str>::new(), "{case}");
}

#[tokio::test]
async fn every_kind_of_answer_has_its_headers() {
    for origin in ["http://127.0.0.1:3000", HTTPS_ORIGIN] {
        let setup = Setup {
            origin,
            ..Setup::default()
        };
        let world = World::with(Database::sqlite(), setup).await;
        let ada = world.person("Ada Moss").await;
        let key = ada.key("prod", "full_access").await;
        for (call, status, is_page) in kinds(&key, &ada.keys()) {
            let path = call.path().to_owned();
            let answer = ada.send(call).await;
            assert_eq!(
                answer.status,
                status,
                "{path}: {}",
                String::from_utf8_lossy(&answer.body)
            );
            assert_headers(&answer, &path, is_page, origin == HTTPS_ORIGIN);
        }
        world.app.store.close().await;
        let answer = ada.get(&ada.keys()).await;
        assert_eq!(answer.status, 503);
        assert_headers(&answer, "the database is away", true, origin == HTTPS_ORIGIN);
    }
}

#[tokio::test]
async fn scripts_and_styles_of_a_page_carry_its_nonce_and_nothing_is_inline() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let key = ada.key("prod", "full_access").await;
    let mut nonces = BTreeSet::new();
    for (call, _, is_page) in kinds(&key, &ada.keys()) {
        let path = call.path().to_owned();
        let page = ada.send(call).await;
        if !is_page {
            continue;
        }
        let nonce = nonce(page.header("content-security-policy"))
            .expect("a nonce")
            .to_owned();
        // 128 bits in base64.
        assert!(nonce.trim_end_matches('=').len() >= 22, "{path}: {nonce}");
        let tags = page.tags();
        assert!(tags.iter().any(|tag| tag.name == "script"), "{path}");
        for tag in &tags {
            if matches!(tag.name.as_str(), "script" | "style") {
                assert_eq!(tag.get("nonce"), Some(nonce.as_str()), "{path}: {tag:?}");
            }
            for (name, value) in &tag.attributes {
                assert!(name != "style" && !name.starts_with("on"), "{path}: {tag:?}");
                assert!(
                    !value.trim_start().to_lowercase().starts_with("javascript:"),
                    "{path}: {tag:?}"
                );
            }
        }
        assert!(nonces.insert(nonce), "{path}: a nonce twice");
    }
    assert!(nonces.len() > 8, "{nonces:?}");
}

#[tokio::test]
async fn responses_have_a_media_type_and_are_compressed_on_request() {
    let world = World::sqlite().await;
    for (accept, coding) in [
        ("", ""),
        ("br", "br"),
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("br;q=0, gzip", "gzip"),
        ("identity", ""),
    ] {
        let answer = world
            .send(get("/sign-in").header("accept-encoding", accept))
            .await;
        assert_eq!(
            (answer.status, answer.header("content-encoding")),
            (200, coding),
            "{accept}"
        );
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert!(
            answer
                .all("vary")
                .iter()
                .any(|vary| vary.eq_ignore_ascii_case("accept-encoding")),
            "{accept}"
        );
    }
}
