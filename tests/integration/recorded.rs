//! Envoy and Traefik. Neither is in Debian, so that neither runs here, and nothing below was recorded from one: the
//! requests are written after their documentation (doc.traefik.io, `ForwardAuth`; envoyproxy.io, `ExtAuthz`), as each
//! would send them with its shipped configuration. What of that configuration the answers rely on is read in the files,
//! line by line, since there is no parser of YAML among the dependencies (S47, S48).

use crate::{
    browser::{Call, call},
    database::Database,
    forward_auth::{IDENTITY, MISLEADING},
    world::{Setup, World},
};

const TRAEFIK_FILE: &str = include_str!("../../examples/traefik/babysea.yaml");
const ENVOY_FILE: &str = include_str!("../../examples/envoy/envoy.yaml");

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

/// Envoy 1.25 and later, ext_authz over HTTP: the method and the path of the client behind the prefix, its
/// Authorization, and the headers that the configuration allows. Envoy's client adds Envoy's own address to
/// `X-Forwarded-For`.
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
        assert_eq!(passed.header("x-ratelimit-limit"), "6000", "{proxy}");
        for name in passed_on() {
            assert_ne!(passed.header(name), "", "{proxy}: {name}");
        }
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
        for odd in [
            text.replace("content/list", "content/../list"),
            format!("{text}\nX.Account.Id: forged"),
            format!("{text}\nX_Account_Id: forged"),
            format!("{text}\nX-HTTP-Method-Override: DELETE"),
        ] {
            let refused = world.send(request(&odd, &good.secret)).await;
            assert_eq!(
                (refused.status, refused.json()["error"]["code"].as_str()),
                (403, Some("BSE2405")),
                "{proxy}: {odd}"
            );
        }
    }
}

/// What the guarded API is told with a request that passes.
fn passed_on() -> impl Iterator<Item = &'static str> {
    IDENTITY.into_iter().chain(["x-request-id"])
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// What is below the only `key:` in a text of YAML, or beside it. Comments are left out.
fn value(text: &str, key: &str) -> String {
    let start = format!("{key}:");
    let mut lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let own = lines
        .by_ref()
        .find(|line| line.trim_start().starts_with(&start))
        .unwrap_or_else(|| panic!("no {key}"));
    let beside = own.trim_start()[start.len()..].trim();
    let rest: Vec<_> = lines.collect();
    let again = rest.iter().any(|line| line.trim_start().starts_with(&start));
    assert!(!again, "{key} twice");
    if !beside.is_empty() {
        return beside.to_owned();
    }
    let below = rest.into_iter().take_while(|line| indent(line) > indent(own));
    below.collect::<Vec<_>>().join("\n")
}

/// The lines of a block, without their indentation.
fn items(block: &str) -> Vec<&str> {
    block.lines().map(str::trim).collect()
}

/// A list of Envoy's that matches these names.
fn patterns(names: impl IntoIterator<Item = &'static str>) -> Vec<String> {
    let exact = names.into_iter().map(|name| format!("- {{ exact: {name} }}"));
    ["patterns:".to_owned()].into_iter().chain(exact).collect()
}

#[test]
fn envoys_file_says_what_the_answers_rely_on() {
    for (key, expected) in [
        ("failure_mode_allow", "false"),
        ("status_on_error", "{ code: ServiceUnavailable }"),
        ("path_prefix", "/forward-auth"),
        ("normalize_path", "false"),
        ("merge_slashes", "false"),
        ("use_remote_address", "true"),
        ("xff_num_trusted_hops", "0"),
        (
            "common_http_protocol_options",
            "{ headers_with_underscores_action: REJECT_REQUEST }",
        ),
    ] {
        assert_eq!(value(ENVOY_FILE, key), expected, "{key}");
    }
    let block = |key| value(ENVOY_FILE, key);
    assert_eq!(
        items(&block("allowed_upstream_headers")),
        patterns(passed_on()),
        "every one of them, or the client's own copy is the one that passes"
    );
    let is_plain = |name: &&str| !name.contains(['_', '.']);
    let removed = ["authorization"]
        .into_iter()
        .chain(MISLEADING.into_iter().filter(is_plain));
    let removed: Vec<_> = removed.map(|name| format!("- {name}")).collect();
    assert_eq!(items(&block("request_headers_to_remove")), removed);
    let mut asked = patterns(["x-forwarded-for", "user-agent"]);
    asked.push(r#"- { safe_regex: { regex: "[a-z0-9].*[^a-z0-9-].*" } }"#.to_owned());
    assert_eq!(items(&block("allowed_headers")), asked);
    let limits = "- { prefix: x-ratelimit- }";
    assert_eq!(
        items(&block("allowed_client_headers_on_success")),
        ["patterns:", limits]
    );
    let mut refusal = patterns(["cache-control", "content-type", "retry-after", "www-authenticate"]);
    refusal.push(limits.to_owned());
    refusal.push("- { exact: x-request-id }".to_owned());
    assert_eq!(items(&block("allowed_client_headers")), refusal);
}

#[test]
fn traefiks_file_says_what_the_answers_rely_on() {
    let file = TRAEFIK_FILE;
    assert_eq!(
        value(&value(file, "routers"), "middlewares"),
        "[own-headers, babysea, no-key]",
        "what the client sent goes before the question, and the key after it"
    );
    let asked = value(file, "forwardAuth");
    assert_eq!(value(&asked, "address"), "http://127.0.0.1:3000/forward-auth");
    assert_eq!(value(&asked, "trustForwardHeader"), "false");
    let told = value(&asked, "authResponseHeaders").to_lowercase();
    let expected: Vec<_> = passed_on().map(|name| format!("- {name}")).collect();
    assert_eq!(items(&told), expected);
    let removed = |middleware| value(&value(file, middleware), "customRequestHeaders").to_lowercase();
    let own: Vec<_> = ["x-original-method", "x-original-uri"]
        .into_iter()
        .chain(IDENTITY)
        .map(|name| format!("{name}: \"\""))
        .collect();
    assert_eq!(items(&removed("own-headers")), own);
    assert_eq!(items(&removed("no-key")), ["authorization: \"\""]);
}

#[test]
fn both_files_are_indented_as_yaml_is() {
    for file in [TRAEFIK_FILE, ENVOY_FILE] {
        for line in file.lines() {
            let even = indent(line).is_multiple_of(2);
            assert!(even && !line.contains('\t'), "{line:?}");
        }
    }
}
