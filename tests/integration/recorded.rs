//! Envoy and Traefik, by requests as they send them to whoever authorises. Neither is in Debian, so that neither runs
//! here: the texts below are written down after their documentation, with the shipped configurations (S47, S48).

use crate::{
    browser::{Call, call},
    database::Database,
    world::{Setup, World},
};

/// Traefik 3, forwardAuth: all headers of the client, and the request in `X-Forwarded-*`.
const TRAEFIK: &str = "GET /forward-auth
Host: 127.0.0.1:3000
User-Agent: curl/8.5.0
Accept: */*
Accept-Encoding: gzip
Authorization: Bearer KEY
X-Forwarded-For: 203.0.113.7
X-Forwarded-Host: api.example
X-Forwarded-Method: GET
X-Forwarded-Port: 443
X-Forwarded-Proto: https
X-Forwarded-Server: gateway
X-Forwarded-Uri: /v1/content/list?limit=5";

/// Envoy 1.3x, ext_authz over HTTP: the method and the path of the client behind the prefix, its Authorization, and the
/// headers that the configuration allows. Envoy's client adds Envoy's own address to `X-Forwarded-For`.
const ENVOY: &str = "GET /forward-auth/v1/content/list?limit=5
Host: api.example
User-Agent: curl/8.5.0
Authorization: Bearer KEY
Content-Length: 0
X-Forwarded-For: 198.51.100.99,203.0.113.7,10.0.0.5
X-Envoy-Internal: true
X-Envoy-Expected-Rq-Timeout-Ms: 5000";

/// The request in the text, with this key, from the proxy.
fn request(text: &str, key: &str) -> Call {
    let mut lines = text.lines();
    let (method, target) = lines
        .next()
        .and_then(|line| line.split_once(' '))
        .expect("a request line");
    lines.fold(call(method, target).sent_from("10.0.0.5"), |call, line| {
        let (name, value) = line.split_once(':').expect("a header");
        let name = Vec::leak(name.to_ascii_lowercase().into_bytes());
        let name = std::str::from_utf8(name).expect("text");
        call.header(name, value.trim().replace("KEY", key).as_str())
    })
}

#[tokio::test]
async fn their_requests_are_understood() {
    let setup = Setup {
        arguments: &["--trusted-proxies", "10.0.0.5"],
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    let ada = world.person("Ada Moss").await;
    let from = |name, allowlist| {
        [
            ("name", name),
            ("preset", "full_access"),
            ("allowlist", allowlist),
        ]
    };
    let good = ada.key_with(&from("here", "203.0.113.7")).await;
    let elsewhere = ada.key_with(&from("elsewhere", "198.51.100.99, 10.0.0.5")).await;
    let narrow = ada.key("narrow", "monitor_only").await;
    for (proxy, text) in [("Traefik", TRAEFIK), ("Envoy", ENVOY)] {
        let passed = world.send(request(text, &good.secret)).await;
        assert_eq!(passed.status, 200, "{proxy}: {}", passed.text());
        assert_eq!(passed.header("x-api-key-id"), good.id, "{proxy}");
        for (key, status, code) in [
            (&elsewhere.secret, 403, "BSE1007"),
            (&narrow, 403, "BSE1003"),
            (&"x".to_owned(), 401, "BSE1002"),
        ] {
            let refused = world.send(request(text, key)).await;
            assert_eq!(
                (refused.status, refused.json()["error"]["code"].as_str()),
                (status, Some(code)),
                "{proxy}"
            );
        }
        let odd = text.replace("content/list", "content/../list");
        assert_eq!(
            world.send(request(&odd, &good.secret)).await.status,
            403,
            "{proxy}"
        );
    }
}
