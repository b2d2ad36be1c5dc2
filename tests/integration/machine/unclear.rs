//! Requests that can be read in two ways, or match no route: which part it was, and what would pass (S47, S100).

use crate::{
    answer::Answer,
    browser::{Call, call, get},
    database::{Database, both},
    program::Program,
    world::{Setup, World},
};
use serde_json::{Value, json};

const PROXY: &str = "10.0.0.1";

/// A subrequest of Caddy for this request.
fn caddy(method: &str, target: &str) -> Call {
    let call = get("/forward-auth").header("x-forwarded-method", method);
    call.header("x-forwarded-uri", target).sent_from(PROXY)
}

/// A subrequest of nginx.
fn nginx(method: &str, target: &str) -> Call {
    let call = get("/forward-auth-nginx").header("x-original-method", method);
    call.header("x-original-uri", target).sent_from(PROXY)
}

/// A subrequest of Envoy.
fn envoy(method: &str, target: &str) -> Call {
    call(method, &format!("/forward-auth{target}")).sent_from(PROXY)
}

type Ask = fn(&str, &str) -> Call;

const PROXIES: [Ask; 3] = [caddy, nginx, envoy];

async fn guarded(database: Database) -> World {
    let setup = Setup {
        arguments: &["--trusted-proxies", PROXY],
        ..Setup::default()
    };
    World::with(database, setup).await
}

/// The error of a refusal, also of one for nginx.
fn error(answer: &Answer) -> Value {
    let envelope = match answer.header("x-auth-body") {
        "" => answer.json(),
        envelope => serde_json::from_str(envelope).expect("an envelope"),
    };
    envelope["error"].clone()
}

/// Asserts the part, what was found in it, and a sentence with these words.
fn assert_names(error: &Value, part: &str, found: Option<&str>, words: &str) {
    assert_eq!(
        (&error["code"], &error["retryable"]),
        (&json!("BSE2405"), &json!(false)),
        "{error}"
    );
    let details = &error["details"];
    assert_eq!(details["reason"], "unclear_request", "{error}");
    assert_eq!(
        (&details["part"], details["found"].as_str()),
        (&json!(part), found),
        "{error}"
    );
    let message = error["message"].as_str().expect("a sentence");
    assert!(message.contains(words) && message.is_ascii(), "{words}: {error}");
}

#[tokio::test]
async fn a_refused_path_names_the_character() {
    let world = guarded(Database::sqlite()).await;
    let key = world.person("Ada Moss").await.key("prod", "full_access").await;
    for (path, found, words) in [
        ("/v1/content/a%2Fb", "%2F", "in the query"),
        ("/v1/content/a%5cb", "%5c", "a backslash"),
        ("/v1/content/100%25", "%25", "another escape"),
        ("/v1/content/a;v=1", ";", "in the query"),
        ("/v1/content/a%3Bv", "%3B", "in the query"),
        ("/v1/content/%2e%2e", "%2e", "the dot itself"),
        ("/v1/content/a%00", "%00", "Leave it out"),
        ("/v1/content/50%", "%", "as %25"),
        ("/v1/content/..", "..", "leads to"),
        ("/v1//content/7", "//", "a single slash"),
        ("/v1/content/a\"b", "\"", "as %22"),
    ] {
        for ask in PROXIES {
            let answer = world.send(ask("GET", path).bearer(&key)).await;
            assert_names(&error(&answer), "path", Some(found), words);
        }
    }
    // These reach the server in headers only.
    for (path, found, words) in [
        ("/v1\\status", Some("\\"), "a slash"),
        ("/v1/content/a|b", Some("|"), "as %7C"),
        ("*", None, "begin with a slash"),
    ] {
        for ask in [caddy, nginx] {
            let answer = world.send(ask("GET", path).bearer(&key)).await;
            assert_names(&error(&answer), "path", found, words);
        }
    }
    let raw = axum::http::HeaderValue::from_bytes(b"/v1/content/\xc3\xbc?q=\xff").expect("a value");
    let asked = get("/forward-auth")
        .header("x-forwarded-method", "GET")
        .sent_from(PROXY);
    let answer = world.send(asked.raw_header("x-forwarded-uri", raw)).await;
    assert_names(&error(&answer), "path", Some("%C3%BC"), "as %C3%BC");
}

