//! `/home/{account}/api-keys`: the content of the table, and who may see it.

use crate::{
    answer::Answer,
    browser::Made,
    database::{Database, both},
    html::Part,
    world::{PASSWORD, World},
};

#[tokio::test]
async fn an_account_without_keys_has_an_empty_state() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let empty = ada.get(&ada.keys()).await;
    assert!(empty.text().contains("No data available"));
    assert!(
        empty
            .text()
            .contains("Generate API keys to authenticate requests and start generating contents.")
    );
    assert!(!empty.text().contains("<table"));
    ada.key("prod", "read_only").await;
    let page = ada.get(&ada.keys()).await;
    assert!(!page.text().contains("No data available"));
    let heads: Vec<_> = page
        .tags()
        .into_iter()
        .filter(|tag| tag.name == "th" && tag.get("scope") == Some("col"))
        .map(|tag| tag.text)
        .collect();
    assert_eq!(
        heads,
        [
            "API name",
            "Prefix",
            "Last used",
            "Created",
            "Status",
            "IP allowlist",
            // The header of the actions column is for screen readers only.
            ""
        ]
    );
}

both!(the_newest_fifty_stand_first, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    for n in 0..51 {
        let (token, name) = (format!("t{n}"), format!("key {n}"));
        let fields = [
            ("name", name.as_str()),
            ("preset", "read_only"),
            ("form_token", &token),
        ];
        assert_eq!(ada.create(&fields).await.status, 200);
        world.advance(1);
        if n == 49 {
            let page = ada.get(&ada.keys()).await;
            assert!(page.text().contains(">50 keys<") && !page.text().contains("aria-label=\"Pages\""));
        }
    }
    let page = ada.get(&ada.keys()).await;
    let expected: Vec<_> = (1..51).rev().map(|n| format!("key {n}")).collect();
    assert_eq!(page.names(), expected);
    assert!(page.text().contains("1–50 of 51 keys"));
});

both!(
    an_account_of_somebody_else_is_as_absent_as_none,
    async |database: Database| {
        let world = World::on(database).await;
        let (ada, bea) = (world.person("Ada Moss").await, world.person("Bea Reef").await);
        ada.key("prod", "full_access").await;
        let theirs = bea.get(&ada.keys()).await;
        assert_eq!(theirs.status, 404);
        let absent = bea.get("/home/nowhere/api-keys").await;
        assert_eq!(absent.comparable(), theirs.comparable());
        assert!(!theirs.text().contains("ada") && !theirs.text().contains("prod"));

        let fields = [("name", "mine"), ("preset", "full_access"), ("form_token", "t")];
        let posted = bea.post(&ada.keys(), &fields).await;
        assert_eq!(posted.status, 404);
        assert_eq!(
            bea.post("/home/nowhere/api-keys", &fields).await.comparable(),
            posted.comparable()
        );
        assert_eq!(ada.get(&ada.keys()).await.names(), ["prod"]);
        assert!(bea.get(&bea.keys()).await.text().contains("No data available"));
    }
);

#[tokio::test]
async fn names_are_text_whatever_they_hold() {
    let world = World::sqlite().await;
    let name = r#"</bdi><script>alert(1)</script> "' &amp; ا"#;
    let person = world.person("Ada Moss").await;
    person.key(name, "read_only").await;
    let page = person.get(&person.keys()).await;
    assert_eq!(page.names(), [name]);
    assert!(!page.text().contains("<script>alert"));

    let browser = world.anonymous();
    let evil = "<img src=x onerror=alert(1)>";
    let fields = [
        ("name", evil),
        ("email", "eve@example.com"),
        ("password", crate::world::PASSWORD),
    ];
    let home = browser.post("/sign-up", &fields).await.location().to_owned();
    let page = browser.get(&home).await;
    assert!(!page.tags().iter().any(|tag| tag.name == "img"));
    assert!(
        page.tags()
            .iter()
            .any(|tag| tag.name == "bdi" && tag.text == evil)
    );
}

#[tokio::test]
async fn names_are_kept_trimmed_and_composed() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    ada.key("  Zoe\u{308} \u{1F469}\u{200D}\u{1F52C} ", "read_only")
        .await;
    let names = ada.get(&ada.keys()).await.names();
    assert_eq!(names, ["Zo\u{EB} \u{1F469}\u{200D}\u{1F52C}"]);
}

both!(the_last_use_is_shown, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let key = ada.key("prod", "read_only").await;
    let page = ada.get(&ada.keys()).await;
    let used = "23 Nov 2026, 17:05:00 UTC";
    let [cell] = &page.cells("Last used")[..] else {
        panic!("one key");
    };
    let shows = |words: &str| cell.html.contains(words);
    assert!(
        shows("Never") && shows("Secret lost?") && !shows(used),
        "{cell:?}"
    );
    world.advance(300_000);
    assert_eq!(world.status(&key).await.status, 200);
    world.app.recorder.flush().await;
    assert_eq!(world.app.recorder.dropped(), 0);
    world.advance(180_000);
    let page = ada.get(&ada.keys()).await;
    let [cell] = &page.cells("Last used")[..] else {
        panic!("one key");
    };
    let shows = |words: &str| cell.html.contains(words);
    assert!(
        shows(used) && shows("3 minutes ago") && !shows("Never") && !shows("Secret lost?"),
        "{cell:?}"
    );
});

