//! The page of one key: its content, and who may see it.

use crate::{
    answer::{Answer, holds_a_key, shown_part},
    browser::{Made, call, get},
    database::{Database, both},
    world::{Setup, World},
};
use babysea::domain::role::Role;

const DAY: u64 = 86_400_000;

/// The text between two parts of a page, without its tags.
fn between(page: &Answer, start: &str, end: &str) -> String {
    let (_, rest) = page
        .text()
        .split_once(start)
        .unwrap_or_else(|| panic!("no {start:?}"));
    let part = rest.split(end).next().unwrap_or_default();
    let mut text = String::new();
    let mut inside = false;
    for c in part.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

both!(everything_known_but_the_secret, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await.team("Tide").await;
    let key = ada
        .key_with(&[
            ("name", "prod & <test>"),
            ("preset", "read_only"),
            ("expires", "30"),
            ("allowlist", "127.0.0.0/8"),
        ])
        .await;
    world.advance(60_000);
    for (request, status) in [
        (get("/v1/status"), 200),
        (get("/v1/status"), 200),
        (call("POST", "/v1/generate/image/bfl/flux"), 403),
    ] {
        assert_eq!(world.send(request.bearer(&key.secret)).await.status, status);
    }
    world.app.recorder.flush().await;
    let bo = world.member("Bo Reed", &ada.slug, Role::Member).await;
    let path = format!("{}/{}", ada.keys(), key.id);
    for (person, may_manage) in [(&ada, true), (&bo, false)] {
        let page = person.get(&path).await;
        assert_eq!(page.status, 200);
        assert!(!holds_a_key(page.text()));
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(page.text().contains("prod &amp; &lt;test&gt;"));
        let about = between(&page, "id=\"about-title\"", "</section>");
        for part in [
            "by Ada Moss",
            &key.id,
            "Expires in 30 days",
            "Uses the account limit",
            "Read Only",
        ] {
            assert!(about.contains(part), "{part}: {about}");
        }
        let addresses = between(&page, "id=\"addresses-title\"", "</section>");
        assert!(addresses.ends_with("127.0.0.0/8"), "{addresses}");
        let routes = between(&page, "id=\"routes-title\"", "</section>");
        assert!(
            routes.contains("/v1/status") && !routes.contains("/v1/generate"),
            "{routes}"
        );
        let requests = between(&page, "id=\"last-title\"", "</section>");
        assert_eq!(requests.matches("GET /v1/status").count(), 2, "{requests}");
        assert_eq!(
            requests.matches("POST /v1/generate/image/bfl/flux").count(),
            1,
            "{requests}"
        );
        assert!(requests.contains("403"), "{requests}");
        let activity = between(&page, "id=\"activity-title\"", "</section>");
        assert!(
            activity.contains("api_key.created") && activity.contains("New API key was generated"),
            "{activity}"
        );
        let is_read_only = page.text().contains("Only team owners can create or change them");
        assert_eq!(is_read_only, !may_manage);
    }
});

both!(the_chart_counts_thirty_days, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let (key, other) = (ada.made("prod").await, ada.made("other").await);
    let (account, now) = (
        world.database.text("SELECT id FROM accounts").await,
        world.app.now().millis(),
    );
    let midnight = now - now.rem_euclid(DAY.cast_signed());
    let day = DAY.cast_signed();
    // Time, status and code, key: the first and last millisecond of the thirty days, and requests outside of
    // them.
    for (n, (at, outcome, of)) in [
        (midnight - 29 * day - 1, "200, NULL", &key),
        (midnight - 29 * day, "200, NULL", &key),
        (midnight - 29 * day, "401, 'BSE1005'", &key),
        (midnight - 1, "200, NULL", &key),
        (midnight, "403, 'BSE1003'", &key),
        (now, "501, 'BSE5001'", &key),
        (now, "200, NULL", &other),
    ]
    .into_iter()
    .enumerate()
    {
        let sql = format!(
            "INSERT INTO request_logs (id, account_id, key_id, method, route, path, params, status, error_code, ip_hash, user_agent, at)
             VALUES ('req_{n}', '{account}', '{}', 'GET', '/v1/status', '/v1/status', '', {outcome}, NULL, '', {at})",
            of.id
        );
        world.database.execute(&sql).await;
    }
    let page = ada.get(&format!("{}/{}", ada.keys(), key.id)).await;
    let table = between(
        &page,
        "Requests by day; days without any are left out",
        "</table>",
    );
    assert_eq!(
        table, "Day Accepted Refused 2026-10-25 1 1 2026-11-22 1 0 2026-11-23 1 1",
        "an answer that is no refusal counts as accepted"
    );
    assert_eq!(page.text().matches("class=\"bar-ground\"").count(), 30);
});

