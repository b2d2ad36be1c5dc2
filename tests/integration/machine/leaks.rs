//! `POST /v1/keys/report-leak`, and the alert when an ended key is used (S39, S40).

use crate::{
    answer::{Answer, holds_a_key, shown_part},
    browser::{Browser, call, get},
    database::{Database, both},
    world::{Setup, World},
};
use babysea::{domain::token, server::store::Tables as _};
use serde_json::{Map, json};
use std::time::Duration;
use tokio::time::timeout;

const PATH: &str = "/v1/keys/report-leak";
const REPORTS: &str = "SELECT COUNT(*) FROM activity WHERE action = 'api_key.leak_reported'";
const ALERTS: &str = "SELECT COUNT(*) FROM activity WHERE action = 'api_key.used_after_end'";
const HOUR: u64 = 3_600_000;

impl World {
    async fn report(&self, secret: &str) -> Answer {
        let body = json!({ "key": secret }).to_string();
        self.send(call("POST", PATH).body("application/json", body)).await
    }
}

/// The notice at the top of the keys page.
async fn notice(person: &Browser<'_>) -> Option<String> {
    let page = person.get(&person.keys()).await;
    let (_, notice) = page.text().split_once("was reported as leaked")?;
    Some(notice.split("</form>").next().unwrap_or_default().to_owned())
}

both!(anyone_with_a_key_can_revoke_it, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let (key, other) = (ada.made("prod").await, ada.made("other").await);
    assert!(notice(&ada).await.is_none());
    let answer = world.report(&key.secret).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(!holds_a_key(answer.text()));
    let data = answer.json();
    assert_eq!(data["data"]["apikey_id"], json!(key.id));
    let refused = world.status(&key.secret).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json()["error"]["details"]["reason"], "key_revoked");
    assert_eq!(world.code(&other).await, 200);

    // A repeated report is accepted, adds no entry, and writes nothing, so it works while the database is
    // locked.
    world.advance(HOUR);
    let mut tx = world.app.store.write().await.expect("a transaction");
    let account = world.database.text("SELECT id FROM accounts").await;
    let locked = tx.accounts().lock(account.parse().expect("an id")).await;
    locked.expect("the account");
    for _ in 0..3 {
        let again = timeout(Duration::from_secs(4), world.report(&key.secret)).await;
        let again = again.expect("it waits for nobody");
        assert_eq!(again.status, 200);
        assert_eq!(again.json()["data"], data["data"]);
    }
    drop(tx);
    assert_eq!(world.database.number(REPORTS).await, 1);
    let noted = "SELECT actor_name || ', ' || target_name || ', ' || detail || ', ' || (request_id LIKE 'req_%') FROM activity WHERE action = 'api_key.leak_reported'";
    let entry = world.database.text(noted).await;
    let expected = format!(
        "A program, prod, {}... was Active before, ",
        shown_part(&key.secret)
    );
    assert!(entry.starts_with(&expected), "{entry}");
    assert_eq!(notice(&ada).await.map(|text| text.contains(&key.id)), Some(true));
});

both!(an_owner_acknowledges_a_leak, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await.team("Tide").await;
    let bo = world
        .member("Bo Reed", &ada.slug, babysea::domain::role::Role::Member)
        .await;
    let key = ada.made("prod").await;
    world.report(&key.secret).await;
    let seen = notice(&bo).await.expect("members see it too");
    let is_disabled = |notice: &str| notice.contains("Acknowledge") && notice.contains(" disabled");
    assert!(is_disabled(&seen), "what they cannot do is disabled: {seen}");
    let path = format!("{}?dialog=leak", ada.keys());
    let token = ada.form_token().await;
    let fields = [
        ("account", ada.slug.as_str()),
        ("key", key.id.as_str()),
        ("form_token", token.as_str()),
    ];
    assert_eq!(bo.post(&path, &fields).await.status, 403);
    let owners = notice(&ada).await.expect("it stands");
    assert!(!is_disabled(&owners), "{owners}");
    for _ in 0..2 {
        assert_eq!(ada.post(&path, &fields).await.status, 303);
    }
    assert!(notice(&ada).await.is_none());
    assert_eq!(world.code(&key).await, 401, "it stays revoked");
    let noted = "SELECT actor_name FROM activity WHERE action = 'api_key.leak_acknowledged'";
    assert_eq!(world.database.text(noted).await, "Ada Moss");
    // A key that is gone leads to the list, which does not show its leak any more. So does that of another account.
    let bea = world.person("Bea Reef").await;
    let foreign = bea.made("theirs").await;
    world.report(&foreign.secret).await;
    let deleted = ada.made("gone").await;
    world.report(&deleted.secret).await;
    assert_eq!(ada.delete(&[&deleted.id], "gone").await.status, 200);
    for id in [deleted.id.as_str(), foreign.id.as_str(), "x"] {
        let unknown = [("account", ada.slug.as_str()), ("key", id), ("form_token", "a1")];
        let answer = ada.post(&path, &unknown).await;
        assert_eq!(
            (answer.status, answer.location()),
            (303, ada.keys().as_str()),
            "{id}"
        );
    }
    assert!(
        notice(&bea).await.is_some(),
        "the leak of the other account stays"
    );
    assert_eq!(
        world
            .database
            .number(&noted.replace("actor_name", "COUNT(*)"))
            .await,
        1
    );
});

