//! Keys that are pasted into a search or an address: found by their shown part, and repeated by no address (S99).

use crate::{
    answer::{holds_a_key, shown_part},
    database::{Database, both},
    world::{Setup, World},
};

/// A pasted key finds its one row by the prefix and five random characters.
async fn is_found(database: Database, arguments: &'static [&'static str]) {
    let setup = Setup {
        arguments,
        ..Setup::default()
    };
    let world = World::with(database, setup).await;
    let ada = world.person("Ada Moss").await;
    let names = ["one", "two", "three"];
    let mut keys = Vec::new();
    for name in names {
        keys.push(ada.made(name).await);
    }
    let length = world.app.config.key_prefix.len() + 5;
    for (key, name) in keys.iter().zip(names) {
        let shown = &key.secret[..length];
        let answer = ada.get(&format!("{}?search={}", ada.keys(), key.secret)).await;
        assert_eq!(answer.location(), format!("{}?search={shown}", ada.keys()));
        assert_eq!(ada.get(answer.location()).await.names(), [name], "{shown}");
        assert_eq!(
            world.status(&key.secret).await.json()["data"]["apikey_prefix"],
            shown
        );
    }
    // Keys from before have nine characters in the database, whatever the prefix is.
    let before = "UPDATE api_keys SET prefix = SUBSTR(prefix, 1, 9) WHERE name = 'one'";
    world.execute(before).await;
    let page = ada
        .get(&format!("{}?search={}", ada.keys(), &keys[0].secret[..length]))
        .await;
    assert_eq!(page.names(), ["one"]);
}

both!(
    a_key_with_the_longest_prefix_is_found,
    async |database: Database| {
        is_found(database, &["--key-prefix", "abcdefghijklmno_"]).await;
    }
);

both!(a_key_with_another_prefix_is_found, async |database: Database| {
    is_found(database, &["--key-prefix", "acme_"]).await;
});

#[tokio::test]
async fn a_search_is_posted_without_scripts() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let secret = ada.key("prod", "read_only").await;
    ada.key("other", "read_only").await;
    let page = ada.get(&format!("{}?status=active", ada.keys())).await;
    let form = page.select("form[role=search]").remove(0).tag;
    assert_eq!(form.get("method"), Some("post"));
    let action = form
        .get("action")
        .expect("an action")
        .trim_end_matches("#search")
        .to_owned();
    for (typed, kept) in [
        ("prod", "prod"),
        (&secret, shown_part(&secret)),
        (&secret[..secret.len() - 6], shown_part(&secret)),
    ] {
        let answer = ada
            .post(&action, &[("search", typed), ("status", "active")])
            .await;
        assert_eq!(answer.status, 303);
        assert_eq!(
            answer.location(),
            format!("{}?search={kept}&status=active#search", ada.keys())
        );
    }
    // As it is sent where the session has ended meanwhile: nothing of the form is in the address.
    let gone = world.anonymous().post(&action, &[("search", &secret)]).await;
    assert!(gone.location().starts_with("/sign-in?next=") && !holds_a_key(gone.location()));
}

#[tokio::test]
async fn no_address_repeats_a_key() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let secret = ada.key("prod", "read_only").await;
    let anonymous = world.anonymous();
    for text in [
        secret.clone(),
        secret[..secret.len() - 6].to_owned(),
        secret.to_lowercase(),
    ] {
        for path in [
            format!("{}?search={text}", ada.keys()),
            format!("{}?search={}", ada.keys(), text.replace('_', "%5F")),
            format!("{}?created={text}", ada.keys()),
            format!("{}?search={text}", ada.activity()),
            format!("/home/{text}/api-keys"),
        ] {
            let answer = anonymous.get(&path).await;
            assert_eq!(answer.status, 303, "{path}");
            assert!(
                !answer.location().contains(&text[shown_part(&text).len()..]),
                "{path}: {}",
                answer.location()
            );
        }
        let next = format!("/sign-in?next=%2Fhome%2Fada-moss%2Fapi-keys%3Fsearch%3D{text}");
        let page = anonymous.get(&next).await;
        assert_eq!(
            (
                page.status,
                page.field("next").contains(&text[shown_part(&text).len()..])
            ),
            (200, false),
            "{text}"
        );
        for query in [
            "created", "changed", "older", "newer", "page", "status", "key", "like", "from",
        ] {
            let page = ada.get(&format!("{}?{query}={text}", ada.keys())).await;
            assert_eq!(
                (
                    page.status,
                    page.text().contains(&text[shown_part(&text).len()..])
                ),
                (200, false),
                "{query}"
            );
        }
        for query in ["action", "older", "newer", "page"] {
            let page = ada.get(&format!("{}?{query}={text}", ada.activity())).await;
            assert_eq!(
                (
                    page.status,
                    page.text().contains(&text[shown_part(&text).len()..])
                ),
                (200, false),
                "{query}"
            );
        }
        let export = ada
            .get(&format!("{}/export?format=csv&search={text}", ada.activity()))
            .await;
        let kept = format!(
            "{}/export?search={}&format=csv",
            ada.activity(),
            shown_part(&text)
        );
        assert_eq!((export.status, export.location()), (303, kept.as_str()));
    }
    // Whether the account exists is looked at first.
    for slug in ["nobody", "%0a", "%2f%2fevil.example"] {
        for page in ["api-keys", "activity", "activity/export"] {
            let answer = ada
                .get(&format!("/home/{slug}/{page}?format=csv&search={secret}"))
                .await;
            assert_eq!(answer.status, 404, "{slug} {page}");
        }
    }
}
