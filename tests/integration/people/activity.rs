//! The activity of an account: its entries, and who may see them (S66).

use crate::{
    answer::{Answer, holds_a_key, shown_part},
    browser::{Browser, form},
    database::{Database, both},
    world::{PASSWORD, World},
};
use babysea::domain::{activity::Event, role::Role};

pub const COUNT: &str = "SELECT COUNT(*) FROM activity";

impl Browser<'_> {
    pub fn activity(&self) -> String {
        format!("/home/{}/activity", self.slug)
    }

    pub async fn export(&self, query: &str) -> Answer {
        self.get(&format!("{}/export?{query}", self.activity())).await
    }
}

/// What the column `Description` names first, without the tags.
fn targets(page: &Answer) -> Vec<String> {
    let cells = page.cells("Description").into_iter();
    let names = cells.filter_map(|cell| cell.inside.into_iter().find(|tag| tag.name == "bdi"));
    names.map(|tag| tag.text).collect()
}

/// Target of a pagination link, if there is one.
fn link(page: &Answer, label: &str) -> Option<String> {
    let links = page.select("a[href]");
    let link = links.iter().find(|link| link.text() == label)?;
    link.tag.get("href").map(str::to_owned)
}

/// Adds `count` entries about `key n`, one each second; every tenth time is used twice.
pub async fn fill(world: &World, count: u32) {
    let at = world.app.now().millis();
    for n in 0..count {
        let moment = at + i64::from(n - u32::from(n % 10 == 9)) * 1000;
        let sql = format!(
            "INSERT INTO activity (id, account_id, at, action, actor_id, actor_name, target_id, target_name, detail, request_id, ip_hash, search_key)
             SELECT '10000000-0000-4000-8000-{n:012}', id, {moment}, 'api_key.created', NULL, 'Ada Moss', 'x', 'key {n}', '', 'req_{n}', NULL, 'key {n}'
             FROM accounts WHERE slug = 'ada-moss'"
        );
        assert_eq!(world.database.execute(&sql).await, 1);
    }
}

both!(
    sign_ins_are_recorded_with_their_result,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let rows = "SELECT action || ' ' || actor_name || ' ' || target_name || ' ' || (account_id IS NOT NULL) || (ip_hash IS NOT NULL) || (request_id LIKE 'req_%') FROM activity ORDER BY at, action";
        let truth = if world.database.is_postgres() {
            "truetruetrue"
        } else {
            "111"
        };
        world.advance(1000);
        let someone = world.anonymous();
        assert_eq!(someone.sign_in(&ada.email, "not the password").await.status, 422);
        world.advance(1000);
        assert_eq!(someone.sign_in(&ada.email, PASSWORD).await.status, 303);
        world.advance(1000);
        assert_eq!(
            world
                .anonymous()
                .sign_in("nobody@example.com", PASSWORD)
                .await
                .status,
            422
        );
        let noted = world.database.texts(rows).await;
        // An attempt without an account is in a table of its own.
        let unowned =
            "SELECT COUNT(*) FROM unowned_refusals WHERE event = 'auth.refused' AND ip_hash IS NOT NULL";
        assert_eq!(world.database.number(unowned).await, 1);
        let expected = [
            format!("auth.signup Ada Moss Ada Moss {truth}"),
            format!("auth.refused Unknown person Ada Moss {truth}"),
            format!("auth.signin Ada Moss Ada Moss {truth}"),
        ];
        assert_eq!(noted, expected);
        for secret in ["not the password", PASSWORD, "nobody@example.com"] {
            let found = format!("{COUNT} WHERE detail || search_key || target_name LIKE '%{secret}%'");
            assert_eq!(
                world.database.number(&found).await,
                0,
                "what is typed is not kept"
            );
        }
    }
);

