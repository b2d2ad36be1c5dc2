//! Revoking or deleting several keys in one action: all of them or none (S38).

use crate::{
    answer::{Answer, shown_part},
    browser::{Browser, Made},
    database::{Database, both},
    world::{World, all},
};
use babysea::server::jobs;
use serde_json::json;

const COUNT: &str = "SELECT COUNT(*) FROM api_keys WHERE deleted_at IS NULL";
const ENDED: &str = "SELECT target_name FROM activity WHERE action IN ('api_key.revoked', 'api_key.deleted') ORDER BY target_name";

async fn three(ada: &Browser<'_>) -> [Made; 3] {
    [
        ada.made("first").await,
        ada.made("second").await,
        ada.made("third").await,
    ]
}

async fn codes(world: &World, keys: &[Made]) -> Vec<u16> {
    all(keys.iter().map(|key| world.code(key))).await
}

both!(several_keys_are_revoked_at_once, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let keys = three(&ada).await;
    let answer = ada.revoke(&[&keys[0].id, &keys[2].id, &keys[0].id]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(codes(&world, &keys).await, [401, 200, 401]);
    assert_eq!(world.database.texts(ENDED).await, ["first", "third"], "each once");
    let refused = world.status(&keys[0].secret).await;
    assert_eq!(refused.json()["error"]["details"]["reason"], "key_revoked");

    // Ended keys stay as they are; the others are revoked.
    let moment = "SELECT COUNT(DISTINCT revoked_at) FROM api_keys";
    world.advance(1000);
    let mixed = ada.revoke(&[&keys[0].id, &keys[1].id]).await;
    assert_eq!(mixed.status, 200, "{}", mixed.text());
    assert_eq!(codes(&world, &keys).await, [401; 3]);
    assert_eq!(world.database.number(moment).await, 2);
    let refused = ada.revoke(&[&keys[0].id, &keys[1].id]).await;
    assert_eq!(refused.status, 409);
    assert!(
        refused
            .text()
            .contains("None of these keys works any more: they have expired or were revoked."),
        "{}",
        refused.text()
    );
    assert_eq!(world.database.texts(ENDED).await.len(), 3);
});

both!(several_keys_are_deleted_at_once, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let keys = three(&ada).await;
    codes(&world, &keys).await;
    let (first, second) = (keys[0].id.as_str(), keys[1].id.as_str());
    let query = format!("?dialog=delete&keys[]={first}&keys[]={second}");
    let dialog = ada.get(&format!("{}{query}", ada.keys())).await;
    for part in [
        "delete 2 keys",
        "Their 2 logged requests are deleted too.",
        "first",
        "second",
    ] {
        assert!(dialog.text().contains(part), "the dialog says {part:?}");
    }
    for typed in ["", "first", "delete 3 keys", "Delete 2 keys"] {
        let refused = ada.delete(&[first, second], typed).await;
        assert_eq!(refused.status, 422, "{typed:?}");
        assert_eq!(
            refused.json()["fields"],
            json!([["confirm", "This does not match. Type “delete 2 keys”."]])
        );
    }
    assert_eq!(world.database.number(COUNT).await, 3);
    assert_eq!(ada.delete(&[first, second], "delete 2 keys").await.status, 200);
    assert_eq!(codes(&world, &keys).await, [401, 401, 200]);
    world.app.recorder.flush().await;
    assert_eq!(jobs::remove_deleted_keys(&world.app).await.expect("removed"), 2);
    let logged = "SELECT COUNT(DISTINCT key_id) FROM request_logs";
    assert_eq!(world.database.number(logged).await, 1, "of the key that is left");
    assert_eq!(world.database.texts(ENDED).await, ["first", "second"]);
});

/// The responses of both entry points.
async fn by_both_doors(ada: &Browser<'_>, action: &str, keys: &[&str], field: (&str, &str)) -> [Answer; 2] {
    let token = ada.form_token().await;
    let mut fields = vec![("account", ada.slug.as_str()), ("form_token", token.as_str())];
    fields.extend(keys.iter().map(|key| ("keys[]", *key)));
    fields.push(field);
    [
        ada.post(&format!("/api/keys/{action}"), &fields).await,
        ada.post(&format!("{}?dialog={action}", ada.keys()), &fields)
            .await,
    ]
}

both!(
    an_invalid_selection_changes_nothing,
    async |database: Database| {
        let world = World::on(database).await;
        let (ada, bo) = (world.person("Ada Moss").await, world.person("Bo Reed").await);
        let keys = three(&ada).await;
        let others = bo.made("theirs").await;
        let known = keys[0].id.as_str();
        let none = "00000000-0000-0000-0000-000000000000";
        let many = vec![known; 101];
        for (chosen, status) in [
            (&[known, &others.id][..], 404),
            (&[&others.id, known], 404),
            (&[known, none], 404),
            (&[known, "x"], 404),
            (&[], 422),
            (&many, 422),
        ] {
            for (action, field) in [
                ("revoke", ("reason", "")),
                ("delete", ("confirm", "delete 2 keys")),
            ] {
                for answer in by_both_doors(&ada, action, chosen, field).await {
                    assert_eq!(answer.status, status, "{action} {chosen:?}: {}", answer.text());
                }
            }
        }
        assert_eq!(world.database.number(COUNT).await, 4);
        assert_eq!(world.database.texts(ENDED).await, [""; 0]);
        assert_eq!(codes(&world, &keys).await, [200; 3]);
        assert_eq!(world.code(&others).await, 200);
    }
);

