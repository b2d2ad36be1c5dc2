//! Creating keys: the format of a key, that it is shown once, and that one form creates one key.

use crate::{
    answer::{Answer, holds_a_key, shown_part},
    browser::{Browser, form},
    database::{Database, both},
    world::{Setup, World, all, with_default},
};
use serde_json::json;

const COUNT: &str = "SELECT COUNT(*) FROM api_keys";
const SHOWN: &str = "This form was sent already";

/// Posts the dialog's form without scripts.
async fn post(browser: &Browser<'_>, token: &str) -> Answer {
    let fields = [("name", "prod"), ("preset", "read_only"), ("form_token", token)];
    browser.post(&browser.keys(), &fields).await
}

/// Sends it with scripts.
async fn call(browser: &Browser<'_>, token: &str) -> Answer {
    browser
        .create(&[("name", "prod"), ("preset", "read_only"), ("form_token", token)])
        .await
}

both!(a_key_is_what_the_contract_says, async |database: Database| {
    with_default("--key-prefix");
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let token = ada.form_token().await;
    let answer = call(&ada, &token).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), "no-store");
    let made = answer.json();
    let secret = made["secret"].as_str().expect("a secret");
    assert_eq!(secret.len(), 42, "{secret}");
    let random = secret.strip_prefix("bye_").expect("the prefix");
    assert!(random.bytes().all(|b| b.is_ascii_alphanumeric()), "{secret}");
    assert_eq!(
        (&made["name"], &made["about"]),
        (&"prod".into(), &"Read Only".into())
    );

    let status = world.status(secret).await;
    assert_eq!(status.json()["data"]["apikey_id"], made["id"]);
    assert_eq!(status.json()["data"]["apikey_prefix"], shown_part(secret));
    let page = ada.get(&ada.keys()).await;
    assert!(
        page.text().contains(shown_part(secret))
            && !page.text().contains(&secret[..=shown_part(secret).len()]),
        "prefix and five characters"
    );
    assert_eq!(
        page.id(&format!("key-{}", made["id"].as_str().expect("an id")))
            .name,
        "tr"
    );
});

#[tokio::test]
async fn no_two_keys_are_alike_though_their_names_are() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let (one, other) = (
        ada.key("prod", "full_access").await,
        ada.key("prod", "full_access").await,
    );
    assert_ne!(one, other);
    assert_ne!(
        world.status(&one).await.json()["data"]["apikey_id"],
        world.status(&other).await.json()["data"]["apikey_id"]
    );
}

both!(
    without_scripts_the_key_is_on_the_page_once,
    async |database: Database| {
        with_default("--key-prefix");
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let page = ada.get(&format!("{}?dialog=create", ada.keys())).await;
        let open = page
            .tags()
            .into_iter()
            .find(|tag| tag.name == "dialog")
            .expect("a dialog");
        assert!(open.get("open").is_some(), "{open:?}");
        let token = page.field("form_token");

        let made = post(&ada, &token).await;
        assert_eq!((made.status, made.header("cache-control")), (200, "no-store"));
        let area = made.id("kept-key");
        let secret = area.text.trim().to_owned();
        assert_eq!(secret.len(), 42, "{secret:?}");
        assert_eq!(area.text, secret, "nothing but the key is selected with it");
        // The secret is in the text and the snippets only: in no attribute, script or URL.
        let tags = made.tags();
        let holders = tags.iter().filter(|tag| tag.text.contains(&secret));
        let mut names: Vec<_> = holders.map(|tag| tag.name.as_str()).collect();
        names.dedup();
        assert_eq!(names, ["textarea", "code"]);
        let mut values = tags.iter().flat_map(|tag| &tag.attributes);
        assert!(
            !values.any(|(_, value)| value.contains(&secret)),
            "in an attribute"
        );
        assert_eq!(world.status(&secret).await.status, 200);

        let again = post(&ada, &token).await;
        assert_eq!((again.status, again.header("cache-control")), (409, "no-store"));
        assert!(again.text().contains(SHOWN), "{}", again.text());
        for page in [
            again,
            ada.get(&ada.keys()).await,
            ada.get(&format!("{}?dialog=create", ada.keys())).await,
        ] {
            assert!(!holds_a_key(page.text()), "{}", page.text());
            assert!(!page.text().contains("kept-key"));
        }
        assert_eq!(world.database.number(COUNT).await, 1);
    }
);

both!(a_form_sent_twice_makes_one_key, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let token = ada.form_token().await;
    assert_eq!(call(&ada, &token).await.status, 200);
    for _ in 0..2 {
        let again = call(&ada, &token).await;
        assert_eq!(again.status, 409);
        assert!(
            again.json()["message"]
                .as_str()
                .expect("a sentence")
                .contains("its secret did not reach you")
        );
        // The way on is the dialog that reissues the secret of this very key.
        let id = world.database.text("SELECT id FROM api_keys").await;
        let reissue = format!("{}?dialog=reissue&key={id}", ada.keys());
        assert_eq!(again.json()["next"], json!({ "Reissue": reissue }));
        assert!(!holds_a_key(again.text()), "{}", again.text());
        // The other entry point shares the form token.
        let page = post(&ada, &token).await;
        assert_eq!(page.status, 409);
        assert!(!holds_a_key(page.text()));
    }
    // Retention forgets sent forms, but the key remembers its own.
    world.database.execute("DELETE FROM sent_forms").await;
    assert_eq!(call(&ada, &token).await.status, 409);
    assert_eq!(post(&ada, &token).await.status, 409);
    assert_eq!(world.database.number(COUNT).await, 1);
    // Each page has a new token, for the next key.
    assert_ne!(ada.form_token().await, token);
    assert_eq!(call(&ada, &ada.form_token().await).await.status, 200);
});

