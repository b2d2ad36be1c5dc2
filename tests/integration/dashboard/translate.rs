//! Pages in a browser that translates: what has to stay as it is says so, and no field cuts what is pasted into it.

use crate::{
    answer::Answer,
    database::{Database, both},
    html::Part,
    world::World,
};

/// Keys, names, scopes, commands and addresses that a browser could translate.
fn exposed(page: &Answer) -> Vec<String> {
    let kept = "[translate=no], [translate=no] *";
    // The details of activity are sentences of people.
    let machine = format!(":is(code, pre, bdi:not(.sub > bdi), .is-code, [data-label=Prefix]):not({kept})");
    page.select(&machine).into_iter().map(|part| part.html).collect()
}

both!(
    what_is_to_be_copied_or_typed_is_not_translated,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let fields = [
            ("name", "production"),
            ("preset", "read_only"),
            ("allowlist", "203.0.113.7 ::1"),
        ];
        let old = ada.key_with(&fields).await;
        let (lost, leaked) = (ada.made("lost").await, ada.made("leaked").await);
        assert_eq!(ada.rotate(&old.id, "24").await.status, 200);
        world
            .execute(&format!(
                "UPDATE api_keys SET leak_reported_at = 5 WHERE id = '{}'",
                leaked.id
            ))
            .await;
        let keys = ada.keys();
        let home = keys.trim_end_matches("/api-keys").to_owned();
        let one = |dialog: &str, id: &str| format!("{keys}?dialog={dialog}&key={id}");
        for path in [
            keys.clone(),
            format!("{keys}?search=production&full=1"),
            format!("{keys}?search=nothing"),
            format!("{keys}?dialog=create"),
            format!("{keys}?dialog=create&like={}", old.id),
            one("grace", &old.id),
            one("rotate", &lost.id),
            one("reissue", &lost.id),
            one("revoke", &lost.id),
            one("delete", &lost.id),
            format!("{keys}?dialog=delete&keys[]={}&keys[]={}", old.id, lost.id),
            format!("{keys}/{}", old.id),
            format!("{home}/activity"),
            format!("{home}/scopes"),
            format!("{home}/guard?proxy=envoy"),
            "/home/create-team".to_owned(),
            "/nowhere".to_owned(),
        ] {
            let page = ada.get(&path).await;
            assert!(matches!(page.status, 200 | 404), "{path}: {}", page.status);
            assert!(!page.select("[translate=no]").is_empty(), "{path}");
            assert_eq!(exposed(&page), Vec::<String>::new(), "{path}");
            // It counts UTF-16 units, and browsers cut by it without a word.
            assert!(page.select("[maxlength]").is_empty(), "{path}");
        }
        // What is made without scripts.
        let sent = ada.post(&one("rotate", &lost.id), &[("grace", "24")]).await;
        assert_eq!(exposed(&sent), Vec::<String>::new());
    }
);

#[tokio::test]
async fn a_search_that_was_cut_says_so() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    ada.key("prod", "read_only").await;
    let activity = ada.keys().replace("api-keys", "activity");
    for page in [ada.keys(), activity] {
        for (length, cut) in [(99, false), (140, true)] {
            let found = ada.get(&format!("{page}?search={}", "é".repeat(length))).await;
            let said: Vec<_> = found.select(".search-limit").iter().map(Part::text).collect();
            let limit = ["Only the first 100 characters are searched."];
            assert_eq!(said, if cut { &limit[..] } else { &[] }, "{page}: {length}");
            let kept = found.id("search").get("value").map(|value| value.chars().count());
            assert_eq!(kept, Some(length.min(100)), "{page}");
        }
    }
}
