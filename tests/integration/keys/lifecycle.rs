//! The lifecycle of a key: rotating, revoking, deleting, by the states of the domain (S37, S38, S66, S67,
//! S77).

use crate::{
    answer::{holds_a_key, shown_part},
    browser::{Browser, Made},
    database::{Database, both},
    world::{World, all},
};
use babysea::server::jobs;
use serde_json::json;

const HOUR: u64 = 3_600_000;
const ACTIVITY: &str = "SELECT action || ' ' || target_name || ' ' || actor_name FROM activity WHERE action LIKE 'api_key.%' ORDER BY at, action";

/// The values of the column `Status`.
async fn shown(person: &Browser<'_>) -> Vec<String> {
    let page = person.get(&person.keys()).await;
    let mut cells = page.cells("Status");
    let words = cells.iter_mut().map(|cell| cell.texts.pop().unwrap_or_default());
    words.collect()
}

both!(both_keys_work_until_the_grace_ends, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let old = ada
        .key_with(&[
            ("name", "prod"),
            ("preset", "read_only"),
            ("expires", "30"),
            ("allowlist", "127.0.0.0/8"),
        ])
        .await;
    world.advance(HOUR);
    let answer = ada.rotate(&old.id, "6").await;
    let new = Made::of(&answer);
    assert_eq!(answer.json()["rotated"], true);
    assert_eq!(answer.json()["name"], "prod");
    let copied =
        "SELECT COUNT(DISTINCT scopes || ' ' || allowlist || ' ' || (expires_at - created_at)) FROM api_keys";
    assert_eq!(
        world.database.number(copied).await,
        1,
        "scopes, allowlist, lifetime"
    );
    assert_eq!((world.code(&old).await, world.code(&new).await), (200, 200));
    assert_eq!(shown(&ada).await, ["Active", "Rotated"]);

    world.advance(6 * HOUR - 1);
    assert_eq!(world.code(&old).await, 200, "a moment before the end");
    world.advance(1);
    let ended = world.status(&old.secret).await;
    assert_eq!(ended.status, 401);
    assert_eq!(ended.json()["error"]["details"]["reason"], "key_expired");
    assert_eq!(world.code(&new).await, 200);
    assert_eq!(shown(&ada).await, ["Active", "Expired"]);
    // The use after the end is written in the background.
    let mut changes = world.database.texts(ACTIVITY).await;
    changes.retain(|change| !change.starts_with("api_key.used_after_end"));
    assert_eq!(
        changes,
        [
            "api_key.created prod Ada Moss",
            "api_key.created prod Ada Moss",
            "api_key.rotated prod Ada Moss"
        ]
    );
});

both!(
    no_grace_outlives_the_keys_own_expiry,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let old = ada.made("prod").await;
        let sql = "UPDATE api_keys SET expires_at = created_at + 7200000";
        assert_eq!(world.database.execute(sql).await, 1);
        world.advance(2 * HOUR - 1);
        let new = Made::of(&ada.rotate(&old.id, "168").await);
        assert_eq!(world.code(&old).await, 200);
        world.advance(1);
        assert_eq!((world.code(&old).await, world.code(&new).await), (401, 200));
    }
);

both!(
    a_chain_has_two_secrets_that_work_at_most,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let first = ada.made("prod").await;
        let second = Made::of(&ada.rotate(&first.id, "168").await);
        let dialog = ada
            .get(&format!("{}?dialog=rotate&key={}", ada.keys(), second.id))
            .await;
        let works = format!(
            "{}..., which this key replaced, still works",
            shown_part(&first.secret)
        );
        let says = dialog.select("#rotate-warning").remove(0).text();
        let is_named = says.starts_with(&works) && says.ends_with(". It stops immediately.");
        assert!(is_named, "the dialog says which key stops: {says}");
        let third = Made::of(&ada.rotate(&second.id, "168").await);
        let statuses = [&first, &second, &third];
        let statuses = all(statuses.map(|key| world.code(key))).await;
        assert_eq!(statuses, [401, 200, 200]);
        // Each key has its changes in its own activity.
        let world = &world;
        let told = |key: &Made| {
            let sql = format!(
                "SELECT action || ': ' || detail FROM activity WHERE target_id = '{}'",
                key.id
            );
            async move { world.database.texts(&sql).await.join("\n") }
        };
        let shown = [&first, &second, &third].map(|key| format!("{}...", shown_part(&key.secret)));
        let stopped = format!(
            "api_key.grace_changed: {} stopped, since {}, which replaces it, was rotated",
            shown[0], shown[1]
        );
        assert!(told(&first).await.contains(&stopped), "{}", told(&first).await);
        let made = format!("api_key.created: {} replaces {}", shown[2], shown[1]);
        assert_eq!(told(&third).await, made);
        // Only the newest can be rotated.
        for key in [&first, &second] {
            let refused = ada.rotate(&key.id, "1").await;
            assert_eq!(refused.status, 409, "{}", refused.text());
            assert!(!holds_a_key(refused.text()));
        }
    }
);

