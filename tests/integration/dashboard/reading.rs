//! Reading needs no write (S86): while nothing can be written, pages open, keys are checked and refusals stay refusals.

use crate::{
    browser::get,
    database::{Aside, Database, both},
    world::World,
};
use babysea::{domain::role::Role, server::jobs};
use sqlx::Executor as _;

/// Time after which a session's last use is written again.
const MINUTE: u64 = 61_000;
const TOUCHED: &str = "SELECT COUNT(DISTINCT last_seen_at) FROM sessions";

impl World {
    /// A connection that blocks the writes of pages until it is dropped.
    async fn write_protected(&self) -> Aside {
        let mut aside = self.database.aside().await;
        match &mut aside {
            Aside::Sqlite(c) => c.execute("BEGIN IMMEDIATE").await.map(drop),
            Aside::Postgres(c) => c
                .execute("BEGIN; LOCK TABLE sessions, users, activity, api_keys IN EXCLUSIVE MODE")
                .await
                .map(drop),
        }
        .expect("a lock");
        aside
    }
}

both!(
    pages_open_while_nothing_can_be_written,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let team = ada.team("Reef Studio").await;
        let bo = world.member("Bo Lind", &team.slug, Role::Member).await;
        let (used, unused) = (team.made("used").await, team.made("unused").await);
        assert_eq!(world.code(&used).await, 200);
        world.app.recorder.flush().await;

        let lock = world.write_protected().await;
        world.advance(MINUTE);
        for person in [&team, &bo, &ada] {
            let home = format!("/home/{}", person.slug);
            for page in ["api-keys", "activity", "guard", "scopes"] {
                assert_eq!(person.get(&format!("{home}/{page}")).await.status, 200, "{page}");
            }
        }
        let detail = format!("{}/{}", team.keys(), used.id);
        assert_eq!(team.get(&detail).await.status, 200);
        assert_eq!(team.get("/").await.status, 303);
        for key in [&used, &unused] {
            assert_eq!(world.code(key).await, 200);
        }
        assert_eq!(world.send(get("/v1/status").bearer("bye_x")).await.status, 401);
        // The activity counts it at the end of the minute.
        assert_eq!(bo.revoke(&[&used.id]).await.status, 403);
        drop(lock);

        world.app.recorder.flush().await;
        assert_eq!(world.database.number(TOUCHED).await, 1, "what waited is written");
        world.advance(MINUTE);
        let told = jobs::write_due_folds(&world.app).await;
        assert_eq!(told.expect("written"), 1);
        let detail = "SELECT detail FROM activity WHERE action = 'role.refused'";
        assert!(
            world
                .database
                .text(detail)
                .await
                .ends_with("1 more in that minute")
        );
    }
);

#[tokio::test]
async fn requests_that_must_write_report_it() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let key = ada.made("one").await;
    let token = ada.form_token().await;
    let lock = world.write_protected().await;
    let export = format!("/home/{}/activity/export?format=csv", ada.slug);
    let fields = [
        ("name", "two"),
        ("preset", "read_only"),
        ("form_token", token.as_str()),
    ];
    for answer in [
        ada.revoke(&[&key.id]).await,
        ada.create(&fields).await,
        ada.get(&export).await,
        ada.post("/sign-out", &[]).await,
    ] {
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(answer.text().contains("nothing was changed"), "{}", answer.text());
        assert_eq!(answer.header("retry-after"), "2");
    }
    assert_eq!(world.code(&key).await, 200);
    drop(lock);
    assert_eq!(ada.get(&export).await.status, 200);
    let exports = "SELECT COUNT(*) FROM activity WHERE action = 'activity.exported'";
    assert_eq!(world.database.number(exports).await, 1, "the one that was made");
    assert_eq!(ada.create(&fields).await.status, 200);
}

both!(
    the_account_seen_last_is_where_one_lands,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let team = ada.team("Reef Studio").await;
        for person in [&team, &ada, &team] {
            assert_eq!(person.get(&person.keys()).await.status, 200);
            // At once, and again after it was written.
            assert_eq!(person.get("/").await.location(), person.keys());
            world.app.recorder.flush().await;
            assert_eq!(person.get("/").await.location(), person.keys());
        }
    }
);

both!(
    a_session_in_use_does_not_end_while_its_use_cannot_be_written,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let lock = world.write_protected().await;
        let idle = u64::try_from(world.app.config.session_idle.as_millis()).expect("a number");
        for _ in 0..3 {
            world.advance(idle - 1);
            assert_eq!(ada.get(&ada.keys()).await.status, 200);
        }
        world.advance(idle);
        assert_eq!(ada.get(&ada.keys()).await.status, 303);
        drop(lock);
    }
);
