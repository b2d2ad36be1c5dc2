//! The list of keys: search, filters, pages; every view has a URL.

use crate::{
    answer::{Answer, shown_part},
    browser::Browser,
    database::{Database, both},
    html::Part,
    world::World,
};

/// The smallest id.
const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// Target of the link with this label.
fn link(page: &Answer, label: &str) -> Option<String> {
    let tags = page.tags();
    let found = tags
        .iter()
        .find(|tag| tag.name == "a" && tag.text.trim() == label)?;
    Some(found.get("href")?.replace("&amp;", "&"))
}

async fn keys(world: &World, person: &Browser<'_>, count: usize) {
    for n in 0..count {
        person.key(&format!("key {n}"), "read_only").await;
        world.advance(1);
    }
}

fn expected(numbers: impl Iterator<Item = usize>) -> Vec<String> {
    numbers.map(|n| format!("key {n}")).collect()
}

both!(pages_follow_each_other, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    keys(&world, &ada, 120).await;
    let first = ada.get(&ada.keys()).await;
    assert_eq!(first.names(), expected((70..120).rev()));
    assert!(first.text().contains("1–50 of 120 keys"));
    assert_eq!((link(&first, "First"), link(&first, "Newer")), (None, None));

    let second = link(&first, "Older").expect("a link");
    // A key that is created meanwhile does not shift the pages.
    ada.key("later", "read_only").await;
    let page = ada.get(&second).await;
    assert_eq!(page.names(), expected((20..70).rev()));
    assert!(page.text().contains("52–101 of 121 keys"));

    let last = ada.get(&link(&page, "Last").expect("a link")).await;
    assert_eq!(last.names(), expected((0..50).rev()));
    assert_eq!((link(&last, "Older"), link(&last, "Last")), (None, None));
    assert!(last.text().contains("72–121 of 121 keys"));

    let back = ada.get(&link(&last, "Newer").expect("a link")).await;
    assert_eq!(back.names(), expected((50..100).rev()));
    let oldest = ada.get(&link(&page, "Older").expect("a link")).await;
    assert_eq!(oldest.names(), expected((0..20).rev()));
    let again = ada.get(&link(&oldest, "Newer").expect("a link")).await;
    assert_eq!(again.names(), page.names());
    let top = ada.get(&link(&again, "First").expect("a link")).await;
    assert_eq!(top.names()[0], "later");
});

both!(
    a_search_looks_at_names_and_prefixes,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let bea = world.person("Bea Lund").await;
        let secret = ada.key("Prod Worker", "read_only").await;
        for name in [
            "100% sure",
            "under_score",
            "order-sheet",
            "back\\slash",
            "ÜBER",
            "مفتاح",
        ] {
            ada.key(name, "read_only").await;
            world.advance(1);
        }
        bea.key("prod of somebody else", "read_only").await;
        let search = async |text: &str| {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("search", text)
                .finish();
            ada.get(&format!("{}?{query}", ada.keys())).await
        };
        for (text, found) in [
            ("prod", &["Prod Worker"][..]),
            ("  WORKER ", &["Prod Worker"]),
            ("%", &["100% sure"]),
            // A wildcard would find `order-sheet` too.
            ("r_s", &["under_score"]),
            ("\\", &["back\\slash"]),
            ("über", &["ÜBER"]),
            // As some systems type it: a letter and combining marks.
            ("u\u{308}ber", &["ÜBER"]),
            ("مفتاح", &["مفتاح"]),
            ("nothing like it", &[]),
            ("' OR 1=1 --", &[]),
        ] {
            let page = search(text).await;
            assert_eq!(
                (page.status, page.names()),
                (200, found.iter().map(ToString::to_string).collect()),
                "{text}"
            );
        }
        // All prefixes begin so; as a wildcard, `_` would match all of them.
        let prefix = shown_part(&secret);
        assert_eq!(search(&prefix.to_lowercase()).await.names(), ["Prod Worker"]);
        for shown in [format!("{prefix}..."), format!(" {prefix}… ")] {
            assert_eq!(search(&shown).await.names(), ["Prod Worker"], "{shown}");
        }
        for harmless in ["\0", "a\0b", "\u{7}", &"x".repeat(5_000)] {
            assert_eq!(search(harmless).await.status, 200);
        }
        let none = search("<script>").await;
        assert!(none.text().contains("No key matches") && !none.text().contains("“<script>"));
        assert!(none.text().contains("Show all keys"));
    }
);