/// What the page says of requests depends on how long they are kept, and on nothing else that is not known.
#[tokio::test]
async fn no_request_is_denied_that_the_log_no_longer_keeps() {
    const KEPT: &str = "Older requests are not kept.";
    let older = |days: u64| format!("UPDATE api_keys SET created_at = created_at - {}", days * DAY);
    let settings: [(&[&str], _, _, _); 4] = [
        (
            &["--log-retention-days", "1"],
            1,
            "today (UTC)",
            "in the last 24 hours",
        ),
        (
            &["--log-retention-days", "7"],
            7,
            "in the last 7 days",
            "in the last 7 days",
        ),
        (
            &["--log-retention-days", "30"],
            30,
            "in the last 30 days",
            "in the last 30 days",
        ),
        (
            &["--log-retention-days", "90"],
            30,
            "in the last 30 days",
            "in the last 90 days",
        ),
    ];
    for (arguments, days, chart, last) in settings {
        let retention = arguments[1];
        let setup = Setup {
            arguments,
            ..Setup::default()
        };
        let world = World::with(Database::sqlite(), setup).await;
        let ada = world.person("Ada Moss").await;
        let key = ada.made("prod").await;
        let page = async || {
            let page = ada.get(&format!("{}/{}", ada.keys(), key.id)).await;
            ["requests", "last"].map(|part| between(&page, &format!("id=\"{part}-title\""), "</section>"))
        };
        for told in page().await {
            assert!(told.contains("No requests yet."), "{retention}: {told}");
        }
        world.execute(&older(days)).await;
        let [told, latest] = page().await;
        assert!(told.contains(&format!("Requests {chart}")), "{retention}: {told}");
        assert!(
            told.contains(&format!("No requests {chart}.")),
            "{retention}: {told}"
        );
        // Before the chart there can be requests, if the log keeps more days than it shows.
        assert_eq!(told.contains(KEPT), retention != "90", "{retention}: {told}");
        // The log still has all that there was since then.
        assert!(latest.contains("No requests yet."), "{retention}: {latest}");
        world.execute(&older(90)).await;
        let [_, latest] = page().await;
        assert!(
            latest.contains(&format!("No requests {last}. {KEPT}")),
            "{retention}: {latest}"
        );
        // As many bars as days, of which the log keeps every row.
        let (account, now) = (
            world.database.text("SELECT id FROM accounts").await,
            world.app.now().millis(),
        );
        let sql = format!(
            "INSERT INTO request_logs (id, account_id, key_id, method, route, path, params, status, error_code, ip_hash, user_agent, at)
             VALUES ('req_1', '{account}', '{}', 'GET', '/v1/status', '/v1/status', '', 200, NULL, NULL, '', {now})",
            key.id
        );
        world.execute(&sql).await;
        let page = ada.get(&format!("{}/{}", ada.keys(), key.id)).await;
        let bars = page.text().matches("class=\"bar-ground\"").count();
        assert_eq!(bars as u64, days, "{retention}");
    }
}

/// A key that was used, but whose rows are missing: the sentence says what is missing, and of which days.
#[tokio::test]
async fn a_used_key_without_log_rows_is_not_called_unused() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let key = ada.made("prod").await;
    let told = async |sql: &str| {
        world.execute(sql).await;
        let page = ada.get(&format!("{}/{}", ada.keys(), key.id)).await;
        between(&page, "id=\"last-title\"", "</section>")
    };
    let used = told("UPDATE api_keys SET last_used_at = created_at").await;
    assert!(
        used.contains("No requests in the last 30 days were logged, although the key was used."),
        "{used}"
    );
    let before = told("UPDATE api_keys SET created_at = 5, last_used_at = 6").await;
    assert!(
        before.contains("No requests in the last 30 days. Older requests are not kept."),
        "{before}"
    );
}

both!(a_gap_in_the_log_is_shown, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let key = ada.made("prod").await;
    let is_told = async || {
        let page = ada.get(&format!("{}/{}", ada.keys(), key.id)).await;
        let told = between(&page, "id=\"requests-title\"", "</section>");
        told.contains("Some requests are missing: more arrived than the log could store. All were checked.")
    };
    let now = world.app.now().millis();
    let midnight = now - now.rem_euclid(DAY.cast_signed());
    let first = midnight - 29 * DAY.cast_signed();
    for (n, (at, expected)) in [(first - 1, false), (first, true)].into_iter().enumerate() {
        assert!(!is_told().await, "none in these days");
        let sql = format!("INSERT INTO request_log_gaps (id, at, dropped) VALUES ('gap-{n}', {at}, 1)");
        world.database.execute(&sql).await;
        assert_eq!(is_told().await, expected);
    }
});

