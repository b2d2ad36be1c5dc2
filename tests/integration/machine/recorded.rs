//! Envoy and Traefik. Debian has neither, so they do not run here, and no request below was recorded: the
//! requests are written after the documentation (doc.traefik.io, `ForwardAuth`; envoyproxy.io, `ExtAuthz`),
//! as each proxy would send them with its shipped configuration. The settings on which that relies are
//! checked in the files (S47, S48).

use crate::{
    browser::{Call, call},
    database::Database,
    machine::forward_auth::{IDENTITY, MISLEADING},
    world::{Setup, World},
};
use serde_json::{Value, json};

const TRAEFIK_FILE: &str = include_str!("../../../examples/traefik/babysea.yaml");
const NGINX_FILE: &str = include_str!("../../../examples/nginx/babysea.conf");
const ENVOY_FILE: &str = include_str!("../../../examples/envoy/envoy.yaml");

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

/// Identity headers that the guarded API gets with an accepted request.
fn passed_on() -> impl Iterator<Item = &'static str> {
    IDENTITY.into_iter().chain(["x-request-id"])
}

/// The value of this key, which occurs once in a file.
fn value<'f>(file: &'f Value, key: &str) -> &'f Value {
    fn all<'f>(value: &'f Value, key: &str, found: &mut Vec<&'f Value>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get(key));
                fields.values().for_each(|value| all(value, key, found));
            }
            Value::Array(items) => items.iter().for_each(|value| all(value, key, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    all(file, key, &mut found);
    assert_eq!(found.len(), 1, "{key}");
    found[0]
}

/// Envoy's patterns that match exactly these names.
fn exact(names: impl IntoIterator<Item = &'static str>) -> Vec<Value> {
    let exact = names.into_iter().map(|name| json!({ "exact": name }));
    exact.collect()
}

/// Traefik's header names are not case-sensitive.
fn lower_case(value: &Value) -> Value {
    serde_json::from_str(&value.to_string().to_lowercase()).expect("it was JSON before")
}

#[test]
fn envoys_file_has_the_settings_that_the_responses_rely_on() {
    let file: Value = serde_saphyr::from_str(ENVOY_FILE).expect("YAML");
    for (key, expected) in [
        ("failure_mode_allow", json!(false)),
        ("status_on_error", json!({ "code": "ServiceUnavailable" })),
        ("path_prefix", json!("/forward-auth")),
        ("normalize_path", json!(false)),
        ("merge_slashes", json!(false)),
        ("use_remote_address", json!(true)),
        ("xff_num_trusted_hops", json!(0)),
        (
            "common_http_protocol_options",
            json!({ "headers_with_underscores_action": "REJECT_REQUEST" }),
        ),
        // Upgrades, and responses that take long.
        ("upgrade_configs", json!([{ "upgrade_type": "websocket" }])),
        ("stream_idle_timeout", json!("0s")),
    ] {
        assert_eq!(value(&file, key), &expected, "{key}");
    }
    let patterns = |key| &value(&file, key)["patterns"];
    assert_eq!(
        patterns("allowed_upstream_headers"),
        &json!(exact(passed_on())),
        "every one of them, or the client's own copy is the one that passes"
    );
    let is_plain = |name: &&str| !name.contains(['_', '.']);
    let removed = ["authorization"]
        .into_iter()
        .chain(MISLEADING.into_iter().filter(is_plain));
    let removed: Vec<_> = removed.collect();
    let host = &value(&file, "virtual_hosts")[0];
    assert_eq!(host["request_headers_to_remove"], json!(removed));
    let routes = host["routes"].as_array().expect("routes");
    let (last, open) = routes.split_last().expect("a route");
    let guarded = json!({ "match": { "prefix": "/" }, "route": { "cluster": "api", "timeout": "0s" } });
    assert_eq!(last, &guarded);
    for route in open {
        assert_eq!(value(route, "disabled"), &json!(true));
        assert_eq!(route["request_headers_to_remove"], json!(IDENTITY));
    }
    let [preflight, challenge] = open else {
        panic!("two kinds of requests without a key: {open:?}")
    };
    let present = |name| json!({ "name": name, "present_match": true });
    let absent = |name| json!({ "name": name, "present_match": true, "invert_match": true });
    let conditions = json!([
        { "name": ":method", "string_match": { "exact": "OPTIONS" } },
        present("origin"),
        present("access-control-request-method"),
        absent("content-length"),
        absent("transfer-encoding"),
    ]);
    assert_eq!(preflight["match"]["headers"], conditions);
    assert_eq!(
        challenge["match"]["safe_regex"]["regex"],
        r"/\.well-known/acme-challenge/[A-Za-z0-9_-]+"
    );
    let mut asked = exact(["x-forwarded-for", "user-agent"]);
    asked.push(json!({ "safe_regex": { "regex": "[a-z0-9].*[^a-z0-9-].*" } }));
    assert_eq!(patterns("allowed_headers"), &json!(asked));
    let limits = json!({ "prefix": "x-ratelimit-" });
    assert_eq!(patterns("allowed_client_headers_on_success"), &json!([limits]));
    let mut refusal = exact(["cache-control", "content-type", "retry-after", "www-authenticate"]);
    refusal.push(limits);
    refusal.extend(exact(["x-request-id"]));
    assert_eq!(patterns("allowed_client_headers"), &json!(refusal));
}

#[test]
fn traefiks_file_has_the_settings_that_the_responses_rely_on() {
    let file: Value = serde_saphyr::from_str(TRAEFIK_FILE).expect("YAML");
    assert_eq!(
        file["http"]["routers"]["api"]["middlewares"],
        json!(["own-headers", "babysea", "no-key"]),
        "what the client sent goes before the question, and the key after it"
    );
    let asked = value(&file, "forwardAuth");
    assert_eq!(asked["address"], "http://127.0.0.1:3000/forward-auth");
    assert_eq!(asked["trustForwardHeader"], false);
    let told = lower_case(&asked["authResponseHeaders"]);
    assert_eq!(told, json!(passed_on().collect::<Vec<_>>()));
    let removed = |middleware| lower_case(value(value(&file, middleware), "customRequestHeaders"));
    let own = [
        "x-original-method",
        "x-original-uri",
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
        "x-original-url",
        "x-rewrite-url",
    ];
    let own = own.into_iter().chain(IDENTITY);
    let own: serde_json::Map<_, _> = own.map(|name| (name.to_owned(), json!(""))).collect();
    assert_eq!(removed("own-headers"), Value::Object(own));
    assert_eq!(removed("no-key"), json!({ "authorization": "" }));
    assert_eq!(removed("no-upgrade"), json!({ "upgrade": "" }));
    assert_eq!(value(&file, "maxRequestBodyBytes"), 1);
    let routers = file["http"]["routers"].as_object().expect("routers");
    let (mut guarded, mut open) = (Vec::new(), Vec::new());
    for (name, router) in routers {
        let asks = router["middlewares"]
            .as_array()
            .is_some_and(|all| all.contains(&json!("babysea")));
        if asks { &mut guarded } else { &mut open }.push(name.as_str());
        let priority = router["priority"].as_u64().expect("a priority");
        assert_eq!(
            priority == 1000,
            name == "api",
            "{name}: more than the router for all requests"
        );
    }
    guarded.sort_unstable();
    open.sort_unstable();
    assert_eq!(guarded, ["api", "api-http2"]);
    assert_eq!(open, ["open", "preflight"]);
    for name in open {
        assert_eq!(
            routers[name]["middlewares"],
            json!(["no-upgrade", "no-body", "own-headers", "no-key"]),
            "{name}"
        );
    }
}

/// What another part of the configuration decides, or must not do, is said before the first setting.
#[test]
fn each_file_says_what_it_rests_on() {
    for (file, words) in [
        (NGINX_FILE, ["large_client_header_buffers", "Other servers"]),
        (
            TRAEFIK_FILE,
            ["forwardedHeaders", "respondingTimeouts.readTimeout"],
        ),
        (ENVOY_FILE, ["HttpConnectionManager", "other listeners"]),
    ] {
        let head: String = file.lines().take_while(|line| line.starts_with('#')).collect();
        for word in words {
            assert!(head.contains(word), "{word} in {head}");
        }
    }
}

#[test]
fn a_duplicate_key_in_a_file_is_refused() {
    let twice = "http:\n  routers: {}\n  routers: {}\n";
    assert!(serde_saphyr::from_str::<Value>(twice).is_err());
}
