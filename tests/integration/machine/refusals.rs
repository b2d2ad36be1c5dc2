//! Refusals of `/v1`: the reasons, and their order (S41 to S43).

use crate::{
    answer::Answer,
    browser::{Call, call, get},
    database::{Database, both},
    world::{Setup, World, with_default},
};
use serde_json::{Value, json};

const REALM: &str = r#"Bearer realm="api""#;
const TOKEN: &str = r#"Bearer realm="api", error="invalid_token""#;

/// Checks the envelope of an error (domain.md 11) and its reason.
fn assert_refused(answer: &Answer, status: u16, code: &str, kind: &str, reason: &str) {
    let body = answer.json();
    assert_eq!(answer.status, status, "{body}");
    assert_eq!(answer.header("cache-control"), "no-store");
    let mut names: Vec<_> = body.as_object().expect("an object").keys().collect();
    names.sort_unstable();
    assert_eq!(names, ["error", "request_id", "status"]);
    assert_eq!(
        (&body["status"], &body["request_id"]),
        (&json!("error"), &json!(answer.header("x-request-id")))
    );
    let error = &body["error"];
    let mut names: Vec<_> = error.as_object().expect("an object").keys().collect();
    names.sort_unstable();
    assert_eq!(names, ["code", "details", "message", "retryable", "type"]);
    assert_eq!(
        (&error["code"], &error["type"]),
        (&json!(code), &json!(kind)),
        "{body}"
    );
    assert_eq!(error["details"]["reason"], reason, "{body}");
    assert!(
        error["message"].as_str().is_some_and(|text| text.len() > 10),
        "{body}"
    );
    let retryable = error["retryable"].as_bool().expect("a boolean");
    assert_eq!(retryable, status == 503);
    assert_eq!(!answer.header("retry-after").is_empty(), retryable, "{body}");
}

fn assert_missing(answer: &Answer) {
    assert_refused(answer, 401, "BSE1001", "authentication_required", "missing_key");
    assert_eq!(answer.header("www-authenticate"), REALM);
}

fn assert_invalid(answer: &Answer) {
    assert_refused(answer, 401, "BSE1002", "authentication_failed", "invalid_key");
    assert_eq!(answer.header("www-authenticate"), TOKEN);
}

/// The body without the request id.
fn body(answer: &Answer) -> Value {
    let mut body = answer.json();
    body["request_id"] = Value::Null;
    body
}

/// A well-formed key that does not exist: another prefix, and a new checksum.
fn unknown_key() -> String {
    let secret = babysea::domain::token::generate("bye_", |bytes| bytes.fill(7));
    secret.expose().to_owned()
}

/// The same key with another last character.
fn bad_checksum(key: &str) -> String {
    let last = if key.ends_with('0') { "1" } else { "0" };
    format!("{}{last}", &key[..key.len() - 1])
}

fn authorized(value: &str) -> Call {
    get("/v1/status").header("authorization", value)
}

both!(
    only_one_bearer_header_carries_a_key,
    async |database: Database| {
        let world = World::on(database).await;
        let key = world.person("Ada Moss").await.key("prod", "full_access").await;
        for value in [
            String::new(),
            "Bearer".to_owned(),
            "Bearer ".to_owned(),
            key.clone(),
            format!("Basic {key}"),
            format!("Token {key}"),
            format!("Bearer{key}"),
        ] {
            assert_missing(&world.send(authorized(&value)).await);
        }
        assert_missing(&world.send(get("/v1/status")).await);
        let bearer = format!("Bearer {key}");
        for second in [bearer.as_str(), "Bearer x", "Basic x", ""] {
            assert_missing(
                &world
                    .send(authorized(&bearer).header("authorization", second))
                    .await,
            );
        }
        for fine in [
            bearer.clone(),
            format!("bearer {key}"),
            format!("BEARER   {key} "),
        ] {
            assert_eq!(world.send(authorized(&fine)).await.status, 200, "{fine}");
        }
    }
);

