//! Limits of unknown and refused keys (S44, S45).

use crate::{
    browser::get,
    database::{Database, both},
    world::{Setup, World},
};

/// A well-formed key that does not exist.
fn unknown(world: &World) -> String {
    let secret = babysea::domain::token::generate("bye_", |bytes| world.app.rng.fill(bytes));
    secret.expose().to_owned()
}

#[tokio::test]
async fn an_address_may_try_a_hundred_unknown_keys_a_minute() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let secret = ada.key("prod", "full_access").await;
    let try_from = async |address: &str, text: &str| {
        world
            .send(get("/v1/status").bearer(text).sent_from(address))
            .await
    };
    for n in 0..100 {
        // A malformed key counts too.
        let text = if n % 2 == 0 {
            unknown(&world)
        } else {
            "bye_x".to_owned()
        };
        assert_eq!(try_from("203.0.113.7", &text).await.status, 401, "{n}");
    }
    world.advance(1_500);
    let refused = try_from("203.0.113.7", &unknown(&world)).await;
    assert_eq!(refused.status, 429);
    let error = &refused.json()["error"];
    assert_eq!(
        (&error["code"], &error["type"]),
        (&"BSE1006".into(), &"auth_rate_limited".into())
    );
    assert_eq!(error["retryable"], true);
    assert_eq!(error["details"]["reason"], "rate_limited");
    assert_eq!(refused.header("x-ratelimit-limit"), "100");
    // The clock started at a whole minute; one and a half seconds have passed.
    assert_eq!(refused.header("retry-after"), "59");

    assert_eq!(
        try_from("203.0.113.7", &secret).await.status,
        200,
        "a known key still passes"
    );
    assert_eq!(
        try_from("203.0.113.8", &unknown(&world)).await.status,
        401,
        "another address"
    );
    world.advance(58_500);
    assert_eq!(
        try_from("203.0.113.7", &unknown(&world)).await.status,
        401,
        "the next minute"
    );
}

#[tokio::test]
async fn an_ipv6_subscriber_is_one_address() {
    let setup = Setup {
        arguments: &["--auth-limit", "1"],
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    let try_from = async |address: &str| {
        let call = get("/v1/status").bearer(&unknown(&world)).sent_from(address);
        world.send(call).await.status
    };
    assert_eq!(try_from("2001:db8:1:2::1").await, 401);
    assert_eq!(try_from("2001:db8:1:2:ffff::1").await, 429);
    assert_eq!(try_from("2001:db8:1:3::1").await, 401);
    assert_eq!(try_from("203.0.113.7").await, 401);
    assert_eq!(
        try_from("::ffff:203.0.113.7").await,
        429,
        "the same address, mapped"
    );
}

#[tokio::test]
async fn behind_a_proxy_it_is_the_client_who_is_limited_and_logged() {
    let setup = Setup {
        arguments: &["--auth-limit", "1", "--trusted-proxies", "10.0.0.0/8"],
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    let ada = world.person("Ada Moss").await;
    let secret = ada.key("prod", "full_access").await;
    let ask = async |client: &str, text: &str| {
        let call = get("/v1/status")
            .bearer(text)
            .header("x-forwarded-for", client)
            .sent_from("10.0.0.1");
        world.send(call).await.status
    };
    assert_eq!(ask("203.0.113.7", &unknown(&world)).await, 401);
    assert_eq!(ask("203.0.113.7", &unknown(&world)).await, 429);
    assert_eq!(ask("203.0.113.8", &unknown(&world)).await, 401, "another client");
    for client in ["203.0.113.7", "203.0.113.8", "203.0.113.7"] {
        assert_eq!(ask(client, &secret).await, 200);
    }
    world.app.recorder.flush().await;
    let clients = "SELECT COUNT(DISTINCT ip_hash) FROM request_logs WHERE status = 200";
    assert_eq!(world.database.number(clients).await, 2);
}

#[tokio::test]
async fn a_key_that_is_refused_sixty_times_in_a_minute_must_wait() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let narrow = ada.key("narrow", "monitor_only").await;
    let other = ada.key("other", "monitor_only").await;
    for n in 0..60 {
        assert_eq!(world.status(&narrow).await.status, 403, "{n}");
    }
    let refused = world.status(&narrow).await;
    assert_eq!(refused.status, 429);
    let body = refused.json();
    assert_eq!(body["error"]["code"], "BSE1005");
    assert_eq!(body["error"]["details"]["limit"], 60);
    assert_eq!(refused.header("retry-after"), "60");
    assert_eq!(refused.header("x-ratelimit-limit"), "60");

    // Routes within its scopes still work: refusals do not use up a quota.
    let allowed = get("/v1/health/storage").bearer(&narrow);
    assert_eq!(world.send(allowed).await.status, 501);
    assert_eq!(world.status(&other).await.status, 403, "another key");
    world.advance(60_000);
    assert_eq!(world.status(&narrow).await.status, 403, "the next minute");
}

both!(
    every_reason_of_a_known_key_counts_and_is_logged,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let guarded = ada
            .key_with(&[
                ("name", "guarded"),
                ("preset", "full_access"),
                ("allowlist", "203.0.113.7"),
            ])
            .await
            .secret;
        let revoked = ada.key("revoked", "full_access").await;
        world
            .database
            .execute("UPDATE api_keys SET revoked_at = 1 WHERE name = 'revoked'")
            .await;
        for (secret, status) in [(&guarded, 403), (&revoked, 401)] {
            for _ in 0..60 {
                assert_eq!(world.status(secret).await.status, status);
            }
            assert_eq!(world.status(secret).await.json()["error"]["code"], "BSE1005");
        }
        let inside = get("/v1/status").bearer(&guarded).sent_from("203.0.113.7");
        assert_eq!(world.send(inside).await.status, 200, "from where it may be used");
        world.app.recorder.flush().await;
        let logged = "SELECT COUNT(*) FROM request_logs WHERE error_code = ";
        for (code, count) in [("BSE1007", 60), ("BSE1002", 60), ("BSE1005", 0)] {
            let found = world.database.number(&format!("{logged}'{code}'")).await;
            assert_eq!(found, count, "{code}");
        }
    }
);

#[tokio::test]
async fn a_header_cannot_change_whose_counter_is_used() {
    let setup = Setup {
        arguments: &["--auth-limit", "2"],
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    let mut statuses = Vec::new();
    for n in 0..3 {
        let forged = format!("203.0.113.{n}");
        let call = get("/v1/status")
            .bearer(&unknown(&world))
            .header("x-forwarded-for", &forged)
            .header("x-real-ip", &forged);
        statuses.push(world.send(call).await.status);
    }
    assert_eq!(statuses, [401, 401, 429]);
    // A request without a key does not count as an unknown key.
    assert_eq!(world.send(get("/v1/status")).await.status, 401);
}
