//! The facts in the dialogs that end keys: last use, requests and clients, bounded in rows and time (S87).

use crate::{
    answer::shown_part,
    browser::{Browser, Made, get},
    database::{Database, both},
    html::Part,
    until::until,
    world::{PASSWORD, Setup, World},
};
use babysea::{
    domain::ids::AccountId,
    server::service::{keys::ending::MOST_ROWS, long_reads},
};
use tokio::sync::oneshot;

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

/// The dialogs of one key that say how much it was used.
const SINGLE: [&str; 3] = ["rotate", "revoke", "delete"];

/// The values of the dialog's facts with this name.
async fn facts(person: &Browser<'_>, dialog: &str, key: &str, name: &str) -> Vec<String> {
    let page = person
        .get(&format!("{}?dialog={dialog}&key={key}", person.keys()))
        .await;
    assert_eq!(page.status, 200, "{}", page.text());
    let facts = page.select("dialog .facts > div");
    assert!(!facts.is_empty(), "{dialog}: {}", page.text());
    facts
        .iter()
        .map(Part::text)
        .filter_map(|text| text.strip_prefix(name).map(str::to_owned))
        .collect()
}

/// What the dialog says of the use of the key.
async fn said(person: &Browser<'_>, dialog: &str, key: &str) -> String {
    facts(person, dialog, key, "Use").await.join("|")
}

/// The same once the requests were counted in time, which a busy machine can miss.
async fn counted(person: &Browser<'_>, dialog: &str, key: &str) -> String {
    let mut text = String::new();
    until("the requests are counted", async || {
        text = said(person, dialog, key).await;
        !text.contains("could not be counted")
    })
    .await;
    text
}

async fn use_from(world: &World, key: &Made, addresses: &[&str]) -> Vec<u16> {
    let mut codes = Vec::new();
    for address in addresses {
        let call = get("/v1/status").bearer(&key.secret).sent_from(address);
        codes.push(world.send(call).await.status);
    }
    codes
}

both!(
    a_key_in_use_says_how_often_and_by_how_many_clients,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let key = ada.made("prod").await;
        for dialog in SINGLE {
            // A new key is not safe to end: somebody may be about to use it.
            let young = counted(&ada, dialog, &key.id).await;
            assert!(young.starts_with("Never used, created just now"), "{young}");
        }
        let codes = use_from(&world, &key, &["192.0.2.1", "192.0.2.1", "192.0.2.2"]).await;
        assert_eq!(codes, [200; 3]);
        world.advance(6 * MINUTE);
        // The uses may still be queued: the dialog waits for them.
        for dialog in SINGLE {
            let used = counted(&ada, dialog, &key.id).await;
            assert!(used.starts_with("Last used 6 minutes ago"), "{dialog}: {used}");
            let numbers = ", 3 requests in the last 30 days from 2 clients";
            assert!(used.ends_with(numbers), "{dialog}: {used}");
        }
    }
);

both!(
    a_key_that_was_not_used_for_30_days_can_be_ended,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let key = ada.made("old").await;
        let unused = ada.made("unused").await;
        assert_eq!(use_from(&world, &key, &["192.0.2.1"]).await, [200]);
        world.app.recorder.flush().await;
        world.advance(30 * DAY + MINUTE);
        ada.sign_in(&ada.email, PASSWORD).await;
        assert_eq!(
            counted(&ada, "revoke", &key.id).await,
            "Not used since 23 Nov 2026: safe to revoke"
        );
        assert_eq!(
            counted(&ada, "delete", &key.id).await,
            "Not used since 23 Nov 2026: safe to delete"
        );
        assert_eq!(
            counted(&ada, "rotate", &key.id).await,
            "Not used since 23 Nov 2026"
        );
        assert_eq!(
            counted(&ada, "delete", &unused.id).await,
            "Never used: safe to delete"
        );
        // Its replacement is new.
        let new = Made::of(&ada.rotate(&unused.id, "24").await);
        let said_of_new = counted(&ada, "delete", &new.id).await;
        assert!(
            said_of_new.starts_with("Never used, created just now"),
            "{said_of_new}"
        );
        // A key that has ended is not "safe" to end: it already refuses everyone, and somebody may still try.
        assert_eq!(ada.revoke(&[&key.id]).await.status, 200);
        assert_eq!(
            counted(&ada, "delete", &key.id).await,
            "Not used since 23 Nov 2026"
        );
        assert_eq!(use_from(&world, &key, &["192.0.2.1"]).await, [401]);
        world.app.recorder.flush().await;
        assert_eq!(
            counted(&ada, "delete", &key.id).await,
            "Not used since 23 Nov 2026, but 1 request in the last 30 days was refused"
        );
    }
);

