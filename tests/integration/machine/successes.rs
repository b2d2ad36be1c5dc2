//! Accepted requests to `/v1`: envelopes, fields, and every preset on every route.

use crate::{
    answer::{Answer, is_request_id, is_uuid, shown_part},
    browser::{call, get},
    database::{Database, both},
    world::{World, with_default},
};
use babysea::domain::catalog::Catalog;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The fields of an object.
fn fields(value: &Value) -> Vec<&str> {
    let mut fields: Vec<_> = value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    fields.sort_unstable();
    fields
}

/// Checks the envelope of a success (domain.md 11); returns its data.
fn data(world: &World, answer: &Answer, message: &str) -> Value {
    assert_eq!(
        (answer.status, answer.header("cache-control")),
        (200, "no-store"),
        "{}",
        answer.text()
    );
    let body = answer.json();
    assert_eq!(
        fields(&body),
        ["data", "message", "request_id", "status", "timestamp"]
    );
    assert_eq!(
        (&body["status"], &body["message"]),
        (&json!("success"), &json!(message))
    );
    assert_eq!(body["request_id"], answer.header("x-request-id"));
    assert_eq!(body["timestamp"], world.app.now().iso());
    body["data"].clone()
}

/// A path that matches a pattern.
fn path(pattern: &str) -> String {
    let id = "0195e0f4-5a3c-7d1e-9b2f-1c2d3e4f5a6b";
    pattern
        .replace("{model_identifier}", "bfl/flux-schnell")
        .replace("{generation_id}", id)
}

both!(
    the_status_has_the_seven_fields_of_the_vendor,
    async |database: Database| {
        let world = World::on(database).await;
        let key = world
            .person("Ada Moss")
            .await
            .key("prod-api-worker", "full_access")
            .await;
        world.advance(90_007);
        for _ in 0..2 {
            let data = data(&world, &world.status(&key).await, "API connected successfully");
            assert_eq!(
                fields(&data),
                [
                    "account_id",
                    "apikey_created_at",
                    "apikey_expires_at",
                    "apikey_id",
                    "apikey_last_used_at",
                    "apikey_name",
                    "apikey_prefix"
                ]
            );
            assert!(
                ["account_id", "apikey_id"]
                    .iter()
                    .all(|id| data[id].as_str().is_some_and(is_uuid)),
                "{data}"
            );
            assert_eq!(data["apikey_name"], "prod-api-worker");
            assert_eq!(data["apikey_prefix"], shown_part(&key));
            assert_eq!(data["apikey_created_at"], "2026-11-23T17:00:00.000Z");
            assert_eq!(
                data["apikey_last_used_at"],
                world.app.now().iso(),
                "a call counts itself"
            );
            assert_eq!(data["apikey_expires_at"], Value::Null);
            world.advance(60_000);
        }
        world
            .execute("UPDATE api_keys SET expires_at = 1795539600000")
            .await;
        assert_eq!(
            world.status(&key).await.json()["data"]["apikey_expires_at"],
            "2026-11-24T17:00:00.000Z"
        );
        world
            .execute("UPDATE api_keys SET rotated_at = 1795453200000, grace_ends_at = 1795456800000")
            .await;
        assert_eq!(
            world.status(&key).await.json()["data"]["apikey_expires_at"],
            "2026-11-23T18:00:00.000Z",
            "the end of its grace period comes first"
        );
    }
);

both!(the_account_is_the_one_of_the_key, async |database: Database| {
    let world = World::on(database).await;
    for (name, email) in [
        ("Ada Moss", "ada-moss@example.com"),
        ("Bea Reef", "bea-reef@example.com"),
    ] {
        let key = world.person(name).await.key("prod", "read_only").await;
        let status = world.status(&key).await.json()["data"]["account_id"].clone();
        let answer = world.send(get("/v1/user/account").bearer(&key)).await;
        assert_eq!(
            data(&world, &answer, "Account retrieved successfully"),
            json!({
                "account_id": status,
                "account_name": name,
                "account_email": email,
                "account_is_personal": true,
                "account_picture_url": null,
                "account_created_at": "2026-11-23T17:00:00.000Z",
            })
        );
    }
});

both!(every_preset_on_every_route, async |database: Database| {
    with_default("--catalog");
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let catalog = Catalog::vendor();
    let mut passed = BTreeMap::new();
    for preset in &catalog.presets {
        let key = ada.key(&preset.id, &preset.id).await;
        for route in &catalog.routes {
            let answer = world
                .send(call(&route.method, &path(&route.pattern)).bearer(&key))
                .await;
            let case = format!("{} {} {}", preset.id, route.method, route.pattern);
            let error = answer.json()["error"].clone();
            let challenge = answer.header("www-authenticate");
            if !preset.scopes.iter().any(|scope| **scope == *route.scope) {
                assert_eq!(
                    (answer.status, &error["code"]),
                    (403, &json!("BSE1003")),
                    "{case}"
                );
                assert_eq!(
                    error["details"],
                    json!({ "reason": "insufficient_scope", "required_scope": &*route.scope }),
                    "{case}"
                );
                let scope = format!(
                    r#"Bearer realm="api", error="insufficient_scope", scope="{}""#,
                    route.scope
                );
                assert_eq!(challenge, scope, "{case}");
                continue;
            }
            *passed.entry(preset.id.as_str()).or_insert(0) += 1;
            assert_eq!(challenge, "", "{case}");
            if ["/v1/status", "/v1/user/account", "/v1/usage"].contains(&&*route.pattern) {
                assert_eq!(answer.status, 200, "{case}");
            } else {
                assert_eq!(
                    (answer.status, &error["code"]),
                    (501, &json!("BSE5001")),
                    "{case}"
                );
                assert_eq!(
                    (&error["type"], &error["retryable"]),
                    (&json!("not_served_here"), &json!(false)),
                    "{case}"
                );
            }
        }
    }
    // Counted by hand from domain.md 5, to detect a catalogue that has lost a scope.
    assert_eq!(
        passed,
        [
            ("full_access", 17),
            ("generate_only", 7),
            ("read_only", 13),
            ("monitor_only", 7)
        ]
        .into()
    );
});

#[tokio::test]
async fn head_matches_the_routes_of_get_and_has_no_body() {
    let world = World::sqlite().await;
    let key = world.person("Ada Moss").await.key("prod", "read_only").await;
    let answer = world.send(call("HEAD", "/v1/status").bearer(&key)).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    let refused = world.send(call("HEAD", "/v1/status")).await;
    assert_eq!((refused.status, refused.body.len()), (401, 0));
    assert_eq!(refused.header("www-authenticate"), r#"Bearer realm="api""#);
}

#[tokio::test]
async fn every_request_has_an_id_of_ours() {
    let world = World::sqlite().await;
    let mut seen = std::collections::BTreeSet::new();
    for path in [
        "/v1/status",
        "/v1/status",
        "/sign-in",
        "/nowhere",
        "/favicon.svg",
        "/healthz",
    ] {
        let answer = world.send(get(path).header("x-request-id", "req_mine")).await;
        let id = answer.header("x-request-id");
        assert!(is_request_id(id), "{id}");
        assert!(seen.insert(id.to_owned()), "{id} twice");
    }
}

#[tokio::test]
async fn healthz_is_200_whatever_the_database_does() {
    let world = World::sqlite().await;
    for _ in 0..2 {
        let answer = world.send(get("/healthz")).await;
        assert_eq!((answer.status, answer.json()), (200, json!({ "status": "ok" })));
        world.app.store.close().await;
    }
    assert_eq!(world.send(call("POST", "/healthz")).await.status, 405);
}