both!(refusals_by_role_are_recorded, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await.team("Tide").await;
    let bo = world.member("Bo Reed", &ada.slug, Role::Member).await;
    let key = ada.made("prod").await;
    assert_eq!(bo.revoke(&[&key.id]).await.status, 403);
    let page = format!("{}?dialog=delete", ada.keys());
    let fields = [
        ("account", ada.slug.as_str()),
        ("keys[]", key.id.as_str()),
        ("confirm", "prod"),
    ];
    assert_eq!(bo.send(form(&page, &fields)).await.status, 403);
    let rows =
        "SELECT actor_name || ': ' || detail FROM activity WHERE action = 'role.refused' ORDER BY detail";
    let noted = world.database.texts(rows).await;
    assert_eq!(noted.len(), 2, "{noted:?}");
    assert!(noted.iter().all(|row| row.starts_with("Bo Reed: ")), "{noted:?}");
    // Nothing is recorded or shown for an account of which they are no member.
    let cy = world.person("Cy Holt").await.at(&ada.slug);
    let before = world.database.number(COUNT).await;
    assert_eq!(cy.revoke(&[&key.id]).await.status, 404);
    assert_eq!(cy.get(&cy.activity()).await.status, 404);
    assert_eq!(cy.export("format=csv").await.status, 404);
    assert_eq!(world.database.number(COUNT).await, before);
    assert_eq!(world.code(&key).await, 200);
});

both!(
    members_see_only_the_activity_of_their_account,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await.team("Tide").await;
        let bo = world.member("Bo Reed", &ada.slug, Role::Member).await;
        let secret = ada.key("prod <b>", "full_access").await;
        bo.at("bo-reed").made("mine").await;
        for person in [&ada, &bo] {
            let page = person.get(&person.activity()).await;
            assert_eq!(page.status, 200);
            assert_eq!(targets(&page).len(), 3, "team made, member added, key created");
            assert!(page.text().contains("prod &lt;b&gt;"));
            assert!(!page.text().contains("mine"));
            assert!(!page.text().contains(&secret));
            assert!(!holds_a_key(page.text()));
        }
        assert_eq!(
            world.anonymous().at(&ada.slug).get(&ada.activity()).await.status,
            303
        );
        assert_eq!(
            world.anonymous().at(&ada.slug).export("format=csv").await.status,
            303
        );
    }
);

both!(names_of_deleted_keys_are_no_links, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let kept = ada.made("kept").await;
    world.advance(1000);
    let gone = ada.made("gone").await;
    assert_eq!(ada.delete(&[&gone.id], "gone").await.status, 200);
    // The deletion itself is on no page of this filter.
    let page = ada
        .get(&format!("{}?action=api_key.created", ada.activity()))
        .await;
    assert_eq!(targets(&page), ["gone", "kept"]);
    let kept_page = format!("{}/{}", ada.keys(), kept.id);
    let names = page.select("a.event-name");
    let links: Vec<_> = names.iter().filter_map(|name| name.tag.get("href")).collect();
    assert_eq!(links, [kept_page.as_str()]);
    assert_eq!(ada.get(&kept_page).await.status, 200);
});

both!(
    entries_of_earlier_versions_are_found,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        ada.made("ΟΔΟΣ-Straße").await;
        // An entry as earlier versions wrote it: searches compared lower case, and entries are never changed.
        world.advance(1000);
        let at = world.app.now().millis();
        let earlier = format!(
            "INSERT INTO activity (id, account_id, at, action, actor_id, actor_name, target_id, target_name, detail, request_id, ip_hash, search_key)
             SELECT '10000000-0000-4000-8000-000000000001', id, {at}, 'api_key.created', NULL, 'Ada Moss', 'x', 'ΟΔΟΣ Straße', '', 'req_1', NULL, 'οδος straße'
             FROM accounts WHERE slug = 'ada-moss'"
        );
        assert_eq!(world.database.execute(&earlier).await, 1);
        let search = async |text: &str| {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("search", text)
                .finish();
            targets(&ada.get(&format!("{}?{query}", ada.activity())).await)
        };
        let both = ["ΟΔΟΣ Straße", "ΟΔΟΣ-Straße"];
        for text in ["ΟΔΟΣ", "οδος", "STRAßE", "straße"] {
            assert_eq!(search(text).await, both, "{text}");
        }
        // What only folding finds is found in entries of this version.
        for text in ["οδοσ", "STRASSE", "ＳＴＲＡＳＳＥ"] {
            assert_eq!(search(text).await, ["ΟΔΟΣ-Straße"], "{text}");
        }
    }
);