both!(the_filters_are_the_four_statuses, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    keys(&world, &ada, 4).await;
    let rotated = ada.made("old").await;
    assert_eq!(ada.rotate(&rotated.id, "1").await.status, 200);
    world
        .database
        .execute("UPDATE api_keys SET revoked_at = 1 WHERE name = 'key 0'")
        .await;
    let now = world.app.now().millis();
    world
        .database
        .execute(&format!(
            "UPDATE api_keys SET expires_at = {} WHERE name IN ('key 0', 'key 1')",
            now + 1
        ))
        .await;
    let names = async |status: &str| ada.get(&format!("{}?status={status}", ada.keys())).await.names();
    let choices = async || {
        let page = ada.get(&ada.keys()).await;
        let choices = page.select(".segments a");
        choices.iter().map(Part::text).collect::<Vec<_>>()
    };
    assert_eq!(
        choices().await,
        ["All 6", "Active 4", "Rotated 1", "Expired 0", "Revoked 1"]
    );
    assert_eq!(names("active").await, ["old", "key 3", "key 2", "key 1"]);
    assert_eq!(names("rotated").await, ["old"]);
    assert_eq!(names("expired").await, [""; 0]);
    world.advance(1);
    assert_eq!(
        choices().await,
        ["All 6", "Active 3", "Rotated 1", "Expired 1", "Revoked 1"]
    );
    assert_eq!(names("expired").await, ["key 1"]);
    // Revoked comes before expired.
    assert_eq!(names("revoked").await, ["key 0"]);
    // Also the value `ended` of older addresses.
    for unknown in ["ended", "nonsense"] {
        assert_eq!(names(unknown).await.len(), 6, "{unknown}");
    }
    world.advance(3_600_000);
    assert_eq!(
        choices().await,
        ["All 6", "Active 3", "Rotated 0", "Expired 2", "Revoked 1"]
    );
});

both!(
    a_page_whose_last_key_is_gone_is_the_last_that_is_there,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        keys(&world, &ada, 51).await;
        let older = link(&ada.get(&ada.keys()).await, "Older").expect("a link");
        assert_eq!(ada.get(&older).await.names(), ["key 0"]);
        world
            .database
            .execute("DELETE FROM api_keys WHERE name = 'key 0'")
            .await;
        let page = ada.get(&older).await;
        assert_eq!(page.names().len(), 50);
        assert!(page.text().contains(">50 keys<"));
        // A search without results has no page.
        let none = ada.get(&format!("{older}&search=zzz")).await;
        assert!(none.names().is_empty() && none.text().contains("No key matches"));
    }
);

#[tokio::test]
async fn a_view_keeps_what_it_shows() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    keys(&world, &ada, 60).await;
    let view = format!("{}?search=key&status=active&full=1", ada.keys());
    let page = ada.get(&view).await;
    assert!(
        !page.text().contains("class=\"sidebar\""),
        "the full view has no sidebar"
    );
    assert!(page.text().contains("Close full view"));
    let older = link(&page, "Older").expect("a link");
    for kept in ["search=key", "status=active", "full=1", "older="] {
        assert!(older.contains(kept), "{older}");
    }
    assert_eq!(ada.get(&older).await.names().len(), 10);
    for broken in ["older=x", "newer=1.2", "page=7", "older="] {
        let page = ada.get(&format!("{}?{broken}", ada.keys())).await;
        assert_eq!((page.status, page.names().len()), (200, 50), "{broken}");
    }
}

#[tokio::test]
async fn a_pasted_key_does_not_stay_in_the_address() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let secret = ada.key("prod", "read_only").await;
    ada.key("other", "read_only").await;
    let answer = ada.get(&format!("{}?search=+{secret}&full=1", ada.keys())).await;
    assert_eq!(answer.status, 303);
    assert_eq!(
        answer.location(),
        format!("{}?search={}&full=1", ada.keys(), shown_part(&secret))
    );
    assert_eq!(ada.get(answer.location()).await.names(), ["prod"]);
}