both!(keys_anywhere_else_are_ignored, async |database: Database| {
    let world = World::on(database).await;
    let key = world.person("Ada Moss").await.key("prod", "full_access").await;
    for query in ["api_key", "key", "access_token", "authorization"] {
        assert_missing(&world.send(get(&format!("/v1/status?{query}={key}"))).await);
    }
    for cookie in [
        format!("babysea-3000={key}"),
        format!("api_key={key}; Authorization=Bearer {key}"),
    ] {
        assert_missing(&world.send(get("/v1/status").header("cookie", &cookie)).await);
    }
    for header in ["x-api-key", "api-key", "proxy-authorization", "x-authorization"] {
        assert_missing(
            &world
                .send(get("/v1/status").header(header, &format!("Bearer {key}")))
                .await,
        );
    }
    let posted = call("POST", "/v1/generate/image/bfl/flux");
    let fields = [("access_token", key.as_str()), ("api_key", &key)];
    assert_missing(&world.send(posted.fields(&fields)).await);
    let posted = call("POST", "/v1/generate/image/bfl/flux")
        .body("application/json", json!({ "api_key": key }).to_string());
    assert_missing(&world.send(posted).await);
    // A good key elsewhere does not make up for a wrong one in `Authorization`.
    let wrong = authorized(&format!("Bearer {}", unknown_key())).header("x-api-key", &key);
    assert_invalid(&world.send(wrong).await);
});

both!(
    all_unknown_keys_get_the_same_response,
    async |database: Database| {
        with_default("--key-prefix");
        let world = World::on(database).await;
        let key = world.person("Ada Moss").await.key("prod", "full_access").await;
        let unknown = world.status(&unknown_key()).await;
        assert_invalid(&unknown);
        let lower = key.to_lowercase();
        for presented in [
            "x".to_owned(),
            "bye_".to_owned(),
            key[..41].to_owned(),
            key.replacen("bye_", "BYE_", 1),
            bad_checksum(&key),
            lower,
            "a".repeat(5_000),
        ] {
            let answer = world.status(&presented).await;
            assert_invalid(&answer);
            assert_eq!(body(&answer), body(&unknown), "{presented}");
        }
        assert_eq!(world.status(&key).await.status, 200);
    }
);

