//! The cap of live keys of an account (S60).

use crate::{
    answer::holds_a_key,
    browser::Made,
    database::{Database, both},
    world::{Setup, World, all},
};

const COUNT: &str = "SELECT COUNT(*) FROM api_keys";
const LIVE: &str = "SELECT COUNT(*) FROM api_keys WHERE revoked_at IS NULL AND expires_at IS NULL";

fn named<'f>(name: &'f str, token: &'f str) -> [(&'f str, &'f str); 4] {
    [
        ("name", name),
        ("preset", "read_only"),
        ("expires", "never"),
        ("form_token", token),
    ]
}

fn three_keys() -> Setup {
    Setup {
        arguments: &["--max-keys", "3"],
        ..Setup::default()
    }
}

both!(an_account_has_so_many_live_keys, async |database: Database| {
    let world = World::with(database, three_keys()).await;
    let ada = world.person("Ada Moss").await;
    for name in ["one", "two", "three"] {
        ada.key(name, "read_only").await;
    }
    let token = ada.form_token().await;
    let fields = named("four", &token);
    let (called, page) = (ada.create(&fields).await, ada.post(&ada.keys(), &fields).await);
    assert_eq!(page.field("name"), "four", "what was typed stays");
    for answer in [called, page] {
        assert_eq!(answer.status, 409, "{}", answer.text());
        assert!(
            answer.text().contains("This account already has 3 live keys") && !holds_a_key(answer.text())
        );
    }
    assert_eq!(world.database.number(COUNT).await, 3);
    // Each account has its own cap, and ended keys do not count.
    world.person("Bea Reef").await.key("one", "read_only").await;
    for room in ["revoked_at = 1", "expires_at = 1"] {
        let sql = format!(
            "UPDATE api_keys SET {room} WHERE id = (SELECT MIN(id) FROM api_keys WHERE revoked_at IS NULL AND expires_at IS NULL AND name <> 'four' AND account_id = (SELECT id FROM accounts WHERE slug = 'ada-moss'))"
        );
        assert_eq!(world.database.execute(&sql).await, 1);
        let token = ada.form_token().await;
        let fields = named("five", &token);
        assert_eq!(ada.create(&fields).await.status, 200, "{room}");
        assert_eq!(ada.create(&named("six", "next")).await.status, 409, "{room}");
    }
});

both!(a_rotation_is_no_addition, async |database: Database| {
    let setup = Setup {
        arguments: &["--max-keys", "1"],
        ..Setup::default()
    };
    let world = World::with(database, setup).await;
    let ada = world.person("Ada Moss").await;
    let first = ada.made("only").await;
    let refused = async |token| {
        let answer = ada.create(&named("more", token)).await;
        assert_eq!(answer.status, 409, "{token}: {}", answer.text());
        assert!(
            answer.text().contains("already has 1 live key, the"),
            "{}",
            answer.text()
        );
    };
    refused("a").await;
    // Old and new key are one for the whole grace period, and a rotation of the new one ends the old one.
    let second = Made::of(&ada.rotate(&first.id, "24").await);
    assert_eq!((world.code(&first).await, world.code(&second).await), (200, 200));
    refused("b").await;
    let third = Made::of(&ada.rotate(&second.id, "24").await);
    assert_eq!((world.code(&first).await, world.code(&second).await), (401, 200));
    refused("c").await;
    // Without its replacement the old key counts by itself.
    assert_eq!(ada.delete(&[&third.id], "only").await.status, 200);
    assert_eq!(world.code(&second).await, 200);
    refused("d").await;
    assert_eq!(ada.revoke(&[&second.id]).await.status, 200);
    assert_eq!(ada.create(&named("next", "e")).await.status, 200);
    // A cap that was lowered afterwards stops no rotation.
    let live = "UPDATE api_keys SET revoked_at = NULL, grace_ends_at = NULL, rotated_at = NULL WHERE id =";
    world.execute(&format!("{live} '{}'", second.id)).await;
    let answer = ada.rotate(&second.id, "1").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
});

both!(
    parallel_forms_make_no_more_keys_than_there_may_be,
    async |database: Database| {
        let world = World::with(database, three_keys()).await;
        let ada = world.person("Ada Moss").await;
        let copies: Vec<_> = (0..8).map(|_| ada.copy()).collect();
        let answers = all(copies.iter().enumerate().map(|(n, copy)| async move {
            let token = format!("t{n}");
            let fields = named("five", &token);
            if n % 2 == 0 {
                copy.create(&fields).await
            } else {
                copy.post(&copy.keys(), &fields).await
            }
        }))
        .await;
        let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 200, 409, 409, 409, 409, 409]);
        assert_eq!(world.database.number(LIVE).await, 3);
    }
);