both!(a_reason_is_kept_as_one_short_line, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let key = ada.made("prod").await;
    let long = "r".repeat(201);
    for answer in by_both_doors(&ada, "revoke", &[&key.id], ("reason", &long)).await {
        assert_eq!(answer.status, 422);
        let said = answer.text().contains("Use at most 200 characters.");
        assert!(said, "{}", answer.text());
    }
    assert_eq!(world.code(&key).await, 200);
    for hidden in ['\u{202E}', '\u{200B}', '\u{2066}', '\0'] {
        let reason = format!("found{hidden} in a log");
        let named = format!("{:04X}", u32::from(hidden));
        for answer in by_both_doors(&ada, "revoke", &[&key.id], ("reason", &reason)).await {
            assert_eq!(answer.status, 422, "{reason:?}");
            let said = answer
                .text()
                .contains(&format!("invisible character (U+{named}) after"));
            assert!(said, "{}", answer.text());
        }
    }
    assert_eq!(world.code(&key).await, 200);
    let [answer, _] = by_both_doors(&ada, "revoke", &[&key.id], ("reason", " in a\r\n public\tlog ")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let detail = "SELECT detail FROM activity WHERE action = 'api_key.revoked'";
    assert_eq!(world.database.text(detail).await, "in a public log");
});

both!(a_key_is_no_reason_and_no_name, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let key = ada.made("prod").await;
    let reason = format!("leaked: {}\u{0}{}", &key.secret[..20], &key.secret[20..]);
    for answer in by_both_doors(&ada, "revoke", &[&key.id], ("reason", &reason)).await {
        assert_eq!(answer.status, 422);
        let said = answer
            .text()
            .contains("Remove the API key: everyone in this account can read the reason.");
        assert!(said, "{}", answer.text());
    }
    assert_eq!(world.code(&key).await, 200);
    let name = format!("prod {}", key.secret);
    let refused = ada
        .create(&[("name", &name), ("preset", "read_only"), ("form_token", "1")])
        .await;
    assert_eq!(refused.status, 422);
    assert_eq!(
        refused.json()["fields"],
        json!([[
            "name",
            "The name contains an API key, or most of one. Remove it: everybody in the account can read names."
        ]])
    );
    assert_eq!(world.database.number(COUNT).await, 1);
    // The rest follows from prefix and 32 characters, and letter case can be found out.
    for part in [
        &key.secret[..key.secret.len() - 6],
        &key.secret[..key.secret.len() - 1],
        &key.secret.to_lowercase(),
    ] {
        let reason = format!("found {part}");
        for answer in by_both_doors(&ada, "revoke", &[&key.id], ("reason", &reason)).await {
            assert_eq!(answer.status, 422, "{part}");
        }
        let fields = [("name", part), ("preset", "read_only"), ("form_token", "1")];
        assert_eq!(ada.create(&fields).await.status, 422, "{part}");
    }
    assert_eq!(world.code(&key).await, 200);
    let [answer, _] = by_both_doors(&ada, "revoke", &[&key.id], ("reason", shown_part(&key.secret))).await;
    assert_eq!(answer.status, 200, "what everybody sees of it is no secret");
});

both!(white_space_is_typed_as_it_is_shown, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    for (name, typed) in [
        ("prod  worker", "prod worker"),
        ("prod\u{a0}worker", " prod worker "),
        ("prod\u{2003} worker", "prod\u{a0}worker"),
        ("u\u{308}ber  prod", "\u{fc}ber prod"),
    ] {
        let key = ada.made(name).await;
        for wrong in ["prodworker", "prod", ""] {
            assert_eq!(
                ada.delete(&[&key.id], wrong).await.status,
                422,
                "{name:?}, {wrong:?}"
            );
        }
        let answer = ada.delete(&[&key.id], typed).await;
        assert_eq!(answer.status, 200, "{name:?}: {}", answer.text());
    }
    assert_eq!(world.database.number(COUNT).await, 0);
});

both!(
    the_activity_says_that_the_log_went_too,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let key = ada.made("prod").await;
        for _ in 0..3 {
            assert_eq!(world.code(&key).await, 200);
        }
        assert_eq!(ada.delete(&[&key.id], "prod").await.status, 200);
        let detail = "SELECT detail FROM activity WHERE action = 'api_key.deleted'";
        let told = world.database.text(detail).await;
        assert_eq!(
            told,
            format!("{}..., with its request log", shown_part(&key.secret))
        );
    }
);

both!(
    of_eight_simultaneous_endings_one_is_recorded,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        for delete in [false, true] {
            let key = ada.made("prod").await;
            let copies: Vec<_> = (0..8).map(|_| ada.copy()).collect();
            let ids = [key.id.as_str()];
            let answers = all(copies.iter().map(async |copy| {
                if delete {
                    copy.delete(&ids, "prod").await.status
                } else {
                    copy.revoke(&ids).await.status
                }
            }))
            .await;
            let won = answers.iter().filter(|status| **status == 200).count();
            assert_eq!(won, 1, "{answers:?}");
            let lost = if delete { 404 } else { 409 };
            assert_eq!(
                answers.iter().filter(|status| **status == lost).count(),
                7,
                "{answers:?}"
            );
        }
        assert_eq!(world.database.texts(ENDED).await, ["prod", "prod"]);
    }
);