both!(of_eight_rotations_at_once_one_wins, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let old = ada.made("prod").await;
    let mut tokens = Vec::new();
    for _ in 0..8 {
        tokens.push(ada.form_token().await);
    }
    let copies: Vec<_> = (0..8).map(|_| ada.copy()).collect();
    let answers = all(copies
        .iter()
        .zip(&tokens)
        .map(|(copy, token)| copy.rotate_with(&old.id, "24", token)))
    .await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM api_keys").await, 2);
    assert_eq!(
        world
            .database
            .number("SELECT COUNT(*) FROM activity WHERE action = 'api_key.rotated'")
            .await,
        1,
        "what did not happen is not in the activity"
    );
});

both!(a_wrong_grace_changes_nothing, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let old = ada.made("prod").await;
    for grace in ["", "0", "169", "x", "-1"] {
        let refused = ada.rotate(&old.id, grace).await;
        assert_eq!(refused.status, 422, "{grace:?}");
        assert_eq!(
            refused.json()["fields"],
            json!([["grace", "Choose a grace period from 1 to 168 hours."]])
        );
    }
    let fields = [
        ("account", ada.slug.as_str()),
        ("key", &old.id),
        ("grace", "0"),
        ("form_token", "a1"),
    ];
    let page = ada.post(&format!("{}?dialog=rotate", ada.keys()), &fields).await;
    assert_eq!(page.status, 422);
    assert_eq!(
        page.field_error("grace"),
        "Choose a grace period from 1 to 168 hours."
    );
    assert_eq!(world.database.number("SELECT COUNT(*) FROM api_keys").await, 1);
    assert_eq!(shown(&ada).await, ["Active"]);
});

both!(
    a_lost_replacement_is_reissued_and_the_old_key_stays,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let old = ada.made("prod").await;
        let lost = Made::of(&ada.rotate(&old.id, "24").await);
        let token = ada.form_token().await;
        let again = Made::of(&ada.reissue(&lost.id, &token).await);
        assert_eq!(again.id, lost.id);
        let statuses = all([&old, &lost, &again].map(|key| world.code(key))).await;
        assert_eq!(statuses, [200, 401, 200]);
    }
);

both!(
    deleting_takes_the_name_the_logs_and_leaves_the_activity,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let key = ada.made("prod").await;
        for _ in 0..3 {
            world.code(&key).await;
        }
        world.app.recorder.flush().await;
        let dialog = ada
            .get(&format!("{}?dialog=delete&key={}", ada.keys(), key.id))
            .await;
        assert!(
            dialog.text().contains("Its 3 logged requests are deleted too."),
            "{}",
            dialog.text()
        );
        let refused = ada.delete(&[&key.id], "Prod").await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.json()["fields"][0][0], "confirm");
        assert_eq!(world.code(&key).await, 200);

        // This use is still queued; its row must not be inserted after the key is deleted.
        assert_eq!(ada.delete(&[&key.id], " prod ").await.status, 200);
        assert_eq!(world.code(&key).await, 401);
        world.app.recorder.flush().await;
        assert_eq!(jobs::remove_deleted_keys(&world.app).await.expect("removed"), 1);
        assert_eq!(
            world.database.number("SELECT COUNT(*) FROM request_logs").await,
            0
        );
        assert_eq!(
            world.database.texts(ACTIVITY).await,
            ["api_key.created prod Ada Moss", "api_key.deleted prod Ada Moss"]
        );
        assert_eq!(ada.delete(&[&key.id], "prod").await.status, 404);
    }
);

both!(the_activity_is_append_only, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let key = ada.made("prod").await;
    assert_eq!(ada.revoke(&[&key.id]).await.status, 200);
    let again = "SELECT id, account_id, at, actor_id, 'Nobody', action, target_id, target_name, detail, search_key, request_id, ip_hash FROM activity WHERE TRUE";
    let other = if world.database.is_postgres() {
        "TRUNCATE activity".to_owned()
    } else {
        format!("INSERT OR REPLACE INTO activity {again}")
    };
    let upsert = format!("INSERT INTO activity {again} ON CONFLICT (id) DO UPDATE SET actor_name = 'Nobody'");
    for sql in [
        "UPDATE activity SET actor_name = 'Nobody'",
        "DELETE FROM activity",
        "DELETE FROM activity WHERE action = 'api_key.revoked'",
        &other,
        &upsert,
    ] {
        let refused = world.database.refusal(sql).await;
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
    let kept = "SELECT action || ' ' || detail || ' ' || (request_id LIKE 'req_%') FROM activity WHERE action LIKE 'api_key.%' ORDER BY at, action";
    let rows = world.database.texts(kept).await;
    assert_eq!(rows.len(), 2);
    assert!(rows[1].starts_with("api_key.revoked leaked "), "{rows:?}");
});
