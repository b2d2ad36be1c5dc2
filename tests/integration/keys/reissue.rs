//! `Reissue secret`: a new secret for a key that was never used (S35).

use crate::{
    answer::{holds_a_key, shown_part},
    browser::{Browser, Made},
    database::{Database, both},
    world::{World, all},
};

impl Browser<'_> {
    /// Id of the only key with this name.
    async fn key_id(&self, name: &str) -> String {
        let sql = format!("SELECT id FROM api_keys WHERE name = '{name}'");
        self.world.database.text(&sql).await
    }
}

both!(
    a_key_that_was_never_used_gets_a_new_secret,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let lost = ada.key("prod", "read_only").await;
        let id = ada.key_id("prod").await;
        let token = ada.form_token().await;
        let answer = ada.reissue(&id, &token).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let made = answer.json();
        let secret = made["secret"].as_str().expect("a secret");
        assert_eq!(made["id"], id.as_str());
        assert_eq!(world.status(&lost).await.status, 401, "the lost one is dead");

        let again = ada.reissue(&id, &token).await;
        assert_eq!(again.status, 409);
        assert!(!holds_a_key(again.text()), "a repeated form gives nothing");
        let status = world.status(secret).await;
        assert_eq!(status.status, 200, "and takes nothing");
        assert_eq!(status.json()["data"]["apikey_prefix"], shown_part(secret));
    }
);

both!(
    every_form_gives_a_secret_once_whatever_came_after_it,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let made = ada.form_token().await;
        let fields = [("name", "prod"), ("preset", "read_only"), ("form_token", &made)];
        let created = ada.create(&fields).await;
        assert_eq!(created.status, 200, "{}", created.text());
        let id = ada.key_id("prod").await;
        let (first, second) = (ada.form_token().await, ada.form_token().await);
        assert_eq!(ada.reissue(&id, &first).await.status, 200);
        let answer = ada.reissue(&id, &second).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        // Reloading a tab sends its form again: the one that created the key, or an earlier reissue.
        for again in [
            ada.create(&fields).await,
            ada.reissue(&id, &first).await,
            ada.reissue(&id, &second).await,
        ] {
            assert_eq!(again.status, 409, "{}", again.text());
            assert!(!holds_a_key(again.text()));
        }
        let secret = answer.json()["secret"].as_str().expect("a secret").to_owned();
        assert_eq!(
            world.status(&secret).await.status,
            200,
            "the last one still works"
        );
    }
);

both!(
    a_use_that_cannot_be_noted_may_be_one_of_this_key,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let lost = ada.key("prod", "read_only").await;
        let id = ada.key_id("prod").await;
        let other = ada.key("other", "full_access").await;
        let token = ada.form_token().await;
        world
            .database
            .execute("ALTER TABLE request_logs RENAME TO hidden")
            .await;
        assert_eq!(world.status(&other).await.status, 200);
        let refused = ada.reissue(&id, &token).await;
        assert_eq!(refused.status, 503, "{}", refused.text());
        assert!(!holds_a_key(refused.text()));
        world
            .database
            .execute("ALTER TABLE hidden RENAME TO request_logs")
            .await;
        assert_eq!(
            ada.reissue(&id, &token).await.status,
            200,
            "the form still counts"
        );
        assert_eq!(world.status(&lost).await.status, 401);
    }
);

both!(eight_at_once_give_one_secret, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let lost = ada.key("prod", "read_only").await;
    let id = ada.key_id("prod").await;
    let token = ada.form_token().await;
    let copies: Vec<_> = (0..8).map(|_| ada.copy()).collect();
    let answers = all(copies.iter().map(|copy| copy.reissue(&id, &token))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
    let given = answers.iter().filter(|answer| holds_a_key(answer.text()));
    let secrets: Vec<_> = given
        .map(|answer| answer.json()["secret"].as_str().expect("a secret").to_owned())
        .collect();
    assert_eq!(secrets.len(), 1);
    assert_eq!(world.status(&secrets[0]).await.status, 200);
    assert_eq!(world.status(&lost).await.status, 401);
});