/// A well-formed key that does not exist.
fn unknown(world: &World) -> String {
    let secret = token::generate("bye_", |bytes| world.app.rng.fill(bytes));
    secret.expose().to_owned()
}

both!(
    a_key_is_revoked_whatever_stands_around_it,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        for (before, after) in [
            ("", "\n"),
            (" \t", "\r\n "),
            ("\"", "\","),
            ("Authorization: Bearer ", ""),
            ("BABYSEA_API_KEY=", ""),
            ("export const key = '", "';\n// and more\n"),
            ("\u{FEFF}\u{200B}", "\u{200B}"),
            ("line one\nline two ", "\nline three"),
            ("KEY", "x"),
            ("schl\u{fc}ssel", "\u{1F511}"),
        ] {
            let key = ada.made("prod").await;
            let answer = world.report(&format!("{before}{}{after}", key.secret)).await;
            assert_eq!(answer.status, 200, "{before:?}: {}", answer.text());
            assert_eq!(answer.json()["data"]["apikey_id"], json!(key.id));
            assert_eq!(world.code(&key).await, 401, "{before:?}");
        }
        // A soft hyphen or a zero-width space, where a page has broken the line; the same key twice is one.
        let key = ada.made("prod").await;
        let broken = format!("{}\u{AD}\u{200B}{}", &key.secret[..20], &key.secret[20..]);
        let answer = world.report(&format!("{broken}, {}", key.secret)).await;
        assert_eq!(
            answer.json()["data"]["apikey_id"],
            json!(key.id),
            "{}",
            answer.text()
        );
    }
);

both!(a_report_has_up_to_a_hundred_keys, async |database: Database| {
    let setup = Setup {
        arguments: &["--auth-limit", "3"],
        ..Setup::default()
    };
    let world = World::with(database, setup).await;
    let (ada, bea) = (world.person("Ada Moss").await, world.person("Bea Reef").await);
    let mut keys = vec![bea.made("theirs").await];
    for n in 0..27 {
        keys.push(ada.made(&format!("key {n}")).await);
    }
    let mut lines: Vec<_> = keys.iter().map(|key| format!("KEY={}", key.secret)).collect();
    let other = unknown(&world);
    lines.insert(1, other.clone());
    lines.push(keys[0].secret.clone());
    let text = lines.join("\n");
    for _ in 0..2 {
        let answer = world.report(&text).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(!holds_a_key(answer.text()));
        let data = answer.json()["data"].clone();
        let list = data["apikeys"].as_array().expect("a list");
        assert_eq!(
            (list.len(), data.as_object().map(Map::len)),
            (29, Some(1)),
            "each once"
        );
        let not_here = json!({ "apikey_id": null, "apikey_prefix": shown_part(&other), "result": "unknown" });
        assert_eq!(list[1], not_here);
        let theirs = json!({ "apikey_id": keys[0].id, "apikey_prefix": shown_part(&keys[0].secret), "result": "revoked" });
        assert_eq!(list[0], theirs);
        assert_eq!(list.iter().filter(|key| key["result"] == "revoked").count(), 28);
    }
    for key in &keys {
        assert_eq!(world.code(key).await, 401);
    }
    assert_eq!(
        world.database.number(REPORTS).await,
        28,
        "a repeated report adds no entry"
    );

    // Two unknown keys were counted. The next but one is over the limit, and the rest is not looked up.
    let live = ada.made("live").await;
    let three = [unknown(&world), unknown(&world), live.secret.clone()].join(" ");
    let answer = world.report(&three).await;
    let data = answer.json()["data"].clone();
    let results = data["apikeys"].as_array().expect("a list").iter();
    let results: Vec<_> = results.map(|key| key["result"].clone()).collect();
    assert_eq!(results, ["unknown", "not_checked", "not_checked"]);
    assert_eq!(world.code(&live).await, 200);
    assert_eq!(world.report(&live.secret).await.status, 429);
    world.advance(60_000);

    let most: Vec<_> = (0..101).map(|_| unknown(&world)).collect();
    let answer = world.report(&most.join("\n")).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(answer.text().contains("at most 100"), "{}", answer.text());
    assert_eq!(world.report(&most[..100].join("\n")).await.status, 200);
});