both!(
    keys_of_one_moment_are_each_seen_once,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        for n in 0..105 {
            ada.key(&format!("key {n}"), "read_only").await;
        }
        let (mut seen, mut next) = (Vec::new(), Some(ada.keys()));
        while let Some(address) = next {
            let page = ada.get(&address).await;
            seen.extend(page.names());
            next = link(&page, "Older");
            if let Some(back) = link(&page, "Newer") {
                let before = ada.get(&back).await.names();
                let at = seen.len() - page.names().len() - before.len();
                assert_eq!(
                    seen[at..][..before.len()],
                    before,
                    "the page before is the page before"
                );
            }
        }
        assert_eq!(seen.len(), 105);
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 105);
    }
);

both!(
    a_place_that_cannot_be_read_is_the_first_page,
    async |database: Database| {
        let world = World::on(database).await;
        let (ada, bea) = (world.person("Ada Moss").await, world.person("Bea Reef").await);
        keys(&world, &ada, 60).await;
        keys(&world, &bea, 60).await;
        let first = ada.get(&ada.keys()).await.names();
        for broken in [
            "older=%00".to_owned(),
            "older=1.%27".to_owned(),
            "older=99999999999999999999.00000000-0000-0000-0000-000000000000".to_owned(),
            "newer=-1.5.x".to_owned(),
            "page=%FF&older=%FF".to_owned(),
            format!("older={}.{NIL}", i64::MAX),
        ] {
            let page = ada.get(&format!("{}?{broken}", ada.keys())).await;
            assert_eq!((page.status, page.names()), (200, first.clone()), "{broken}");
        }
        // The ends of time are valid cursors, with nothing beyond them.
        let last = ada.get(&format!("{}?page=last", ada.keys())).await;
        let beyond = ada.get(&format!("{}?older={}.{NIL}", ada.keys(), i64::MIN)).await;
        assert_eq!((beyond.status, beyond.names()), (200, last.names()));
        assert!(beyond.text().contains("11–60 of 60 keys"));
        let before = ada.get(&format!("{}?newer={}.{NIL}", ada.keys(), i64::MAX)).await;
        assert_eq!((before.status, before.names()), (200, first.clone()));
        assert!(before.text().contains("1–50 of 60 keys"));
        // A cursor of another account's list reveals nothing of it.
        let theirs = link(&bea.get(&bea.keys()).await, "Older").expect("a link");
        let borrowed = ada.get(&theirs.replace(&bea.keys(), &ada.keys())).await;
        assert_eq!(borrowed.status, 200);
        assert_eq!(ada.get(&theirs).await.status, 404);
    }
);

#[tokio::test]
async fn the_choices_count_what_the_search_leaves() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    keys(&world, &ada, 12).await;
    world
        .database
        .execute("UPDATE api_keys SET revoked_at = 1 WHERE name IN ('key 1', 'key 2')")
        .await;
    for (query, counts) in [
        ("", ["12", "10", "0", "0", "2"]),
        ("?search=key+1&status=revoked", ["3", "2", "0", "0", "1"]),
    ] {
        let page = ada.get(&format!("{}{query}", ada.keys())).await;
        let tags = page.tags();
        let counted = tags
            .iter()
            .filter(|tag| tag.get("class") == Some("segment-count"));
        let counted: Vec<_> = counted.map(|tag| tag.text.as_str()).collect();
        assert_eq!(counted, counts, "{query}");
    }
    let page = ada
        .get(&format!("{}?search=key+1&status=revoked", ada.keys()))
        .await;
    assert_eq!(page.names(), ["key 1"]);
    assert!(page.text().contains(">1 key<"));
}

#[tokio::test]
async fn an_empty_choice_speaks_of_a_search_only_after_one() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    ada.key("prod", "read_only").await;
    let search = "Search by name or prefix.";
    for (query, title, searched) in [
        ("?status=expired", "No expired keys", false),
        ("?search=zzz", "No key matches “zzz”", true),
        ("?search=prod&status=expired", "No key matches “prod”", true),
    ] {
        let page = ada.get(&format!("{}{query}", ada.keys())).await;
        assert_eq!(page.select(".empty-title").remove(0).text(), title, "{query}");
        assert!(page.text().contains("Show all keys"), "{query}");
        assert_eq!(page.text().contains(search), searched, "{query}");
    }
}