both!(
    the_activity_is_searched_and_filtered,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        for name in ["Prod_1", "prod%2", "Straße"] {
            world.advance(1000);
            ada.made(name).await;
        }
        let revoked = ada.made("old").await;
        assert_eq!(ada.revoke(&[&revoked.id]).await.status, 200);
        for (query, found) in [
            ("search=prod", &["prod%2", "Prod_1"][..]),
            ("search=PROD_", &["Prod_1"]),
            ("search=%25", &["prod%2"]),
            ("search=STRA%C3%9FE", &["Straße"]),
            ("search=STRASSE", &["Straße"]),
            ("search=%20old%20&action=api_key.revoked", &["old"]),
            ("action=api_key.revoked", &["old"]),
            ("action=api_key.deleted", &[]),
            ("search=nothing", &[]),
            (
                "search=%00",
                &["old", "old", "Straße", "prod%2", "Prod_1", "Ada Moss"],
            ),
            (
                "action=unknown&search=mos",
                &["old", "old", "Straße", "prod%2", "Prod_1", "Ada Moss"],
            ),
        ] {
            let page = ada.get(&format!("{}?{query}", ada.activity())).await;
            assert_eq!(page.status, 200, "{query}");
            let mut targets = targets(&page);
            let mut expected: Vec<_> = found.iter().map(|name| (*name).to_owned()).collect();
            targets.sort();
            expected.sort();
            assert_eq!(targets, expected, "{query}");
            let empty = page.text().contains("No results");
            assert_eq!(empty, found.is_empty(), "{query}");
        }
        // Searches by request id and by actor.
        let request = world
            .database
            .text("SELECT request_id FROM activity WHERE action = 'api_key.revoked'")
            .await;
        let page = ada.get(&format!("{}?search={request}", ada.activity())).await;
        assert_eq!(targets(&page), ["old"]);
        for event in Event::ALL {
            let page = ada
                .get(&format!("{}?action={}", ada.activity(), event.id()))
                .await;
            assert_eq!(page.status, 200);
            let selected = format!("value=\"{}\" selected", event.id());
            assert!(page.text().contains(&selected), "{event:?} stays chosen");
        }
    }
);

#[tokio::test]
async fn a_pasted_key_does_not_stay_in_the_address() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let key = ada.made("prod").await;
    ada.made("other").await;
    assert_eq!(ada.revoke(&[&key.id]).await.status, 200);
    let secret = &key.secret;
    for pasted in [
        format!("+{secret}"),
        format!("Bearer+{secret}"),
        secret[..30].to_owned(),
    ] {
        let answer = ada
            .get(&format!(
                "{}?search={pasted}&action=api_key.deleted&older=1.x",
                ada.activity()
            ))
            .await;
        assert_eq!(answer.status, 303);
        let kept = format!(
            "{}?search={}&action=api_key.deleted",
            ada.activity(),
            shown_part(secret)
        );
        assert_eq!(answer.location(), kept);
    }
    assert_eq!(ada.delete(&[&key.id], "prod").await.status, 200);
    let found = ada
        .get(&format!("{}?search={}", ada.activity(), shown_part(secret)))
        .await;
    assert_eq!(found.status, 200);
    assert_eq!(
        targets(&found),
        ["prod"],
        "its first characters find what names them"
    );
    assert!(!holds_a_key(found.text()));
}

both!(every_entry_is_on_one_page, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    world.advance(1000);
    fill(&world, 450).await;
    let mut seen = Vec::new();
    let mut path = Some(ada.activity());
    let mut pages = Vec::new();
    while let Some(at) = path {
        let page = ada.get(&at).await;
        assert_eq!(page.status, 200, "{at}");
        seen.extend(targets(&page));
        path = link(&page, "Older");
        pages.push(page);
    }
    assert_eq!(pages.len(), 3);
    assert_eq!(seen.len(), 451);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 451, "each once");
    for (page, foot) in pages.iter().zip([
        "1–200 of 451 entries",
        "201–400 of 451 entries",
        "401–451 of 451 entries",
    ]) {
        assert!(page.text().contains(foot), "{foot}");
    }
    assert!(link(&pages[0], "Newer").is_none() && link(&pages[2], "Last").is_none());
    let back = ada
        .get(&link(&pages[2], "Newer").expect("a page before it"))
        .await;
    assert_eq!(targets(&back), targets(&pages[1]));
    let last = ada.get(&link(&pages[0], "Last").expect("a last page")).await;
    assert_eq!(targets(&last).last(), targets(&pages[2]).last());
    assert_eq!(
        targets(&ada.get(&link(&last, "First").expect("a first page")).await),
        targets(&pages[0])
    );
    for wrong in [
        "older=x",
        "newer=",
        "page=7",
        "older=1.x",
        "older=99999999999999999999.1",
    ] {
        let page = ada.get(&format!("{}?{wrong}", ada.activity())).await;
        assert_eq!(targets(&page), targets(&pages[0]), "{wrong}");
    }
});
