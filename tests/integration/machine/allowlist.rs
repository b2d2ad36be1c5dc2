//! The allowlist of a key, and how the client's address is determined (S50 to S54).

use crate::{
    answer::Answer,
    browser::{Browser, Call, get},
    database::{Database, both},
    world::{Setup, World},
};

const WEEK: u64 = 7 * 86_400_000;

fn behind_proxies() -> Setup {
    Setup {
        arguments: &["--trusted-proxies", "10.0.0.0/8, 2001:db8:ffff::/48"],
        ..Setup::default()
    }
}

impl Browser<'_> {
    /// Creates a key with an allowlist; returns its secret.
    async fn key_for(&self, preset: &str, allowlist: &str) -> String {
        let token = self.form_token().await;
        let fields = [
            ("name", "k"),
            ("preset", preset),
            ("allowlist", allowlist),
            ("form_token", &token),
        ];
        let answer = self.create(&fields).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["secret"].as_str().expect("a secret").to_owned()
    }
}

fn status(secret: &str, peer: &str) -> Call {
    get("/v1/status").bearer(secret).sent_from(peer)
}

fn assert_not_allowed(answer: &Answer) {
    let body = answer.json();
    assert_eq!(answer.status, 403, "{body}");
    assert_eq!(body["status"], "error");
    assert_eq!(body["error"]["code"], "BSE1007");
    assert_eq!(body["error"]["type"], "ip_not_allowed");
    assert_eq!(
        body["error"]["message"],
        "This IP address is not in the allowlist for this API key."
    );
    assert_eq!(body["error"]["retryable"], false);
    assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="api""#);
}

both!(an_allowlist_guards_its_key, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let secret = ada
        .key_for("full_access", "203.0.113.7/24, 198.51.100.5\n2001:db8:7::/48")
        .await;
    for inside in [
        "203.0.113.0",
        "203.0.113.255",
        "198.51.100.5",
        "::ffff:198.51.100.5",
        "2001:db8:7::1",
    ] {
        assert_eq!(world.send(status(&secret, inside)).await.status, 200, "{inside}");
    }
    for outside in ["203.0.114.0", "198.51.100.6", "2001:db8:8::1", "127.0.0.1"] {
        assert_not_allowed(&world.send(status(&secret, outside)).await);
    }
});

#[tokio::test]
async fn an_empty_list_allows_every_address() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let secret = ada.key_for("full_access", " , \n").await;
    for address in ["203.0.113.7", "2001:db8::1"] {
        assert_eq!(
            world.send(status(&secret, address)).await.status,
            200,
            "{address}"
        );
    }
}

#[tokio::test]
async fn every_ipv4_address_is_no_ipv6_address() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let secret = ada.key_for("full_access", "0.0.0.0/0").await;
    assert_eq!(world.send(status(&secret, "203.0.113.7")).await.status, 200);
    assert_not_allowed(&world.send(status(&secret, "2001:db8::1")).await);
}

#[tokio::test]
async fn the_address_comes_after_the_state_and_before_the_scope() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let secret = ada.key_for("monitor_only", "203.0.113.7").await;
    assert_not_allowed(&world.send(status(&secret, "203.0.113.8")).await);
    let inside = world.send(status(&secret, "203.0.113.7")).await;
    assert_eq!(inside.json()["error"]["code"], "BSE1003");
    world.execute("UPDATE api_keys SET revoked_at = 1").await;
    let revoked = world.send(status(&secret, "203.0.113.8")).await;
    assert_eq!(revoked.json()["error"]["details"]["reason"], "key_revoked");
}

#[tokio::test]
async fn without_trusted_proxies_no_header_names_the_client() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let secret = ada.key_for("full_access", "203.0.113.7").await;
    for header in [
        "x-forwarded-for",
        "x-real-ip",
        "forwarded",
        "cf-connecting-ip",
        "true-client-ip",
    ] {
        let value = if header == "forwarded" {
            "for=203.0.113.7"
        } else {
            "203.0.113.7"
        };
        let forged = status(&secret, "198.51.100.5").header(header, value);
        assert_not_allowed(&world.send(forged).await);
        let other = if header == "forwarded" {
            "for=198.51.100.5"
        } else {
            "198.51.100.5"
        };
        let honest = status(&secret, "203.0.113.7").header(header, other);
        assert_eq!(world.send(honest).await.status, 200, "{header}");
    }
}

