//! `Create another like this`: the form `Add API key`, filled in from a key.

use crate::{
    answer::Answer,
    browser::{Browser, Made},
    database::{Database, both},
    world::{World, with_default},
};
use babysea::domain::role::Role;

const GONE: &str = "The key to copy no longer exists, so this form is empty.";

async fn form(person: &Browser<'_>, slug: &str, like: &str) -> Answer {
    let page = format!("/home/{slug}/api-keys?dialog=create&like={like}&from=detail");
    person.get(&page).await
}

/// What the form is filled in with: every ticked box, chosen option and text.
fn held(page: &Answer) -> Vec<(String, String)> {
    let mut held = Vec::new();
    let mut select = String::new();
    for tag in page.tags() {
        let get = |attribute| tag.get(attribute).unwrap_or_default().to_owned();
        match (tag.name.as_str(), tag.get("type")) {
            ("select", _) => select = get("name"),
            ("option", _) if tag.get("selected").is_some() => held.push((select.clone(), get("value"))),
            ("textarea", _) if tag.get("name") == Some("allowlist") => {
                held.push((get("name"), tag.text.clone()));
            }
            ("input", Some("radio" | "checkbox")) if tag.get("checked").is_some() => {
                held.push((get("name"), get("value")));
            }
            ("input", Some("text" | "date")) => held.push((get("name"), get("value"))),
            _ => {}
        }
    }
    held.retain(|(_, value)| !value.is_empty());
    held
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
    expected.iter().map(owned).collect()
}

both!(a_form_is_filled_in_from_a_key, async |database: Database| {
    with_default("--catalog");
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let first = ada
        .key_with(&[
            ("name", "prod <&> worker"),
            ("preset", "generate_only"),
            ("expires", "30"),
            ("allowlist", "203.0.113.9/24 2001:db8::1"),
            ("rate_limit", "1,000"),
        ])
        .await;
    let page = form(&ada, &ada.slug, &first.id).await;
    assert_eq!(page.status, 200);
    let scopes = ["generation:write", "generation:read", "library:read"];
    let mut expected = pairs(&[("preset", "generate_only")]);
    expected.extend(scopes.map(|scope| ("scopes[]".to_owned(), scope.to_owned())));
    expected.extend(pairs(&[
        ("expires", "30"),
        ("allowlist", "203.0.113.0/24, 2001:db8::1"),
        ("rate_limit", "1000"),
    ]));
    assert_eq!(held(&page), expected);
    // Whose terms these are is said, and `Cancel` leads back to that key.
    let text = page.text();
    assert!(
        text.contains("Same settings as <bdi translate=\"no\">prod &lt;&amp;&gt; worker</bdi>"),
        "{text}"
    );
    let back = page.id("close-create-key");
    assert_eq!(
        back.get("action"),
        Some(format!("{}/{}", ada.keys(), first.id).as_str())
    );
    assert!(
        text.contains(">Generate Only, expires in 30 days, 2 allowlist entries, 1,000 requests a minute</b>")
    );

    // Refused without scripts, it still says so, and leads back to that key.
    let action = page.id("create-key-form").get("action").map(str::to_owned);
    let refused = ada.post(&action.expect("an action"), &[("name", "")]).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused
            .text()
            .contains("Same settings as <bdi translate=\"no\">prod")
    );
    let back = refused.id("close-create-key");
    assert_eq!(
        back.get("action"),
        Some(format!("{}/{}", ada.keys(), first.id).as_str())
    );

    // Sent with a name it makes a key of these terms.
    let token = page.field("form_token");
    let mut fields: Vec<_> = expected
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    fields.extend([("name", "prod 2"), ("form_token", token.as_str())]);
    let second = Made::of(&ada.create(&fields).await);
    let terms =
        "SELECT COUNT(DISTINCT preset || scopes || allowlist || rate_limit || expires_at) FROM api_keys";
    assert_eq!(world.database.number(terms).await, 1);
    assert_ne!(second.id, first.id);
});

both!(
    a_key_that_is_not_there_leaves_the_form_empty,
    async |database: Database| {
        let world = World::on(database).await;
        let (ada, bo) = (world.person("Ada Moss").await, world.person("Bo Reed").await);
        let foreign = bo.made("theirs").await;
        let deleted = ada.made("gone").await;
        assert_eq!(ada.delete(&[&deleted.id], "gone").await.status, 200);
        for like in [&foreign.id, &deleted.id, "x", "%00"] {
            let page = form(&ada, &ada.slug, like).await;
            assert_eq!(page.status, 200, "{like}");
            assert!(page.text().contains(GONE), "{like}");
            assert!(!page.text().contains("theirs"), "{like}");
            assert_eq!(held(&page), pairs(&[("expires", "never")]), "{like}");
            assert_eq!(
                page.id("close-create-key").get("action"),
                Some(ada.keys().as_str())
            );
        }
    }
);

#[tokio::test]
async fn what_is_no_longer_possible_is_left_to_choose() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await.team("Tide").await;
    let key = ada.made("old").await;
    let sql = "UPDATE api_keys SET scopes = 'account:read tides:write', expires_at = created_at + 1000";
    world.execute(sql).await;
    world.advance(2000);
    let page = form(&ada, &ada.slug, &key.id).await;
    assert!(
        page.text()
            .contains("Left out, because they no longer exist: tides:write.")
    );
    let expected = pairs(&[
        ("preset", "custom"),
        ("scopes[]", "account:read"),
        ("expires", "date"),
    ]);
    assert_eq!(held(&page), expected);
    assert!(
        page.text()
            .contains(">Custom (1 scope), expires on a date, any address</b>")
    );

    // Members get no form, with or without a key to copy from.
    let bo = world.member("Bo Reed", &ada.slug, Role::Member).await;
    let plain = bo.get(&format!("{}?dialog=create", ada.keys())).await;
    let page = form(&bo, &ada.slug, &key.id).await;
    assert_eq!(page.status, plain.status);
    assert!(!page.text().contains("Same settings as"));
}