/// A way to paste a key badly, and words of its refusal.
type Pasted = (fn(&str) -> String, &'static str);

both!(
    a_badly_pasted_key_is_refused_with_what_is_wrong,
    async |database: Database| {
        let setup = Setup {
            arguments: &["--auth-limit", "1"],
            ..Setup::default()
        };
        let world = World::with(database, setup).await;
        let key = world.person("Ada Moss").await.key("prod", "full_access").await;
        let unknown = unknown_key();
        let split = |key: &str| format!("Bearer {} {}", &key[..20], &key[20..]);
        let ways: [Pasted; 8] = [
            (|key| format!("Bearer \"{key}\""), "quotation marks"),
            (|key| format!("\"Bearer {key}\""), "quotation marks"),
            (|key| format!("Bearer Bearer {key}"), "twice"),
            (|key| format!("Bearer BABYSEA_API_KEY={key}"), "a name before"),
            (|key| format!("Bearer {key},"), "such as a comma"),
            (|key| format!("Bearer {key}0"), "such as a comma"),
            (|key| format!("Bearer {key} {key}"), "several"),
            (|key| format!("Bearer '{key}"), "quotation marks"),
        ];
        // Neither counted nor looked up: a key that exists and one that does not get the same response.
        for (paste, says) in ways {
            let [known, other] = [&key, &unknown].map(|key| authorized(&paste(key)));
            let (known, other) = (world.send(known).await, world.send(other).await);
            assert_refused(
                &known,
                401,
                "BSE1002",
                "authentication_failed",
                "badly_pasted_key",
            );
            assert_eq!(known.header("www-authenticate"), TOKEN);
            let message = body(&known)["error"]["message"].clone();
            assert!(
                message.as_str().is_some_and(|message| message.contains(says)),
                "{message}"
            );
            assert_eq!(body(&known), body(&other));
        }
        let answer = world.send(authorized(&split(&key))).await;
        assert!(
            answer.text().contains("a space or a line break"),
            "{}",
            answer.text()
        );
        let raw = axum::http::HeaderValue::from_bytes(format!("Bearer \u{200B}{key}").as_bytes());
        let raw = get("/v1/status").raw_header("authorization", raw.expect("a header value"));
        let answer = world.send(raw).await;
        assert!(
            answer.text().contains("invisible characters"),
            "{}",
            answer.text()
        );
        assert_invalid(&world.status(&unknown).await);
    }
);

#[tokio::test]
async fn bytes_that_are_no_text_are_no_key() {
    let world = World::sqlite().await;
    let request = axum::http::HeaderValue::from_bytes(b"Bearer bye_\xff\xfe").expect("a header value");
    assert!(request.to_str().is_err());
    assert_invalid(
        &world
            .send(get("/v1/status").raw_header("authorization", request))
            .await,
    );
}

both!(
    a_key_that_ended_says_why_to_its_holder,
    async |database: Database| {
        let world = World::on(database).await;
        let key = world.person("Ada Moss").await.key("prod", "full_access").await;
        let end = world.app.now().millis() + 1_000;
        world
            .execute(&format!("UPDATE api_keys SET expires_at = {end}"))
            .await;
        world.advance(999);
        assert_eq!(world.status(&key).await.status, 200);
        world.advance(1);
        let expired = world.status(&key).await;
        assert_refused(&expired, 401, "BSE1002", "authentication_failed", "key_expired");
        assert_eq!(expired.header("www-authenticate"), TOKEN);
        world.execute("UPDATE api_keys SET revoked_at = 1").await;
        let revoked = world.status(&key).await;
        assert_refused(&revoked, 401, "BSE1002", "authentication_failed", "key_revoked");
        assert_eq!(revoked.header("www-authenticate"), TOKEN);
        // The state is checked before the scope, on every route.
        world.execute("UPDATE api_keys SET scopes = ''").await;
        let route = world.send(get("/v1/health/cache").bearer(&key)).await;
        assert_refused(&route, 401, "BSE1002", "authentication_failed", "key_revoked");
        world
            .execute("UPDATE api_keys SET revoked_at = NULL, expires_at = NULL")
            .await;
        let route = world.send(get("/v1/health/cache").bearer(&key)).await;
        assert_refused(
            &route,
            403,
            "BSE1003",
            "insufficient_permissions",
            "insufficient_scope",
        );
    }
);

both!(an_unavailable_database_is_reported, async |database: Database| {
    let world = World::on(database).await;
    let key = world.person("Ada Moss").await.key("prod", "full_access").await;
    world.app.store.close().await;
    for path in ["/v1/status", "/v1/user/account", "/v1/health/cache"] {
        let answer = world.send(get(path).bearer(&key)).await;
        assert_refused(&answer, 503, "BSE5003", "unavailable", "unavailable");
        assert_eq!(
            (answer.header("retry-after"), answer.header("www-authenticate")),
            ("1", "")
        );
    }
    assert_refused(
        &world.status(&unknown_key()).await,
        503,
        "BSE5003",
        "unavailable",
        "unavailable",
    );
    // Refusals that need no database work without it.
    assert_missing(&world.send(get("/v1/status")).await);
    assert_invalid(&world.status("bye_x").await);
    assert_invalid(&world.status(&bad_checksum(&key)).await);
    assert_eq!(world.send(get("/v1/nowhere").bearer(&key)).await.status, 404);
});

both!(a_broken_table_is_no_wrong_key, async |database: Database| {
    let world = World::on(database).await;
    let key = world.person("Ada Moss").await.key("prod", "full_access").await;
    world.execute("ALTER TABLE api_keys RENAME TO gone").await;
    let answer = world.status(&key).await;
    assert_refused(&answer, 503, "BSE5003", "unavailable", "unavailable");
    for word in ["api_keys", "SELECT", "sqlx", "relation", "/tmp", "src/"] {
        assert!(!answer.text().contains(word), "{word}: {}", answer.text());
    }
    world.execute("ALTER TABLE gone RENAME TO api_keys").await;
    assert_eq!(world.status(&key).await.status, 200, "it recovers by itself");
});

#[tokio::test]
async fn paths_outside_the_catalogue_are_unknown_with_or_without_a_key() {
    let world = World::sqlite().await;
    let key = world.person("Ada Moss").await.key("prod", "full_access").await;
    for (method, path) in [
        ("GET", "/v1"),
        ("GET", "/v1/"),
        ("GET", "/v1/nowhere"),
        ("GET", "/v1/status/"),
        ("GET", "/v1//status"),
        ("GET", "/v1/Status"),
        ("GET", "/v1/../v1/status"),
        ("POST", "/v1/status"),
        ("DELETE", "/v1/status"),
        ("OPTIONS", "/v1/status"),
        ("PATCH", "/v1/user/account"),
        ("GET", "/v1/generate/image/bfl"),
    ] {
        for call in [call(method, path), call(method, path).bearer(&key)] {
            let answer = world.send(call).await;
            assert_refused(&answer, 404, "BSE2404", "unknown_route", "unknown_route");
            assert_eq!(answer.header("www-authenticate"), "", "{method} {path}");
        }
    }
    assert_eq!(world.send(get("/v1/status?x=1").bearer(&key)).await.status, 200);
}