#[tokio::test]
async fn a_refused_header_or_method_is_named_and_no_value_is_quoted() {
    let world = guarded(Database::sqlite()).await;
    let key = world.person("Ada Moss").await.key("prod", "full_access").await;
    for ask in PROXIES {
        for (name, words) in [
            ("x_account_id", "mistaken for x-account-id"),
            ("x.forwarded.for", "mistaken for x-forwarded-for"),
            ("x-http-method-override", "another method or path"),
            ("x_rewrite_url", "another method or path"),
        ] {
            let answer = world.send(ask("GET", "/v1/status").header(name, &key)).await;
            assert_names(&error(&answer), "header", Some(name), words);
            assert!(!format!("{:?}", answer.comparable()).contains(&key), "{name}");
        }
    }
    for (ask, own, other) in [
        (caddy as Ask, "x-forwarded-uri", "x-original-uri"),
        (nginx, "x-original-uri", "x-forwarded-uri"),
    ] {
        let answer = world
            .send(ask("GET", "/v1/status").header(other, "/v1/usage"))
            .await;
        assert_names(&error(&answer), "header", Some(other), "another request");
        let answer = world
            .send(ask("GET", "/v1/status").header(own, "/v1/status"))
            .await;
        assert_names(&error(&answer), "header", Some(own), "more than once");
        let answer = world.send(ask("get", "/v1/status")).await;
        assert_names(&error(&answer), "method", Some("g"), "such as GET");
    }
    let nothing = world.send(get("/forward-auth").sent_from(PROXY)).await;
    assert_names(
        &error(&nothing),
        "header",
        Some("x-forwarded-method"),
        "Guard your API",
    );
    // A path can hold a key: it is not quoted.
    let answer = world.send(caddy("GET", &format!("/v1//{key}"))).await;
    assert_names(&error(&answer), "path", Some("//"), "a single slash");
    assert!(!answer.text().contains(&key));
}

both!(
    an_escape_of_a_plain_character_has_one_meaning,
    async |database: Database| {
        let world = guarded(database).await;
        let ada = world.person("Ada Moss").await;
        let good = ada.key("prod", "full_access").await;
        let narrow = ada.key("narrow", "monitor_only").await;
        for (path, at_v1) in [
            ("/v1/status", 200),
            ("/v1/content/a~b-c_7", 501),
            ("/v1/nowhere", 404),
        ] {
            let letters = path.char_indices().filter(|(_, c)| *c != '/');
            let mut spellings: Vec<_> = letters
                .map(|(at, c)| format!("{}%{:02X}{}", &path[..at], u32::from(c), &path[at + 1..]))
                .collect();
            let all = path.bytes().map(|byte| match byte {
                b'/' => "/".to_owned(),
                byte => format!("%{byte:02x}"),
            });
            spellings.push(all.collect());
            for key in [&good, &narrow] {
                let plain = world.send(caddy("GET", path).bearer(key)).await;
                for spelling in &spellings {
                    // A key that is refused more than 60 times in a minute gets another refusal.
                    world.advance(60_000);
                    for ask in PROXIES {
                        let answer = world.send(ask("GET", spelling).bearer(key)).await;
                        let proper = match answer.header("x-auth-status") {
                            "" => answer.status,
                            proper => proper.parse().expect("a status"),
                        };
                        assert_eq!(proper, plain.status, "{spelling}");
                    }
                    // `/v1` itself must be spelled plainly to reach the machine API.
                    if spelling.starts_with("/v1/") {
                        let direct = world.send(get(spelling).bearer(key)).await;
                        let expected = if plain.status == 200 { at_v1 } else { plain.status };
                        assert_eq!(direct.status, expected, "{spelling}");
                    }
                }
            }
        }
        world.app.recorder.flush().await;
        let routes = "SELECT DISTINCT route FROM request_logs ORDER BY route";
        assert_eq!(
            world.database.texts(routes).await,
            ["/v1/content/{generation_id}", "/v1/status"]
        );
        let sent = "SELECT DISTINCT path FROM request_logs WHERE path = '/v1/%73tatus'";
        assert_eq!(
            world.database.text(sent).await,
            "/v1/%73tatus",
            "the log has the path as it was sent"
        );
    }
);