both!(eight_at_once_make_one_key, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let token = ada.form_token().await;
    let copies: Vec<_> = (0..8).map(|_| ada.copy()).collect();
    let answers = all(copies.iter().enumerate().map(|(n, copy)| {
        let token = token.as_str();
        async move {
            if n % 2 == 0 {
                call(copy, token).await
            } else {
                post(copy, token).await
            }
        }
    }))
    .await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
    assert_eq!(
        answers.iter().filter(|answer| holds_a_key(answer.text())).count(),
        1
    );
    assert_eq!(world.database.number(COUNT).await, 1);
});

both!(
    the_same_token_in_another_account_is_another_form,
    async |database: Database| {
        let world = World::on(database).await;
        let (ada, bea) = (world.person("Ada Moss").await, world.person("Bea Reef").await);
        assert_eq!(call(&ada, "0123").await.status, 200);
        assert_eq!(call(&bea, "0123").await.status, 200);
        assert_eq!(call(&bea, "0123").await.status, 409);
    }
);

#[tokio::test]
async fn a_form_without_its_token_makes_none() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let long = "0".repeat(65);
    for token in ["", &long] {
        for answer in [call(&ada, token).await, post(&ada, token).await] {
            assert_eq!(answer.status, 422, "{token}");
            assert!(
                answer.text().contains("This form is incomplete."),
                "{}",
                answer.text()
            );
        }
    }
    assert_eq!(world.database.number(COUNT).await, 0);
    assert_eq!(call(&ada, &long[1..]).await.status, 200);
}

#[tokio::test]
async fn each_invalid_field_has_an_error_and_the_rest_is_kept() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let token = ada.form_token().await;
    let (longest, long) = ("ü".repeat(100), "ü".repeat(101));
    for (name, preset, field, sentence) in [
        ("", "read_only", "name", "Enter a name."),
        (
            "\u{200D}",
            "read_only",
            "name",
            "The name starts with an invisible character (U+200D). Delete it.",
        ),
        (
            "pro\u{2066}d",
            "read_only",
            "name",
            "The name has an invisible character (U+2066) after \"pro\". Delete it.",
        ),
        (
            "pro\0d",
            "read_only",
            "name",
            "The name has an invisible character (U+0000) after \"pro\". Delete it.",
        ),
        (
            &long,
            "read_only",
            "name",
            "Use at most 100 characters; this name has 101.",
        ),
        ("<prod> & \"co\"", "", "preset", "Choose permissions."),
        ("<prod> & \"co\"", "everything", "preset", "Choose permissions."),
    ] {
        let fields = [("name", name), ("preset", preset), ("form_token", token.as_str())];
        let page = ada.post(&ada.keys(), &fields).await;
        assert_eq!(
            (page.status, page.field_error(field)),
            (422, sentence.to_owned()),
            "{name} {preset}"
        );
        assert_eq!(page.field("form_token"), token);
        let chosen = page
            .tags()
            .into_iter()
            .find(|tag| tag.name == "input" && tag.get("checked").is_some());
        let known = ["read_only"].contains(&preset).then_some(preset);
        assert_eq!(
            chosen.as_ref().and_then(|tag| tag.get("value")),
            known,
            "{name} {preset}"
        );
        if !name.contains('\0') {
            assert_eq!(page.field("name"), name);
        }
        let called = ada.create(&fields).await;
        assert_eq!(called.status, 422);
        assert_eq!(called.json()["fields"], serde_json::json!([[field, sentence]]));
    }
    assert_eq!(world.database.number(COUNT).await, 0);
    // The same form is accepted once it is corrected.
    let fields = [
        ("name", longest.as_str()),
        ("preset", "read_only"),
        ("form_token", &token),
    ];
    assert_eq!(ada.post(&ada.keys(), &fields).await.status, 200);
}

#[tokio::test]
async fn a_configured_prefix_is_for_new_keys_only() {
    let world = World::sqlite().await;
    let (email, old) = {
        let ada = world.person("Ada Moss").await;
        (ada.email.clone(), ada.key("old", "full_access").await)
    };
    let setup = Setup {
        arguments: &["--key-prefix", "acme_"],
        ..Setup::default()
    };
    let world = world.restart(setup).await;
    let mut ada = world.anonymous();
    ada.slug = "ada-moss".to_owned();
    ada.sign_in(&email, crate::world::PASSWORD).await;
    let new = ada.key("new", "full_access").await;
    assert!(new.starts_with("acme_") && new.len() == 43, "{new}");
    for key in [&old, &new] {
        assert_eq!(world.status(key).await.status, 200, "{key}");
    }
    let page = ada.get(&ada.keys()).await;
    assert!(page.text().contains(shown_part(&new)) && page.text().contains(shown_part(&old)));
}

#[tokio::test]
async fn a_failing_database_never_reports_success() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let token = ada.form_token().await;
    let fields = [
        ("account", ada.slug.as_str()),
        ("name", "prod"),
        ("preset", "read_only"),
        ("form_token", &token),
    ];
    // Reads succeed and writes fail, as on a full disk.
    world
        .database
        .execute("ALTER TABLE api_keys RENAME COLUMN form_token TO gone")
        .await;
    for call in [form("/api/keys/create", &fields), form(&ada.keys(), &fields)] {
        let answer = ada.send(call).await;
        assert_eq!(
            (answer.status, answer.header("retry-after")),
            (503, "2"),
            "{}",
            answer.text()
        );
        assert!(!holds_a_key(answer.text()));
        assert!(answer.text().contains("nothing was changed"), "{}", answer.text());
    }
    assert_eq!(world.database.number(COUNT).await, 0);
}
