//! Events that anyone can repeat without limit are recorded once, and once more with their count (S67, S90).

use crate::{
    browser::Browser,
    database::{Database, both},
    world::World,
};
use babysea::{domain::role::Role, server::jobs};

const MINUTE: u64 = 60_000;
const REFUSED: &str = "SELECT detail FROM activity WHERE action = 'role.refused' ORDER BY at, detail";

async fn tries(person: &Browser<'_>, times: usize) {
    for _ in 0..times {
        let answer = person
            .post("/api/keys/read-allowlist", &[("account", &person.slug)])
            .await;
        assert_eq!(answer.status, 403);
    }
}

both!(
    refusals_by_role_are_recorded_once_a_minute,
    async |database: Database| {
        let world = World::on(database).await;
        let team = world.person("Ada Moss").await.team("Reef Studio").await;
        let bo = world.member("Bo Lind", &team.slug, Role::Member).await;
        tries(&bo, 20).await;
        let first = world.database.text(REFUSED).await;
        assert_eq!(jobs::write_due_folds(&world.app).await.expect("nothing yet"), 0);
        // Another action is another kind.
        assert_eq!(bo.revoke(&["x"]).await.status, 403);
        world.advance(MINUTE);
        assert_eq!(jobs::write_due_folds(&world.app).await.expect("written"), 19);
        let all = world.database.texts(REFUSED).await;
        assert_eq!(all.len(), 3, "{all:?}");
        assert!(
            all.contains(&format!("{first}, 19 more in that minute")),
            "{all:?}"
        );
        assert_eq!(jobs::write_due_folds(&world.app).await.expect("once"), 0);
        // The next minute starts with an entry of its own.
        tries(&bo, 2).await;
        assert_eq!(world.database.texts(REFUSED).await.len(), 4);
        // A stop does not wait for the end of the minute.
        assert_eq!(
            world
                .app
                .folds
                .write_all(&world.app.store, world.app.rng.as_ref(), world.app.now())
                .await
                .expect("written"),
            1
        );
        assert_eq!(world.database.texts(REFUSED).await.len(), 5);
    }
);

both!(
    from_many_addresses_it_is_a_few_entries,
    async |database: Database| {
        let world = World::on(database).await;
        let team = world.person("Ada Moss").await.team("Reef Studio").await;
        let bo = world.member("Bo Lind", &team.slug, Role::Member).await;
        for n in 0..50 {
            let form = crate::browser::form("/api/keys/read-allowlist", &[("account", &team.slug)]);
            let answer = bo.send(form.sent_from(&format!("203.0.113.{n}"))).await;
            assert_eq!(answer.status, 403);
        }
        assert_eq!(world.database.texts(REFUSED).await.len(), 10);
        world.advance(MINUTE);
        assert_eq!(jobs::write_due_folds(&world.app).await.expect("written"), 40);
        let all = world.database.texts(REFUSED).await;
        assert_eq!(all.len(), 11, "{all:?}");
        assert!(
            all.contains(&"40 more in that minute, by others".to_owned()),
            "{all:?}"
        );
    }
);

both!(exports_are_recorded_once_a_minute, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    for format in ["csv", "json", "csv", "csv"] {
        let path = format!("/home/{}/activity/export?format={format}", ada.slug);
        assert_eq!(ada.get(&path).await.status, 200);
    }
    world.advance(MINUTE);
    assert_eq!(jobs::write_due_folds(&world.app).await.expect("written"), 2);
    let details = "SELECT detail FROM activity WHERE action = 'activity.exported' ORDER BY detail";
    let all = world.database.texts(details).await;
    assert_eq!(all, ["CSV", "CSV, 2 more in that minute", "JSON"]);
});

both!(
    guesses_do_not_push_other_events_off_the_first_page,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        ada.made("prod").await;
        let account = format!("SELECT id FROM accounts WHERE slug = '{}'", ada.slug);
        let account = world.database.text(&account).await;
        let numbers = if world.database.is_postgres() {
            "SELECT generate_series(1, 500) AS n"
        } else {
            "WITH RECURSIVE g (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < 500) SELECT n FROM g"
        };
        let later = world.app.now().millis() + 1;
        let sql = format!(
        "INSERT INTO activity (id, account_id, at, actor_name, action, target_id, target_name, detail, search_key, request_id)
         SELECT '00000000-0000-4000-8000-' || SUBSTR('000000000000' || n, LENGTH('' || n) + 1), '{account}', {later} + n,
             'Unknown person', 'auth.refused', '', '', '', '', '' FROM ({numbers}) AS numbers"
    );
        assert_eq!(world.database.execute(&sql).await, 500);
        let page = async |query: &str| {
            ada.get(&format!("/home/{}/activity{query}", ada.slug))
                .await
                .text()
                .to_owned()
        };
        let first = page("").await;
        assert!(
            first.contains("api_key.created"),
            "an owner sees what happened to keys"
        );
        assert!(!first.contains("<code translate=\"no\">auth.refused</code>"));
        assert!(first.contains("Show refused sign-ins"));
        let refused = page("?action=auth.refused").await;
        assert!(
            refused.contains("<code translate=\"no\">auth.refused</code>")
                && !refused.contains("<code translate=\"no\">api_key.created</code>")
        );
        let all = page("?action=all").await;
        assert!(
            all.contains("<code translate=\"no\">auth.refused</code>")
                && !all.contains("<code translate=\"no\">api_key.created</code>")
        );
        let file = ada
            .get(&format!("/home/{}/activity/export?format=csv", ada.slug))
            .await
            .text()
            .to_owned();
        assert!(file.lines().count() > 500, "a file leaves nothing out");
    }
);

both!(
    refused_sign_ins_are_recorded_once_a_minute_and_leave_no_account_behind,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let wrong = async |email: &str, from: &str| {
            let fields = [("email", email), ("password", "not the one")];
            let form = crate::browser::form("/sign-in", &fields);
            world.send(form.sent_from(from)).await.status
        };
        for email in [ada.email.as_str(), "nobody@example.com", "nobody else"] {
            for _ in 0..5 {
                assert_eq!(wrong(email, "203.0.113.7").await, 422, "{email}");
            }
        }
        let refused = "SELECT detail FROM activity WHERE action = 'auth.refused' ORDER BY detail";
        let unowned = "SELECT CAST(SUM(times) AS BIGINT) FROM unowned_refusals";
        assert_eq!(world.database.texts(refused).await, [""]);
        assert_eq!(world.database.number(unowned).await, 2);
        world.advance(MINUTE);
        assert_eq!(jobs::write_due_folds(&world.app).await.expect("written"), 12);
        assert_eq!(world.database.texts(refused).await, ["", "4 more in that minute"]);
        assert_eq!(world.database.number(unowned).await, 10);
        assert_eq!(
            world
                .database
                .number("SELECT COUNT(*) FROM unowned_refusals")
                .await,
            4
        );
        assert_eq!(
            world
                .database
                .number("SELECT COUNT(*) FROM activity WHERE account_id IS NULL")
                .await,
            0
        );
        assert_eq!(world.app.gauges().unowned_refusals, 10);
    }
);
