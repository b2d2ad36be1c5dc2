//! A grace period: the usage of both keys, and changing its end (S37).

use crate::{
    browser::{Browser, Made, get},
    database::{Database, both},
    html::Part,
    world::{PASSWORD, World},
};
use babysea::domain::role::Role;
use serde_json::json;

const HOUR: u64 = 3_600_000;
const CHANGES: &str = "SELECT detail FROM activity WHERE action = 'api_key.grace_changed' ORDER BY at";
const PAST: &str = "This time has passed. Choose a later end, or Stop it now.";

/// A rotated key with this grace period, and its replacement.
async fn rotated(ada: &Browser<'_>, grace: &str) -> (Made, Made) {
    let old = ada.made("prod").await;
    let new = Made::of(&ada.rotate(&old.id, grace).await);
    (old, new)
}

both!(a_grace_ends_when_an_owner_says_so, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let (old, new) = rotated(&ada, "24").await;
    assert_eq!(world.code(&old).await, 200);
    assert_eq!(ada.change_grace(&old.id, "0").await.status, 200);
    let refused = world.status(&old.secret).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json()["error"]["details"]["reason"], "key_expired");
    assert_eq!(world.code(&new).await, 200);
    assert_eq!(ada.change_grace(&old.id, "168").await.status, 409, "it has ended");
    assert_eq!(world.code(&old).await, 401);
    assert_eq!(world.database.texts(CHANGES).await, ["stopped before its end"]);
});

both!(
    a_grace_is_lengthened_and_shortened_from_the_rotation,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let (old, _new) = rotated(&ada, "6").await;
        world.advance(5 * HOUR);
        assert_eq!(ada.change_grace(&old.id, "12").await.status, 200);
        world.advance(7 * HOUR - 1);
        assert_eq!(world.code(&old).await, 200, "a moment before the new end");
        assert_eq!(ada.change_grace(&old.id, "24").await.status, 200);
        world.advance(1);
        assert_eq!(world.code(&old).await, 200, "lengthened in time");
        assert_eq!(ada.change_grace(&old.id, "13").await.status, 200);
        world.advance(HOUR - 1);
        assert_eq!(world.code(&old).await, 200);
        world.advance(1);
        assert_eq!(world.code(&old).await, 401, "13 hours after the rotation");
        assert_eq!(
            world.database.texts(CHANGES).await,
            [
                "works until 24 Nov 2026, 05:00:00 UTC at the latest",
                "works until 24 Nov 2026, 17:00:00 UTC at the latest",
                "works until 24 Nov 2026, 06:00:00 UTC at the latest",
            ]
        );
    }
);

both!(
    a_wrong_end_of_a_grace_changes_nothing,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let (old, new) = rotated(&ada, "12").await;
        world.advance(6 * HOUR);
        for (hours, sentence) in [
            ("", "Choose a grace period from 1 to 168 hours."),
            ("169", "Choose a grace period from 1 to 168 hours."),
            ("-1", "Choose a grace period from 1 to 168 hours."),
            ("1", PAST),
            ("6", PAST),
        ] {
            let refused = ada.change_grace(&old.id, hours).await;
            assert_eq!(refused.status, 422, "{hours:?}");
            assert_eq!(
                refused.json()["fields"],
                json!([["grace", sentence]]),
                "{hours:?}"
            );
            let fields = [("account", ada.slug.as_str()), ("key", &old.id), ("grace", hours)];
            let page = ada.post(&format!("{}?dialog=grace", ada.keys()), &fields).await;
            assert_eq!((page.status, page.field_error("grace").as_str()), (422, sentence));
        }
        assert_eq!(
            ada.change_grace(&new.id, "24").await.status,
            409,
            "it is not in a grace period"
        );
        for unknown in [
            "x",
            "key_00000000000000000000000000000000",
            "00000000-0000-0000-0000-000000000000",
        ] {
            assert_eq!(ada.change_grace(unknown, "24").await.status, 404, "{unknown}");
        }
        assert_eq!(world.database.texts(CHANGES).await, [""; 0]);
        world.advance(6 * HOUR - 1);
        assert_eq!(world.code(&old).await, 200);
        world.advance(1);
        assert_eq!(world.code(&old).await, 401);
    }
);

both!(the_dialogs_show_what_is_selected, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let (old, new) = rotated(&ada, "48").await;
    world.advance(7 * HOUR);
    for (dialog, key, chosen, offered) in [
        (
            "rotate",
            &new,
            "24",
            &["1", "6", "12", "24", "48", "72", "168"][..],
        ),
        ("grace", &old, "48", &["0", "12", "24", "48", "72", "168"]),
    ] {
        let page = ada
            .get(&format!("{}?dialog={dialog}&key={}", ada.keys(), key.id))
            .await;
        let all = page.tags();
        let mut ids: Vec<_> = all.iter().filter_map(|tag| tag.get("id")).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "each id once");
        let options = page.select("select#grace option");
        let value = |option: &Part| option.tag.get("value").expect("a value").to_owned();
        let values: Vec<_> = options.iter().map(value).collect();
        assert_eq!(values, offered, "{dialog}");
        let selected = options
            .iter()
            .filter(|option| option.tag.get("selected").is_some());
        assert_eq!(selected.map(value).collect::<Vec<_>>(), [chosen], "{dialog}");
    }
});

both!(
    a_lengthened_grace_stays_within_the_keys_own_expiry,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let old = ada.made("prod").await;
        let sql = "UPDATE api_keys SET expires_at = created_at + 7200000";
        assert_eq!(world.database.execute(sql).await, 1);
        Made::of(&ada.rotate(&old.id, "1").await);
        assert_eq!(ada.change_grace(&old.id, "168").await.status, 200);
        world.advance(2 * HOUR - 1);
        assert_eq!(world.code(&old).await, 200);
        world.advance(1);
        assert_eq!(world.code(&old).await, 401);
    }
);

both!(
    the_row_says_whether_the_old_key_is_still_used,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await.team("Tide").await;
        let old = ada.made("prod").await;
        world.code(&old).await;
        world.advance(60_000);
        let new = Made::of(&ada.rotate(&old.id, "24").await);
        world.app.recorder.flush().await;
        assert_eq!(
            since(&ada).await,
            ["Replacement, not used yet", "No requests since rotation"],
            "what came before is not counted"
        );

        world.advance(60_000);
        for address in ["192.0.2.1", "192.0.2.1", "192.0.2.2"] {
            let call = get("/v1/status").bearer(&old.secret).sent_from(address);
            assert_eq!(world.send(call).await.status, 200);
        }
        let call = get("/v1/status").bearer(&new.secret).sent_from("192.0.2.3");
        assert_eq!(world.send(call).await.status, 200);
        world.app.recorder.flush().await;
        world.advance(120_000);
        assert_eq!(
            since(&ada).await,
            [
                "Replacement, 1 request (1 client, last 2 minutes ago)",
                "3 requests since rotation (2 clients, last 2 minutes ago)"
            ]
        );
        let bo = world.member("Bo Reed", &ada.slug, Role::Member).await;
        assert_eq!(since(&bo).await.len(), 2, "members see it too");

        world.advance(24 * HOUR);
        ada.sign_in(&ada.email, PASSWORD).await;
        assert_eq!(since(&ada).await, [""; 0], "the grace is over");
    }
);

/// The usage in the rows of both keys, newest key first.
async fn since(person: &Browser<'_>) -> Vec<String> {
    let page = person.get(&person.keys()).await;
    page.select(".key-use").iter().map(Part::text).collect()
}