both!(an_invalid_report_changes_nothing, async |database: Database| {
    let setup = Setup {
        arguments: &["--auth-limit", "1"],
        ..Setup::default()
    };
    let world = World::with(database, setup).await;
    let ada = world.person("Ada Moss").await;
    let key = ada.made("prod").await;
    let mut changed = key.secret.clone();
    let last = if changed.ends_with('a') { 'b' } else { 'a' };
    changed.pop();
    changed.push(last);
    // None of them counts as an unknown key.
    for (text, says) in [
        (changed.as_str(), "do not fit the others"),
        (&key.secret[..key.secret.len() - 1], "only a part"),
        ("", "no API key"),
        ("bye_", "no API key"),
        (&key.id, "no API key"),
        (&"x".repeat(3000), "no API key"),
        ("bye_\u{e9}", "no API key"),
    ] {
        let answer = world.report(text).await;
        assert_eq!(answer.status, 400, "{text:?}");
        let error = &answer.json()["error"];
        assert_eq!(
            (&error["code"], &error["details"]["field"]),
            (&json!("BSE2001"), &json!("key"))
        );
        let message = error["message"].as_str().unwrap_or_default();
        assert!(
            message.contains(says) && message.contains("38 letters and digits"),
            "{message}"
        );
    }
    let answer = world.report(&unknown(&world)).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json()["error"]["code"], "BSE1002");
    assert_eq!(world.report(&unknown(&world)).await.status, 429);
    world.advance(60_000);
    for body in ["", "{}", "[]", "{\"key\": 1}", "{\"key\": null}", "key=x", "{"] {
        let answer = world
            .send(call("POST", PATH).body("application/json", body))
            .await;
        assert_eq!(answer.status, 400, "{body:?}: {}", answer.text());
        assert_eq!(answer.json()["error"]["code"], "BSE2001", "{body:?}");
    }
    let body = json!({ "key": key.secret }).to_string();
    let forms = [
        call("POST", PATH).body("text/plain", body.clone()),
        call("POST", PATH).body("application/x-www-form-urlencoded", format!("key={}", key.secret)),
    ];
    for sent in forms {
        assert_eq!(world.send(sent).await.status, 400);
    }
    let long = format!("{{\"key\": \"{}\"{}}}", key.secret, " ".repeat(17_000));
    // With or without a `Content-Length`.
    let told = call("POST", PATH).body("application/json", long.clone());
    for sent in [told, call("POST", PATH).streamed("application/json", long.into())] {
        let answer = world.send(sent).await;
        assert_eq!(answer.status, 413, "{}", answer.text());
        assert_eq!(answer.json()["error"]["code"], "BSE2010");
    }
    for method in ["GET", "PUT", "DELETE"] {
        let answer = world
            .send(call(method, PATH).body("application/json", body.clone()))
            .await;
        assert_eq!(answer.status, 404, "{method}: {}", answer.text());
    }
    // A key in the URL is no report, and the response does not repeat it.
    let answer = world
        .send(call("POST", &format!("{PATH}?key={}", key.secret)))
        .await;
    assert!(!holds_a_key(answer.text()));
    assert_eq!(world.code(&key).await, 200);
    assert_eq!(world.database.number(REPORTS).await, 0);
});

both!(
    keys_that_ended_can_still_be_reported,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let key = ada.made("prod").await;
        assert_eq!(ada.revoke(&[&key.id]).await.status, 200);
        let before = "SELECT revoked_at FROM api_keys";
        let revoked = world.database.number(before).await;
        world.advance(HOUR);
        assert_eq!(world.report(&key.secret).await.status, 200);
        assert_eq!(
            world.database.number(before).await,
            revoked,
            "the moment it was revoked stays"
        );
        assert!(
            notice(&ada).await.is_some(),
            "that it leaked is news all the same"
        );
        assert_eq!(ada.delete(&[&key.id], "prod").await.status, 200);
        assert!(notice(&ada).await.is_none());
        assert_eq!(world.report(&key.secret).await.status, 401);
        assert_eq!(world.database.number(REPORTS).await, 1);
    }
);

both!(
    use_of_a_retired_key_is_an_alert_once_an_hour,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let (key, other) = (ada.made("prod").await, ada.made("other").await);
        for retired in [&key, &other] {
            assert_eq!(world.code(retired).await, 200);
        }
        world.app.recorder.flush().await;
        assert_eq!(world.database.number(ALERTS).await, 0, "it was in use");
        assert_eq!(ada.revoke(&[&key.id]).await.status, 200);
        // Minutes since the previous use, and the number of alerts afterwards.
        for (minutes, alerts) in [(0, 1), (1, 1), (58, 1), (1, 2), (59, 2), (1, 3)] {
            world.advance(minutes * 60_000);
            for address in ["192.0.2.1", "192.0.2.2"] {
                let sent = get("/v1/status").bearer(&key.secret).sent_from(address);
                assert_eq!(world.send(sent).await.status, 401);
            }
            world.app.recorder.flush().await;
            assert_eq!(
                world.database.number(ALERTS).await,
                alerts,
                "{minutes} minutes later"
            );
        }
        assert_eq!(world.code(&other).await, 200, "an alert revokes nothing");
        let target = "SELECT DISTINCT target_id FROM activity WHERE action = 'api_key.used_after_end'";
        assert_eq!(world.database.text(target).await, key.id);
    }
);