both!(a_long_log_is_counted_up_to_a_limit, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let (busy, other) = (ada.made("busy").await, ada.made("other").await);
    assert_eq!(use_from(&world, &busy, &["192.0.2.1"]).await, [200]);
    world.app.recorder.flush().await;
    let most = u32::try_from(MOST_ROWS).expect("a small number");
    world
        .fill(&busy.id, most, world.app.now().millis() - 100_000)
        .await;
    let used = counted(&ada, "revoke", &busy.id).await;
    let capped = "at least 10,000 requests in the last 30 days, 4 clients in its last 10,000 requests";
    assert!(used.ends_with(capped), "{used}");
    let query = format!("?dialog=delete&keys[]={}", busy.id);
    let page = ada.get(&format!("{}{query}", ada.keys())).await;
    assert!(
        page.text()
            .contains("Its logged requests, at least 10,000, are deleted too.")
    );

    // Several keys share the rows, and each has its line.
    let query = format!("?dialog=revoke&keys[]={}&keys[]={}", busy.id, other.id);
    let page = ada.get(&format!("{}{query}", ada.keys())).await;
    let lines: Vec<_> = page
        .select("dialog .key-list li")
        .iter()
        .map(Part::text)
        .collect();
    assert_eq!(lines.len(), 2);
    let shared = "at least 5,000 requests in the last 30 days, 4 clients in its last 5,000 requests";
    assert!(lines[0].ends_with(shared), "{lines:?}");
    assert!(lines[1].contains("Never used, created just now"), "{lines:?}");
});

both!(
    a_short_retention_and_gaps_are_in_the_words,
    async |database: Database| {
        let setup = Setup {
            arguments: &["--log-retention-days", "7"],
            ..Setup::default()
        };
        let world = World::with(database, setup).await;
        let ada = world.person("Ada Moss").await;
        let key = ada.made("prod").await;
        assert_eq!(use_from(&world, &key, &["192.0.2.1"]).await, [200]);
        world.app.recorder.flush().await;
        let used = counted(&ada, "revoke", &key.id).await;
        assert!(
            used.ends_with(", 1 request in the last 7 days from 1 client"),
            "{used}"
        );
        let gap = format!(
            "INSERT INTO request_log_gaps (id, at, dropped) VALUES ('g', {}, 5)",
            world.app.now().millis()
        );
        world.database.execute(&gap).await;
        let used = counted(&ada, "revoke", &key.id).await;
        assert!(
            used.ends_with(", at least 1 request in the last 7 days from 1 client"),
            "{used}"
        );
        world.advance(10 * DAY);
        ada.sign_in(&ada.email, PASSWORD).await;
        let used = counted(&ada, "revoke", &key.id).await;
        assert!(used.starts_with("Last used 10 days ago"), "{used}");
        assert!(used.ends_with(", no requests in the last 7 days"), "{used}");
    }
);

both!(
    a_dialog_opens_without_numbers_that_are_late,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let (one, two) = (ada.made("one").await, ada.made("two").await);
        assert_eq!(use_from(&world, &one, &["192.0.2.1"]).await, [200]);
        world.app.recorder.flush().await;
        // Another long query has the account's turn for as long as this test wants.
        let sql = format!("SELECT id FROM accounts WHERE slug = '{}'", ada.slug);
        let account: AccountId = world.database.text(&sql).await.parse().expect("an id");
        let (done, wait) = oneshot::channel::<()>();
        let (began, has_begun) = oneshot::channel::<()>();
        let app = world.app.clone();
        let task = tokio::spawn(async move {
            let question = long_reads::run(&app, account, long_reads::PROGRAM, |_| {
                Box::pin(async move {
                    let _ = began.send(());
                    let _ = wait.await;
                    Ok(())
                })
            });
            question.await.is_ok()
        });
        has_begun.await.expect("it runs");
        for dialog in SINGLE {
            let used = said(&ada, dialog, &one.id).await;
            assert!(used.starts_with("Last used just now"), "{dialog}: {used}");
            assert!(
                used.ends_with(", its requests could not be counted in time"),
                "{used}"
            );
        }
        let query = format!("?dialog=delete&keys[]={}&keys[]={}", one.id, two.id);
        let page = ada.get(&format!("{}{query}", ada.keys())).await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("Their logged requests are deleted too."));
        drop(done);
        assert!(task.await.expect("it ends"));
        let used = said(&ada, "revoke", &one.id).await;
        assert!(used.ends_with("from 1 client"), "{used}");
        // The log cannot be read.
        let sql = "ALTER TABLE request_log_gaps RENAME TO moved_away";
        world.database.execute(sql).await;
        let unused = said(&ada, "revoke", &two.id).await;
        assert_eq!(unused, "Never used, its requests could not be counted in time");
    }
);

