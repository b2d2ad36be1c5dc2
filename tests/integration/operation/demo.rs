//! The sample team of `babysea demo`.

use crate::{
    browser::Browser,
    database::{Database, both},
    world::World,
};
use babysea::{domain::key::KeyStatus, server::demo};

const IDS: &str = "SELECT id FROM api_keys ORDER BY id";
const HOUR: u64 = 3_600_000;

/// The printed role, email and password of each person.
async fn prepared(world: &World) -> Vec<(String, String, String)> {
    let printed = demo::prepare(&world.app).await.expect("a sample");
    let people = printed.lines().filter(|line| line.contains("@demo.example"));
    let read = people.map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [role @ .., email, password] = &words[..] else {
            panic!("{line}");
        };
        (role.join(" "), (*email).to_owned(), (*password).to_owned())
    });
    let people: Vec<_> = read.collect();
    assert_eq!(people.len(), 3, "{printed}");
    people
}

async fn signed_in<'w>(world: &'w World, email: &str, password: &str) -> Browser<'w> {
    let browser = world.anonymous().at("sample-team");
    let answer = browser.sign_in(email, password).await;
    assert_eq!(answer.location(), "/home/sample-team/api-keys", "{email}");
    browser
}

/// The statuses in a person's table of keys.
async fn statuses(person: &Browser<'_>) -> Vec<KeyStatus> {
    let page = person.get(&person.keys()).await;
    let cells = page.cells("Status");
    let seen = |status: &KeyStatus| cells.iter().any(|cell| cell.html.contains(status.label()));
    KeyStatus::ALL.into_iter().filter(seen).collect()
}

both!(
    three_people_see_keys_in_every_status,
    async |database: Database| {
        let world = World::on(database).await;
        for (role, email, password) in prepared(&world).await {
            let person = signed_in(&world, &email, &password).await;
            let page = person.get(&person.keys()).await;
            assert!(page.text().contains(&format!("Team · {role}<")), "{email}");
            let is_disabled = page.text().contains("id=\"read-only\"");
            assert_eq!(is_disabled, role == "member", "{email}");
            assert_eq!(statuses(&person).await, KeyStatus::ALL, "{role}");
        }
        let count = async |sql: &str| world.database.number(sql).await;
        assert_eq!(
            count("SELECT COUNT(*) FROM api_keys WHERE rate_limit IS NOT NULL").await,
            1
        );
        assert!(count("SELECT COUNT(*) FROM request_logs").await > 300);
        assert!(count("SELECT COUNT(*) FROM request_logs WHERE error_code IS NOT NULL").await > 5);
        let last = "SELECT COUNT(*) FROM api_keys k WHERE last_used_at = (SELECT MAX(at) FROM request_logs WHERE key_id = k.id)";
        assert_eq!(count(last).await, 5, "the last use is in the log");
        assert_eq!(
            count("SELECT COUNT(*) FROM activity WHERE action = 'api_key.rotated'").await,
            1
        );
    }
);

both!(
    each_start_shows_it_fresh_and_tells_how_to_sign_in,
    async |database: Database| {
        let world = World::on(database).await;
        let first = prepared(&world).await;
        let (_, email, old) = &first[0];
        let ada = signed_in(&world, email, old).await;
        ada.made("of my own").await;
        let before = world.database.texts(IDS).await;

        // Shortly afterwards, nothing has aged.
        let second = prepared(&world).await;
        let (_, _, new) = &second[0];
        assert_ne!(old, new);
        let refused = world.anonymous().sign_in(email, old).await;
        assert_eq!(refused.status, 422, "{}", refused.text());
        signed_in(&world, email, new).await;
        assert_eq!(world.database.texts(IDS).await, before);

        // By then the sample's grace period has ended, and so have sessions.
        world.advance(30 * HOUR);
        let aged = format!(
            "SELECT COUNT(*) FROM api_keys WHERE grace_ends_at > {}",
            world.app.now().millis()
        );
        assert_eq!(world.database.number(&aged).await, 0);
        let third = prepared(&world).await;
        let (_, _, newest) = &third[0];
        let ada = signed_in(&world, email, newest).await;
        assert_eq!(statuses(&ada).await, KeyStatus::ALL);
        let names = ada.get(&ada.keys()).await.names();
        assert_eq!(names.len(), before.len(), "{names:?}");
        assert!(names.contains(&"of my own".to_owned()), "{names:?}");
    }
);
