//! Rate limits of accounts and keys (S55, S56).

use crate::{
    answer::Answer,
    browser::get,
    database::{Database, both},
    world::{Setup, World, all},
};

async fn limited(database: Database, limit: &'static str) -> World {
    let setup = Setup {
        arguments: Vec::leak(vec!["--rate-limit", limit]),
        ..Setup::default()
    };
    World::with(database, setup).await
}

fn standing(answer: &Answer) -> (u16, [&str; 3]) {
    let names = ["x-ratelimit-limit", "x-ratelimit-remaining", "retry-after"];
    (answer.status, names.map(|name| answer.header(name)))
}

both!(
    all_keys_of_an_account_share_its_limit,
    async |database: Database| {
        let world = limited(database, "2").await;
        let ada = world.person("Ada Moss").await;
        let (one, two) = (
            ada.key("one", "full_access").await,
            ada.key("two", "full_access").await,
        );
        let other = ada.team("Team").await.key("other", "full_access").await;
        world.advance(1_500);
        assert_eq!(standing(&world.status(&one).await), (200, ["2", "1", ""]));
        assert_eq!(standing(&world.status(&two).await), (200, ["2", "0", ""]));
        let refused = world.status(&one).await;
        assert_eq!(standing(&refused), (429, ["2", "0", "59"]));
        let error = &refused.json()["error"];
        assert_eq!(
            (error["code"].as_str(), error["retryable"].as_bool()),
            (Some("BSE1005"), Some(true))
        );
        assert_eq!(error["details"]["retry_after_seconds"], 59);
        assert_eq!(
            standing(&world.status(&other).await),
            (200, ["2", "1", ""]),
            "another account"
        );
        let resets_at: i64 = refused.header("x-ratelimit-reset").parse().expect("a time");
        assert_eq!(resets_at * 1_000, world.app.now().millis() + 58_500);
        world.advance(58_999);
        assert_eq!(world.status(&one).await.status, 200, "after exactly that wait");
    }
);

both!(
    a_keys_own_limit_uses_nothing_of_its_accounts,
    async |database: Database| {
        let world = limited(database, "3").await;
        let ada = world.person("Ada Moss").await;
        let slow = ada
            .key_with(&[("name", "slow"), ("preset", "full_access"), ("rate_limit", "1")])
            .await;
        let fast = ada.key("fast", "full_access").await;
        assert_eq!(standing(&world.status(&slow.secret).await), (200, ["1", "0", ""]));
        for _ in 0..5 {
            assert_eq!(world.status(&slow.secret).await.status, 429);
        }
        assert_eq!(standing(&world.status(&fast).await), (200, ["3", "1", ""]));
        assert_eq!(standing(&world.status(&fast).await), (200, ["3", "0", ""]));
        assert_eq!(world.status(&fast).await.status, 429);
    }
);

both!(
    refusals_use_no_quota_and_report_what_is_left,
    async |database: Database| {
        let world = limited(database, "1").await;
        let ada = world.person("Ada Moss").await;
        let narrow = ada.key("narrow", "monitor_only").await;
        let elsewhere = ada
            .key_with(&[
                ("name", "elsewhere"),
                ("preset", "full_access"),
                ("allowlist", "198.51.100.5"),
            ])
            .await
            .secret;
        let revoked = ada.made("revoked").await;
        ada.revoke(&[&revoked.id]).await;
        for key in [&narrow, &elsewhere, &revoked.secret] {
            let refused = world.status(key).await;
            assert!([401, 403].contains(&refused.status));
            assert_eq!(standing(&refused).1, ["1", "1", ""]);
            assert!(!refused.header("x-ratelimit-reset").is_empty());
        }
        let passes = get("/v1/health/storage").bearer(&narrow);
        assert_eq!(world.send(passes).await.status, 501);
        assert_eq!(
            world.status(&narrow).await.status,
            403,
            "the scope is looked at first"
        );
    }
);

#[tokio::test]
async fn a_hundred_at_once_get_what_is_left_and_no_more() {
    let world = limited(Database::sqlite(), "40").await;
    let key = world.person("Ada Moss").await.key("prod", "full_access").await;
    let answers = all((0..100).map(|_| world.status(&key))).await;
    let passed = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(passed, 40);
    assert!(answers.iter().all(|answer| [200, 429].contains(&answer.status)));
}

#[tokio::test]
async fn without_limits_there_are_no_headers() {
    let world = limited(Database::sqlite(), "none").await;
    let key = world.person("Ada Moss").await.key("prod", "full_access").await;
    assert_eq!(standing(&world.status(&key).await), (200, ["", "", ""]));
}

both!(a_rotated_key_passes_its_limit_on, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let old = ada
        .key_with(&[("name", "slow"), ("preset", "full_access"), ("rate_limit", "7")])
        .await;
    ada.rotate(&old.id, "24").await;
    let limits = world
        .database
        .texts("SELECT CAST(rate_limit AS TEXT) FROM api_keys")
        .await;
    assert_eq!(limits, ["7", "7"]);
});

#[tokio::test]
async fn an_invalid_rate_limit_is_shown_at_its_field() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    for wrong in ["0", "-5", "1.5", "many", "1000001"] {
        let answer = ada
            .create(&[("name", "prod"), ("preset", "full_access"), ("rate_limit", wrong)])
            .await;
        assert_eq!(answer.status, 422, "{wrong}");
        assert_eq!(answer.json()["fields"][0][0], "rate_limit", "{wrong}");
    }
    assert_eq!(world.database.number("SELECT COUNT(*) FROM api_keys").await, 0);
}
