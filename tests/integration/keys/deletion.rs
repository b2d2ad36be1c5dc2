//! A deleted key is refused and hidden at once, however long its log is; its rows are removed in the
//! background, in steps (S85).

use crate::{
    browser::get,
    database::{Database, both},
    until::until,
    world::{Setup, World},
};
use babysea::server::jobs;

const ROWS: &str = "SELECT COUNT(*) FROM request_logs";
const MARKED: &str = "SELECT COUNT(*) FROM api_keys WHERE deleted_at IS NOT NULL";
/// More rows than one step removes.
const MANY: u32 = 9_000;

impl World {
    /// Adds rows to the log of a key, one for each millisecond from a time on, from three clients.
    pub(super) async fn fill(&self, key: &str, rows: u32, from: i64) {
        let numbers = if self.database.is_postgres() {
            format!("SELECT generate_series(1, {rows}) AS n")
        } else {
            format!(
                "WITH RECURSIVE g (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < {rows}) SELECT n FROM g"
            )
        };
        let sql = format!(
            "INSERT INTO request_logs (id, account_id, key_id, method, route, path, params, status, user_agent, ip_hash, at)
             SELECT 'req_' || n || '_' || k.id, k.account_id, k.id, 'GET', '/v1/status', '/v1/status', '', 200, '', 'client' || (n % 3), {from} + n
             FROM ({numbers}) AS numbers, api_keys k WHERE k.id = '{key}'"
        );
        assert_eq!(self.database.execute(&sql).await, u64::from(rows));
    }
}

both!(
    a_deleted_key_is_nowhere_and_its_rows_go_later,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let (key, other) = (ada.made("busy").await, ada.made("other").await);
        for made in [&key, &other] {
            assert_eq!(world.code(made).await, 200);
        }
        world.app.recorder.flush().await;
        world
            .fill(&key.id, MANY, world.app.now().millis() - 100_000)
            .await;
        // These rows are still queued when the key is deleted.
        assert_eq!(world.code(&key).await, 200);

        assert_eq!(ada.delete(&[&key.id], "busy").await.status, 200);
        assert_eq!(world.code(&key).await, 401);
        assert_eq!(ada.get(&ada.keys()).await.names(), ["other"]);
        let detail = ada.get(&format!("{}/{}", ada.keys(), key.id)).await;
        assert_eq!(detail.status, 404);
        for (again, status) in [
            (ada.delete(&[&key.id], "busy").await, 404),
            (ada.revoke(&[&key.id]).await, 404),
            (ada.rotate(&key.id, "1").await, 404),
        ] {
            assert_eq!(again.status, status);
        }
        let rows = i64::from(MANY) + 2;
        assert_eq!(
            world.database.number(ROWS).await,
            rows,
            "none goes with the answer"
        );
        // The account's totals shrink as rows are removed.
        let total = async || {
            let usage = world.send(get("/v1/usage").bearer(&other.secret)).await;
            usage.json()["data"]["usage_total_requests"].clone()
        };
        assert_eq!(total().await, rows);

        assert_eq!(jobs::remove_deleted_keys(&world.app).await.expect("removed"), 1);
        assert_eq!(world.database.number(MARKED).await, 0);
        world.app.recorder.flush().await;
        let of_other = format!("{ROWS} WHERE key_id = '{}'", other.id);
        let left = world.database.number(ROWS).await;
        assert_eq!(
            left,
            world.database.number(&of_other).await,
            "what waited is not written"
        );
        assert_eq!(world.code(&other).await, 200);
        assert_eq!(jobs::remove_deleted_keys(&world.app).await.expect("nothing"), 0);
    }
);

both!(the_rows_go_after_a_restart, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let keys = [ada.made("one").await, ada.made("two").await];
    for key in &keys {
        world.fill(&key.id, 10, 0).await;
    }
    let ids = keys.each_ref().map(|key| key.id.as_str());
    assert_eq!(ada.delete(&ids, "delete 2 keys").await.status, 200);
    drop(ada);
    let world = world.restart(Setup::default()).await;
    assert_eq!(world.database.number(MARKED).await, 2);
    assert_eq!(world.code(&keys[0]).await, 401);
    assert_eq!(jobs::remove_deleted_keys(&world.app).await.expect("removed"), 2);
    assert_eq!(world.database.number(ROWS).await, 0);
});

both!(the_task_is_woken_by_a_deletion, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let task = tokio::spawn(jobs::remove_deleted(world.app.clone()));
    for name in ["one", "two"] {
        let key = ada.made(name).await;
        world.fill(&key.id, 10, 0).await;
        assert_eq!(ada.delete(&[&key.id], name).await.status, 200);
        until("its rows are gone", async || {
            world.database.number(ROWS).await == 0
        })
        .await;
    }
    task.abort();
});

both!(
    what_replaces_a_deleted_key_stands_alone,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let old = ada.made("old").await;
        let new = ada.rotate(&old.id, "24").await;
        let new = new.json()["id"].as_str().expect("an id").to_owned();
        assert_eq!(ada.delete(&[&old.id], "old").await.status, 200);
        let page = ada.get(&format!("{}/{new}", ada.keys())).await;
        assert_eq!(page.status, 200);
        assert!(!page.text().contains(&old.id));
        // Another rotation no longer ends the key that the deleted one replaced.
        assert_eq!(ada.rotate(&new, "24").await.status, 200);
        assert_eq!(jobs::remove_deleted_keys(&world.app).await.expect("removed"), 1);
    }
);

both!(
    old_rows_go_in_steps_and_the_others_stay,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let (one, two) = (ada.made("one").await, ada.made("two").await);
        let old = world.app.now().minus(world.app.config.log_retention).millis();
        world.fill(&one.id, MANY, old - 1 - i64::from(MANY)).await;
        world.fill(&two.id, 10, old - 6).await;
        // The second key's rows around the limit: five are older, one is exactly at it, four are later.
        assert_eq!(
            jobs::purge_logs(&world.app).await.expect("purged"),
            u64::from(MANY) + 5
        );
        assert_eq!(world.database.number(ROWS).await, 5);
    }
);