both!(
    the_chain_of_rotations_is_told_from_each_key,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let first = ada.made("prod").await;
        world.advance(1000);
        let second = Made::of(&ada.rotate(&first.id, "24").await);
        world.advance(1000);
        let third = Made::of(&ada.rotate(&second.id, "24").await);
        let lone = ada.made("prod").await;
        let chain = [&third, &second, &first].map(|key| shown_part(&key.secret).to_owned());
        for key in [&first, &second, &third] {
            let page = ada.get(&format!("{}/{}", ada.keys(), key.id)).await;
            let told = between(&page, "id=\"chain-title\"", "</section>");
            let at: Vec<_> = chain.iter().map(|prefix| told.find(prefix.as_str())).collect();
            assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{told}");
            assert!(
                told.contains("Expired") && told.contains("Rotated") && told.contains("Active"),
                "{told}"
            );
            assert!(told.contains("Replacement, not used yet"), "{told}");
            // The first key has a replacement to go on with, the last has none.
            let successor = page.text().contains(" Replaced by ");
            assert_eq!(successor, key.id != third.id);
        }
        // In its grace period a key has two ends, and each is named.
        let about = async |key: &Made| {
            let page = ada.get(&format!("{}/{}", ada.keys(), key.id)).await;
            between(&page, "id=\"about-title\"", "</section>")
        };
        let (rotated, replacement) = (about(&second).await, about(&third).await);
        assert!(
            rotated.contains("Grace period ends in 24 hours Own expiry Never"),
            "{rotated}"
        );
        assert!(!replacement.contains("Grace period"), "{replacement}");
        let page = ada.get(&format!("{}/{}", ada.keys(), lone.id)).await;
        assert!(!page.text().contains("Rotations"), "it was never rotated");

        // Without its middle key, the rest of the chain is shown.
        assert_eq!(ada.delete(&[&second.id], "prod").await.status, 200);
        for key in [&first, &third] {
            assert_eq!(ada.get(&format!("{}/{}", ada.keys(), key.id)).await.status, 200);
        }
    }
);

both!(
    a_key_from_before_is_told_of_as_well,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let key = ada.made("prod").await;
        let page = async || ada.get(&format!("{}/{}", ada.keys(), key.id)).await;
        let about = between(&page().await, "id=\"about-title\"", "</section>");
        assert!(!about.contains("leaked"), "{about}");
        // Scopes of an earlier catalogue. The key is older than all entries and requests.
        let id = "00000000-0000-4000-8000-000000000001";
        let sql = format!(
            "UPDATE api_keys SET id = '{id}', scopes = 'account:read tides:write', revoked_at = 5, leak_reported_at = 5"
        );
        world.execute(&sql).await;
        let page = ada.get(&format!("{}/{id}", ada.keys())).await;
        assert_eq!(page.status, 200);
        let about = between(&page, "id=\"about-title\"", "</section>");
        assert!(about.contains("Reported as leaked"), "{about}");
        assert!(!about.contains("Expires"), "it was revoked: {about}");
        let routes = between(&page, "id=\"routes-title\"", "</section>");
        assert!(routes.contains("/v1/status"), "{routes}");
        assert!(routes.ends_with("tides:write no routes"), "{routes}");
        assert!(page.text().contains("has been revoked. Its requests get 401."));
        for (part, sentence) in [
            ("requests", "No requests yet."),
            ("last", "No requests yet."),
            ("activity", "No activity."),
        ] {
            let told = between(&page, &format!("id=\"{part}-title\""), "</section>");
            assert!(told.contains(sentence), "{part}: {told}");
        }
        assert!(!page.text().contains("<table"), "no table without rows");
    }
);

both!(a_key_of_others_is_no_key, async |database: Database| {
    let world = World::on(database).await;
    let (ada, bo) = (world.person("Ada Moss").await, world.person("Bo Reed").await);
    let key = ada.made("prod").await;
    let zero = "00000000-0000-0000-0000-000000000000";
    for id in [&key.id, "x", zero, "%00"] {
        let page = bo.get(&format!("{}/{id}", bo.keys())).await;
        assert_eq!(page.status, 404, "{id}");
        assert!(!page.text().contains("prod"));
    }
    assert_eq!(bo.get(&format!("{}/{}", ada.keys(), key.id)).await.status, 404);
    assert_eq!(
        world
            .anonymous()
            .get(&format!("{}/{}", ada.keys(), key.id))
            .await
            .status,
        303
    );
    assert_eq!(ada.delete(&[&key.id], "prod").await.status, 200);
    assert_eq!(ada.get(&format!("{}/{}", ada.keys(), key.id)).await.status, 404);
});
