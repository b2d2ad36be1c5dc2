//! The page of the list: what a search found, the weight of a full page, the full view and the empty state.

use crate::{answer::Answer, browser::get, html::Part, world::World};
use babysea::domain::role::Role;

#[tokio::test]
async fn a_search_says_what_it_found() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    for n in 0..12 {
        ada.key(&format!("key {n}"), "read_only").await;
    }
    for (query, found) in [
        ("?search=key+1", "3 keys match “key 1”"),
        ("?search=key+1&status=active", "3 active keys match “key 1”"),
        ("?search=key+3", "1 key matches “key 3”"),
        ("?search=zzz", "No keys match “zzz”"),
        ("?search=%3Cb%3E", "No keys match “<b>”"),
    ] {
        let page = ada.get(&format!("{}{query}", ada.keys())).await;
        let said = page.select("[role=status] [data-found]");
        let said: Vec<_> = said.iter().map(Part::text).collect();
        assert_eq!(said, [found]);
        let field = page.id("search");
        assert_eq!(field.get("aria-describedby"), Some("search-found"));
        // Clearing keeps the filter and gives the focus back to the field.
        let clear = page.select(".found a").remove(0);
        let clear = clear.tag.get("href").expect("its target").to_owned();
        assert!(
            !clear.contains("search=") && clear.ends_with("#search"),
            "{clear}"
        );
        assert_eq!(
            clear.contains("status=active"),
            query.contains("status"),
            "{clear}"
        );
    }
    let page = ada.get(&format!("{}?status=active", ada.keys())).await;
    let said = page.select("[role=status] [data-found]");
    assert_eq!(
        said.iter().map(Part::text).collect::<Vec<_>>(),
        ["12 active keys"]
    );
    let page = ada.get(&ada.keys()).await;
    assert!(page.select("[data-found]").is_empty());
    assert_eq!(page.id("search").get("aria-describedby"), None);
}

/// What a browser has to parse, lay out and keep of a page with the most rows.
#[tokio::test]
async fn a_page_of_fifty_rows_is_light() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let mut made = Vec::new();
    for n in 0..51 {
        let allowlist = match n % 3 {
            0 => "",
            1 => "203.0.113.10",
            _ => "203.0.113.10, 198.51.100.5, 2001:db8::1",
        };
        let expires = if n % 2 == 0 { "never" } else { "90" };
        let name = format!("prod-api-worker-{n}");
        let fields = [
            ("name", name.as_str()),
            ("preset", "full_access"),
            ("allowlist", allowlist),
            ("expires", expires),
        ];
        made.push(ada.key_with(&fields).await);
    }
    let is_light = |page: &Answer| {
        assert_eq!(page.names().len(), 50);
        let (bytes, elements) = (page.text().len(), page.tags().len());
        assert!(bytes <= 90_000, "{bytes} bytes");
        assert!(elements <= 1_300, "{elements} elements");
        let rows = page.select("tbody tr");
        let most = rows.iter().map(|row| 1 + row.inside.len()).max();
        assert!(most <= Some(20), "{most:?} elements in a row");
    };
    let page = ada.get(&ada.keys()).await;
    is_light(&page);
    let rows = page.select("tbody tr");
    assert_eq!(page.select("[role=menu]").len(), 1, "one menu for all rows");
    // Without scripts the button of a row is a link to a page with all actions.
    let buttons = page.select("tbody a[data-menu]");
    assert_eq!(buttons.len(), 50);
    for (button, row) in buttons.iter().zip(&rows) {
        let id = row
            .tag
            .get("id")
            .and_then(|id| id.strip_prefix("key-"))
            .expect("an id");
        let target = format!("{}/{id}", ada.keys());
        assert_eq!(button.tag.get("href"), Some(target.as_str()));
        assert_eq!(button.tag.get("role"), None);
        assert_eq!(button.tag.get("data-menu"), Some("rotate reissue revoke delete"));
    }
    // None was used yet: the secrets of the newest may be lost.
    assert_eq!(
        page.select("tbody [data-label=\"Last used\"] > a[data-opens-dialog]")
            .len(),
        3
    );
    // Used keys have a time in place of `Never`; this one is the longest.
    for key in &made {
        let use_it = get("/v1/status").bearer(&key.secret).sent_from("203.0.113.10");
        assert_eq!(world.send(use_it).await.status, 200);
    }
    assert!(world.app.recorder.flush().await);
    world.advance(59 * 60_000);
    let used = ada.get(&ada.keys()).await;
    is_light(&used);
    let uses = used.cells("Last used");
    assert!(
        uses.iter().all(|cell| cell.text() == "59 minutes ago"),
        "{:?}",
        uses[0]
    );
    let icons = page.select("use");
    assert!(icons.iter().all(|icon| {
        let id = icon.tag.get("href").and_then(|href| href.strip_prefix('#'));
        id.is_some_and(|id| page.tags().iter().any(|tag| tag.get("id") == Some(id)))
    }));
}

#[tokio::test]
async fn the_full_view_names_the_creators() {
    let world = World::sqlite().await;
    let team = world.person("Ada Moss").await.team("Reef Lab").await;
    team.key("by ada", "read_only").await;
    world.advance(1);
    let bo = world.member("Bo Reed", &team.slug, Role::Owner).await;
    bo.key("by bo", "read_only").await;
    world.advance(1);
    bo.key("by nobody", "read_only").await;
    world
        .database
        .execute("UPDATE api_keys SET creator_id = NULL WHERE name = 'by nobody'")
        .await;
    assert!(team.get(&team.keys()).await.cells("Created by").is_empty());
    let full = team.get(&format!("{}?full=1", team.keys())).await;
    let cells = full.cells("Created by");
    let creators: Vec<_> = cells.iter().map(Part::text).collect();
    assert_eq!(creators, ["A former member", "Bo Reed", "Ada Moss"]);
}

#[tokio::test]
async fn an_empty_list_has_one_button_to_create_a_key() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let primary = |page: &Answer| page.select("main .primary").len();
    let empty = ada.get(&ada.keys()).await;
    assert_eq!(primary(&empty), 1);
    assert_eq!(empty.select("main .opener").len(), 1);
    assert!(!empty.text().contains("full view"));
    ada.key("prod", "read_only").await;
    let page = ada.get(&ada.keys()).await;
    assert_eq!(primary(&page), 1);
    assert!(page.text().contains("Open full view"));
}