#[tokio::test]
async fn behind_trusted_proxies_the_rightmost_other_hop_decides() {
    let world = World::with(Database::sqlite(), behind_proxies()).await;
    let ada = world.person("Ada Moss").await;
    let secret = ada.key_for("full_access", "203.0.113.7").await;
    for (peer, lines, allowed) in [
        ("10.0.0.1", &["203.0.113.7"][..], true),
        ("10.0.0.1", &["198.51.100.5"], false),
        // Entries of the client are to the left of what the proxy added.
        ("10.0.0.1", &["198.51.100.5, 203.0.113.7"], true),
        ("10.0.0.1", &["203.0.113.7, 198.51.100.5"], false),
        ("10.0.0.1", &["198.51.100.5", "203.0.113.7, 10.2.3.4"], true),
        ("2001:db8:ffff::1", &["203.0.113.7:4711"], true),
        // A peer that is no trusted proxy is the client, whatever its headers.
        ("198.51.100.5", &["203.0.113.7"], false),
        ("203.0.113.7", &["198.51.100.5"], true),
        // A request of the proxy itself, without the header.
        ("10.0.0.1", &[], false),
    ] {
        let call = lines.iter().fold(status(&secret, peer), |call, line| {
            call.header("x-forwarded-for", line)
        });
        let answer = world.send(call).await;
        if allowed {
            assert_eq!(answer.status, 200, "{peer} {lines:?}: {}", answer.text());
        } else {
            assert_not_allowed(&answer);
        }
    }
    for (header, client) in [("x-real-ip", "203.0.113.7"), ("forwarded", "for=203.0.113.7")] {
        let elsewhere = status(&secret, "10.0.0.1").header(header, client);
        assert_not_allowed(&world.send(elsewhere).await);
    }
    let honest = status(&secret, "10.0.0.1")
        .header("x-forwarded-for", "203.0.113.7")
        .header("forwarded", "for=198.51.100.5");
    assert_eq!(
        world.send(honest).await.status,
        200,
        "`Forwarded` changes nothing"
    );
}

#[tokio::test]
async fn the_dialog_shows_the_address_that_the_check_would_use() {
    for (setup, peer, message) in [
        (behind_proxies(), "10.0.0.1", "203.0.113.7"),
        (behind_proxies(), "198.51.100.5", "198.51.100.5"),
        (Setup::default(), "10.0.0.1", "10.0.0.1"),
    ] {
        let world = World::with(Database::sqlite(), setup).await;
        let ada = world.person("Ada Moss").await;
        let asked = get(&format!("{}?dialog=create", ada.keys()))
            .sent_from(peer)
            .header("x-forwarded-for", "192.0.2.1, 203.0.113.7")
            .header("x-real-ip", "192.0.2.2")
            .header("forwarded", "for=192.0.2.3");
        let page = ada.send(asked).await;
        let adds: Vec<_> = page
            .tags()
            .iter()
            .filter_map(|tag| tag.get("data-adds").map(str::to_owned))
            .collect();
        assert_eq!(adds, [message], "{peer}");
    }
}

#[tokio::test]
async fn an_unreadable_client_is_refused_by_keys_with_an_allowlist_only() {
    let world = World::with(Database::sqlite(), behind_proxies()).await;
    let ada = world.person("Ada Moss").await;
    let guarded = ada.key_for("full_access", "203.0.113.7").await;
    let open = ada.key_for("full_access", "").await;
    for unreadable in ["unknown", "203.0.113.7, ", "203.0.113.7, _hidden"] {
        let from = |secret| status(secret, "10.0.0.1").header("x-forwarded-for", unreadable);
        assert_not_allowed(&world.send(from(&guarded)).await);
        assert_eq!(world.send(from(&open)).await.status, 200, "{unreadable}");
    }
}

both!(
    a_key_ends_at_the_moment_it_was_given,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let token = ada.form_token().await;
        let fields = [
            ("name", "k"),
            ("preset", "full_access"),
            ("expires", "7"),
            ("form_token", &token),
        ];
        let made = ada.create(&fields).await;
        let secret = made.json()["secret"].as_str().expect("a secret").to_owned();
        world.advance(WEEK - 1);
        assert_eq!(world.status(&secret).await.status, 200);
        world.advance(1);
        let over = world.status(&secret).await;
        assert_eq!(over.status, 401);
        assert_eq!(over.json()["error"]["details"]["reason"], "key_expired");
    }
);