#[tokio::test]
async fn what_the_gate_cannot_read_does_not_pass_v1_either() {
    let world = guarded(Database::sqlite()).await;
    let key = world.person("Ada Moss").await.key("prod", "full_access").await;
    for path in [
        "/v1/content/a%2Fb",
        "/v1/content/a;v=1",
        "/v1/content/%2e%2e",
        "/v1/content/50%",
    ] {
        let [behind, direct] = [caddy("GET", path), get(path)].map(|call| call.bearer(&key));
        let (behind, direct) = (world.send(behind).await, world.send(direct).await);
        assert_eq!((behind.status, direct.status), (403, 403), "{path}");
        assert_eq!(error(&behind), error(&direct), "{path}");
    }
}

#[tokio::test]
async fn a_request_without_a_route_says_whether_it_is_the_method_or_the_path() {
    let world = guarded(Database::sqlite()).await;
    let key = world.person("Ada Moss").await.key("prod", "full_access").await;
    for (method, path, part, words) in [
        ("POST", "/v1/status", "method", "Send GET or HEAD."),
        ("PUT", "/v1/content/7", "method", "DELETE"),
        ("GET", "/v1/status/", "path", "slash at the end"),
        ("GET", "/v1/Status", "path", "capital and small letters"),
        ("GET", "/v1/nowhere", "path", "check the path"),
    ] {
        for call in [caddy(method, path), nginx(method, path), call(method, path)] {
            let error = error(&world.send(call.bearer(&key)).await);
            assert_eq!(
                (&error["code"], &error["details"]["part"]),
                (&json!("BSE2404"), &json!(part)),
                "{method} {path}"
            );
            let message = error["message"].as_str().expect("a sentence");
            assert!(message.contains(words), "{method} {path}: {message}");
        }
    }
    for (method, path, words) in [
        ("GET", "/v1/keys/report-leak", "Send POST."),
        ("POST", "/v1/openapi.json", "Send GET or HEAD."),
    ] {
        let error = error(&world.send(call(method, path)).await);
        assert_eq!(error["details"]["part"], "method");
        assert!(
            error["message"].as_str().expect("a sentence").contains(words),
            "{error}"
        );
    }
}

/// The path of the nginx endpoint of earlier releases belongs to the guarded API, whatever the catalogue says: a client
/// of Envoy cannot have it judged as another one (S47).
#[tokio::test]
async fn the_former_endpoint_of_nginx_is_refused_and_logged_once_a_minute() {
    let database = Database::sqlite();
    let file = database.folder().join("catalog.toml");
    let catalog = include_str!("../../../examples/catalog/weather.toml");
    let routes = ["/nginx", "/{name}"].map(|pattern| {
        format!("\n[[routes]]\nmethod = \"GET\"\npattern = \"{pattern}\"\nscope = \"forecast:read\"\n")
    });
    std::fs::write(&file, format!("{catalog}{}", routes.concat())).expect("a file");
    let file = file.to_str().expect("a path in UTF-8");
    let program = Program::start_with(&database, &["--trusted-proxies", "127.0.0.1", "--catalog", file]);
    for target in ["/v1/status", "/nginx"] {
        let asked = get("/forward-auth/nginx").header("x-original-uri", target);
        let refused = program.send(asked.header("x-original-method", "GET")).await;
        assert_eq!((refused.status, refused.header("x-auth-status")), (403, "403"));
        assert_eq!(refused.text(), refused.header("x-auth-body"));
        assert_names(&error(&refused), "path", None, "/forward-auth-nginx");
    }
    // Without nginx's header it is a path of the API like any other.
    let asked = program.send(get("/forward-auth/nginx")).await;
    assert_eq!(asked.json()["error"]["code"], "BSE1001");
    let log = String::from_utf8(program.stop()).expect("text");
    let lines = log
        .lines()
        .filter(|line| line.contains("set proxy_pass to /forward-auth-nginx"));
    assert_eq!(lines.count(), 1);
}