both!(
    a_use_that_waits_to_be_written_is_a_use,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let secret = ada.key("prod", "read_only").await;
        assert_eq!(world.status(&secret).await.status, 200);
        let answer = ada
            .reissue(&ada.key_id("prod").await, &ada.form_token().await)
            .await;
        assert_eq!(answer.status, 409, "{}", answer.text());
        assert!(!holds_a_key(answer.text()));
        assert_eq!(world.status(&secret).await.status, 200);
    }
);

both!(
    an_old_key_in_its_grace_period_gets_one_until_it_is_used,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let lost = ada.made("prod").await;
        assert_eq!(ada.rotate(&lost.id, "1").await.status, 200);
        let menu = ada.get(&ada.keys()).await;
        assert_eq!(menu.select("[data-menu~=reissue]").len(), 2, "both keys offer it");
        let made = Made::of(&ada.reissue(&lost.id, &ada.form_token().await).await);
        assert_eq!(world.code(&lost).await, 401, "the lost one is dead");
        assert_eq!(world.code(&made).await, 200);
        let used = ada.reissue(&lost.id, &ada.form_token().await).await;
        assert_eq!(used.status, 409, "{}", used.text());
        assert!(
            used.text().contains("was used in the meantime"),
            "{}",
            used.text()
        );
        world.advance(3_600_000);
        assert_eq!(
            world.code(&made).await,
            401,
            "it ends when the lost one would have"
        );
    }
);

#[tokio::test]
async fn a_refused_request_is_no_use() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let secret = ada.key("prod", "monitor_only").await;
    assert_eq!(world.status(&secret).await.status, 403);
    let answer = ada
        .reissue(&ada.key_id("prod").await, &ada.form_token().await)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

both!(ended_and_foreign_keys_get_none, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let bea = world.person("Bea Lund").await;
    for name in ["revoked", "expired", "good"] {
        ada.key(name, "read_only").await;
    }
    world
        .database
        .execute("UPDATE api_keys SET revoked_at = 1 WHERE name = 'revoked'")
        .await;
    let now = world.app.now().millis();
    world
        .database
        .execute(&format!(
            "UPDATE api_keys SET expires_at = {now} WHERE name = 'expired'"
        ))
        .await;
    for name in ["revoked", "expired"] {
        let answer = ada
            .reissue(&ada.key_id(name).await, &ada.form_token().await)
            .await;
        assert_eq!(answer.status, 409, "{name}: {}", answer.text());
    }
    let good = ada.key_id("good").await;
    let before = world
        .database
        .text("SELECT prefix FROM api_keys WHERE name = 'good'")
        .await;
    let token = bea.form_token().await;
    let foreign = bea.reissue(&good, &token).await;
    let absent = bea.reissue("0f8fad5b-d9cb-469f-a165-70867728950e", &token).await;
    let no_id = bea.reissue("nonsense", &token).await;
    assert_eq!(foreign.status, 404);
    assert_eq!(foreign.comparable(), absent.comparable());
    assert_eq!(foreign.comparable(), no_id.comparable());
    let after = world
        .database
        .text("SELECT prefix FROM api_keys WHERE name = 'good'")
        .await;
    assert_eq!(before, after);
});

#[tokio::test]
async fn without_scripts_reissue_is_confirmed_and_shown_on_pages() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let lost = ada.key("prod", "read_only").await;
    let id = ada.key_id("prod").await;
    let question = ada.get(&format!("{}?dialog=reissue&key={id}", ada.keys())).await;
    assert_eq!(question.status, 200);
    assert!(question.text().contains("id=\"reissue-title\""));
    let token = ada.form_token().await;
    let path = format!("{}?dialog=reissue", ada.keys());
    let fields = [("key", id.as_str()), ("form_token", &token)];
    let answer = ada.post(&path, &fields).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let secret = answer.id("kept-key").text;
    assert_eq!(world.status(&lost).await.status, 401);
    let again = ada.post(&path, &fields).await;
    assert_eq!(again.status, 409);
    assert!(!holds_a_key(again.text()));
    assert_eq!(world.status(&secret).await.status, 200);
    let gone = ada
        .get(&format!("{}?dialog=reissue&key=nonsense", ada.keys()))
        .await;
    assert_eq!((gone.status, gone.location()), (303, ada.keys().as_str()));
}