both!(
    a_rotation_says_when_the_old_key_stops,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let (forever, week) = (
            ada.made("forever").await,
            ada.key_with(&[("name", "week"), ("preset", "read_only"), ("expires", "7")])
                .await,
        );
        world.advance(5 * DAY);
        let ends = async |key: &str| -> Vec<String> {
            let page = ada.get(&format!("{}?dialog=rotate&key={key}", ada.keys())).await;
            page.select("#grace-hint > span")
                .iter()
                .map(|part| part.text().trim().to_owned())
                .collect()
        };
        ada.sign_in(&ada.email, PASSWORD).await;
        assert_eq!(
            ends(&forever.id).await,
            [
                "The old key stops on 28 Nov at 18:00 UTC.",
                "The old key stops on 28 Nov at 23:00 UTC.",
                "The old key stops on 29 Nov at 05:00 UTC.",
                "The old key stops on 29 Nov at 17:00 UTC.",
                "The old key stops on 30 Nov at 17:00 UTC.",
                "The old key stops on 1 Dec at 17:00 UTC.",
                "The old key stops on 5 Dec at 17:00 UTC.",
            ]
        );
        let expiry = "The old key stops on 30 Nov at 17:00 UTC, when it expires.";
        assert_eq!(ends(&week.id).await[4..], [expiry; 3]);
        for (key, end) in [
            (&forever, "Never expires"),
            (&week, "Expires on 5 Dec at 17:00 UTC"),
        ] {
            assert_eq!(
                facts(&ada, "rotate", &key.id, "New key").await,
                [format!(
                    "Same name, scopes, allowlist and rate limit. {end}. \
                     You will see it once, on the next screen."
                )]
            );
        }

        // In the grace period: the choices by their ends, and whether the replacement is in use.
        let answer = ada.rotate(&forever.id, "24").await;
        let new = Made::of(&answer);
        assert_eq!(
            answer.json()["notes"][0],
            format!(
                "The old key {}... works until 29 Nov, 17:00 UTC (in 24 hours).",
                shown_part(&forever.secret)
            )
        );
        assert_eq!(
            facts(&ada, "grace", &forever.id, "Replacement").await,
            ["Not used yet"]
        );
        assert_eq!(use_from(&world, &new, &["192.0.2.1"]).await, [200]);
        let used = facts(&ada, "grace", &forever.id, "Replacement").await.concat();
        assert!(used.starts_with("Last used just now"), "{used}");
        let page = ada
            .get(&format!("{}?dialog=grace&key={}", ada.keys(), forever.id))
            .await;
        let options: Vec<_> = page.select("#grace option").iter().map(Part::text).collect();
        assert_eq!(options[..2], ["Stop it now", "28 Nov, 18:00 UTC (1 h)"]);
        assert!(
            page.text()
                .contains("A stopped key cannot be restarted. It was never used.")
        );
        // A key that expires within the longer periods: they are one choice.
        assert_eq!(ada.rotate(&week.id, "168").await.status, 200);
        let page = ada
            .get(&format!("{}?dialog=grace&key={}", ada.keys(), week.id))
            .await;
        let options: Vec<_> = page.select("#grace option").iter().map(Part::text).collect();
        assert_eq!(
            options[4..],
            ["29 Nov, 17:00 UTC (24 h)", "30 Nov, 17:00 UTC (expiry)"]
        );
    }
);

both!(
    the_prefix_confirms_a_name_that_is_hard_to_type,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        for (name, is_asked) in [
            ("prod-api-worker", true),
            ("\u{5de}\u{5e4}\u{5ea}\u{5d7} (v1)", false),
            (&"W".repeat(100), false),
        ] {
            let key = ada.made(name).await;
            let page = ada
                .get(&format!("{}?dialog=delete&key={}", ada.keys(), key.id))
                .await;
            let prefix = shown_part(&key.secret);
            let asked = if is_asked { name } else { prefix };
            let label = page.select("label[for=confirm]");
            assert_eq!(label[0].text(), format!("Type {asked} to confirm"));
            let refused = ada.delete(&[&key.id], "something else").await;
            let sentence = format!("This does not match. Type “{asked}”.");
            assert_eq!(
                refused.json()["fields"],
                serde_json::json!([["confirm", sentence]])
            );
            assert_eq!(ada.delete(&[&key.id], asked).await.status, 200, "{name}");
        }
    }
);