both!(a_refused_call_is_no_use, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let key = ada.key("prod", "monitor_only").await;
    assert_eq!(world.status(&key).await.status, 403);
    world.app.recorder.flush().await;
    assert_eq!(
        world
            .database
            .number("SELECT COUNT(*) FROM api_keys WHERE last_used_at IS NULL")
            .await,
        1
    );
});

both!(
    the_status_is_judged_when_the_page_is_drawn,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        ada.key("prod", "read_only").await;
        let end = world.app.now().millis() + 1_000;
        for (sql, advance, word) in [
            ("expires_at = NULL".to_owned(), 0, "Active"),
            (format!("expires_at = {end}"), 999, "Active"),
            (format!("expires_at = {end}"), 1, "Expired"),
            ("revoked_at = 1".to_owned(), 0, "Revoked"),
        ] {
            world
                .database
                .execute(&format!("UPDATE api_keys SET {sql}"))
                .await;
            world.advance(advance);
            let page = ada.get(&ada.keys()).await;
            let words: Vec<_> = ["Active", "Expired", "Revoked"]
                .into_iter()
                .filter(|word| page.cells("Status")[0].html.contains(word))
                .collect();
            assert_eq!(words, [word], "{sql}");
        }
    }
);

/// Texts of the first cell of each row, from the top.
fn heads(page: &Answer) -> Vec<String> {
    let cells = page.select("tbody th[role=rowheader]");
    cells.iter().map(Part::text).collect()
}

both!(
    when_a_key_ends_is_said_in_words_and_exactly,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let fields = [("name", "prod"), ("preset", "read_only"), ("expires", "7")];
        let old = ada.key_with(&fields).await;
        let page = ada.get(&ada.keys()).await;
        assert_eq!(heads(&page), ["prodRead Only · expires in 7 days"]);
        let tags = page.tags();
        let time = tags.iter().find(|tag| tag.text == "in 7 days").expect("it");
        assert_eq!(
            (time.name.as_str(), time.get("datetime"), time.get("title")),
            (
                "time",
                Some("2026-11-30T17:00:00Z"),
                Some("30 Nov 2026, 17:00:00 UTC")
            )
        );

        world.advance(1_000);
        let new = Made::of(&ada.rotate(&old.id, "24").await);
        let stops = "Read Only · expires in 24 hours";
        let said = heads(&ada.get(&ada.keys()).await);
        assert!(said[1].contains(stops), "{said:?}");
        for dialog in ["grace", "revoke"] {
            let question = format!("{}?dialog={dialog}&key={}", ada.keys(), old.id);
            let page = ada.get(&question).await;
            let facts = page.select("dialog dl");
            assert!(facts.iter().any(|facts| facts.text().contains(stops)), "{dialog}");
        }

        world.advance(86_400_000);
        ada.sign_in(&ada.email, PASSWORD).await;
        let said = heads(&ada.get(&ada.keys()).await);
        assert_eq!(said[1], "prodRead Only · expired just now");
        let page = ada.get(&format!("{}/{}", ada.keys(), old.id)).await;
        assert!(page.text().contains("<dt>Expired"), "{}", page.text());
        let page = ada.get(&format!("{}/{}", ada.keys(), new.id)).await;
        assert!(page.text().contains("<dt>Expires"), "{}", page.text());
        // A revoked key has no end to come.
        assert_eq!(ada.revoke(&[&new.id]).await.status, 200);
        assert_eq!(heads(&ada.get(&ada.keys()).await)[0], "prodRead Only");
        let page = ada.get(&format!("{}/{}", ada.keys(), new.id)).await;
        let state = page.select("main h1 + p")[0].text();
        assert!(state.ends_with("Read Only"), "{state}");
    }
);

#[tokio::test]
async fn the_list_follows_a_form_that_had_to_sign_in_first() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let key = ada.made("prod").await;
    for dialog in ["rotate", "grace", "reissue", "revoke", "delete", "leak"] {
        let late = world.anonymous();
        let form = format!("{}?search=prod&dialog={dialog}", ada.keys());
        let fields = [("key", key.id.as_str()), ("keys[]", &key.id)];
        let sent = late.post(&form, &fields).await;
        assert_eq!(sent.status, 303, "{dialog}");
        let next = late.get(sent.location()).await.field("next");
        let fields = [
            ("email", ada.email.as_str()),
            ("password", PASSWORD),
            ("next", &next),
        ];
        let signed_in = late.post("/sign-in", &fields).await;
        assert_eq!((signed_in.status, signed_in.location()), (303, form.as_str()));
        let mut page = late.get(signed_in.location()).await;
        if dialog != "leak" {
            let list = format!("{}?search=prod", ada.keys());
            assert_eq!((page.status, page.location()), (303, list.as_str()), "{dialog}");
            page = late.get(&list).await;
        }
        assert_eq!(
            (page.status, page.names()),
            (200, vec!["prod".to_owned()]),
            "{dialog}"
        );
        let is_open = page
            .tags()
            .iter()
            .any(|tag| tag.name == "dialog" && tag.get("open").is_some());
        assert!(!is_open, "{dialog}");
    }
}
