//! Dialogs as fragments, which scripts insert into the open page, and what they say about keys that changed
//! meanwhile.

use crate::{
    answer::Answer,
    browser::{Browser, Made},
    database::{Database, both},
    html::Part,
    world::World,
};
use babysea::domain::role::Role;

async fn fragment(browser: &Browser<'_>, query: &str) -> Answer {
    browser.get(&format!("{}/dialog?{query}", browser.keys())).await
}

both!(
    a_fragment_is_the_dialog_of_the_page_alone,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let (old, unused) = (ada.made("old").await, ada.made("unused").await);
        assert_eq!(ada.rotate(&old.id, "24").await.status, 200);
        for (dialog, key, function) in [
            ("rotate", &unused, "/api/keys/rotate"),
            ("reissue", &unused, "/api/keys/reissue"),
            ("revoke", &unused, "/api/keys/revoke"),
            ("delete", &unused, "/api/keys/delete"),
            ("grace", &old, "/api/keys/change-grace"),
            ("create", &unused, "/api/keys/create"),
        ] {
            let query = format!("dialog={dialog}&key={}&search=o&full=1", key.id);
            let answer = fragment(&ada, &query).await;
            assert_eq!(answer.status, 200, "{dialog}: {}", answer.text());
            assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
            assert_eq!(answer.header("cache-control"), "no-store");
            // The script tells a dialog from a page by its start.
            assert!(
                answer.text().starts_with("<dialog"),
                "{dialog}: {}",
                answer.text()
            );
            let tags = answer.tags();
            assert_eq!(tags.iter().filter(|tag| tag.name == "dialog").count(), 1);
            assert!(tags.iter().all(|tag| tag.get("open").is_none()), "{dialog}");
            for other in ["<html", "<table", "<script", "<leptos-island"] {
                assert!(!answer.text().contains(other), "{dialog}: {other}");
            }
            let form = tags.iter().find(|tag| tag.get("data-function").is_some());
            let form = form.expect("a form");
            assert_eq!(form.get("data-function"), Some(function));
            // Its address is that of the page, with the view of the list.
            let action = form.get("action").expect("an action");
            assert!(
                action.starts_with(&format!("{}?search=o&full=1&dialog=", ada.keys())),
                "{action}"
            );
        }
    }
);

both!(
    a_fragment_without_a_session_leaves_the_cookies_to_the_page,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let key = ada.made("prod").await;
        let query = format!("dialog=revoke&key={}", key.id);
        world.advance(90 * 86_400_000);
        let answer = fragment(&ada, &query).await;
        assert_eq!(answer.status, 401, "{}", answer.text());
        assert_eq!(answer.header("set-cookie"), "");
        assert!(!answer.text().contains("<dialog"));
        // The page says at sign-in why, and leads back.
        let answer = ada.get(&format!("{}?{query}", ada.keys())).await;
        assert_eq!(answer.status, 303);
        assert!(answer.header("location").starts_with("/sign-in?next="));
    }
);

both!(
    a_fragment_about_a_changed_key_says_so_and_its_page_leads_to_the_list,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let names = ["revoked", "deleted", "rotated", "used", "live"];
        let mut keys = Vec::new();
        for name in names {
            keys.push(ada.made(name).await);
        }
        let [revoked, deleted, rotated, used, live] = &keys[..] else {
            panic!("five keys");
        };
        assert_eq!(ada.revoke(&[&revoked.id]).await.status, 200);
        assert_eq!(ada.delete(&[&deleted.id], "deleted").await.status, 200);
        Made::of(&ada.rotate(&rotated.id, "24").await);
        assert_eq!(world.code(used).await, 200);
        world.app.recorder.flush().await;
        let both = format!("keys[]={}&keys[]={}", live.id, deleted.id);
        let ended = format!("keys[]={}&keys[]={0}", revoked.id);
        for (dialog, keys, status, sentence) in [
            (
                "revoke",
                format!("key={}", revoked.id),
                409,
                "This key was revoked in the meantime.",
            ),
            (
                "delete",
                format!("key={}", deleted.id),
                404,
                "This key was deleted in the meantime.",
            ),
            (
                "revoke",
                "key=x".to_owned(),
                404,
                "This key was deleted in the meantime.",
            ),
            (
                "rotate",
                format!("key={}", rotated.id),
                409,
                "This key was rotated in the meantime.",
            ),
            (
                "reissue",
                format!("key={}", used.id),
                409,
                "This key was used in the meantime",
            ),
            (
                "grace",
                format!("key={}", live.id),
                409,
                "This key was not rotated",
            ),
            (
                "delete",
                both,
                404,
                "Some of these keys were deleted in the meantime.",
            ),
            ("revoke", ended, 409, "This key was revoked in the meantime."),
        ] {
            let query = format!("dialog={dialog}&{keys}");
            let answer = fragment(&ada, &query).await;
            assert_eq!(answer.status, status, "{query}: {}", answer.text());
            assert!(answer.text().starts_with("<dialog"), "{query}");
            assert!(answer.text().contains(sentence), "{query}: {}", answer.text());
            let tags = answer.tags();
            assert!(
                !tags.iter().any(|tag| tag.get("method") == Some("post")),
                "{query}"
            );
            let buttons: Vec<_> = answer.select("button").iter().map(Part::text).collect();
            assert_eq!(buttons, ["Back to the keys"], "{query}");

            let page = ada.get(&format!("{}?full=1&{query}", ada.keys())).await;
            let list = format!("{}?full=1", ada.keys());
            assert_eq!((page.status, page.location()), (303, list.as_str()), "{query}");
        }
        // Some of several keys have ended: the others can still be revoked.
        let mixed = format!("dialog=revoke&keys[]={}&keys[]={}", live.id, revoked.id);
        assert_eq!(fragment(&ada, &mixed).await.status, 200);
    }
);

#[tokio::test]
async fn a_fragment_is_for_those_who_may_do_what_it_is_about() {
    let world = World::sqlite().await;
    let team = world.person("Pia Reef").await.team("Reef Lab").await;
    let key = team.made("prod").await;
    let query = format!("dialog=revoke&key={}", key.id);
    let member = world.member("Max Tarn", &team.slug, Role::Member).await;
    let denied = fragment(&member, &query).await;
    assert_eq!(denied.status, 403);
    assert!(denied.text().starts_with("<dialog") && !denied.text().contains("prod"));
    let stranger = world.person("Bo Reed").await.at(&team.slug);
    assert_eq!(fragment(&stranger, &query).await.status, 404);
    let nobody = world.anonymous().at(&team.slug);
    let late = fragment(&nobody, &query).await;
    // The page itself leads to sign-in, and says why.
    assert_eq!(late.status, 401);
    assert!(late.text().is_empty() || !late.text().contains("prod"));
}

both!(
    a_form_about_a_changed_key_says_so_at_both_entry_points,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let (gone, ended) = (ada.made("gone").await, ada.made("ended").await);
        assert_eq!(ada.delete(&[&gone.id], "gone").await.status, 200);
        assert_eq!(ada.revoke(&[&ended.id]).await.status, 200);
        for (key, status, sentence) in [
            (&gone, 404, "This key was deleted in the meantime."),
            (&ended, 409, "This key was revoked in the meantime."),
        ] {
            for action in ["rotate", "reissue", "revoke"] {
                let token = ada.form_token().await;
                let fields = [
                    ("account", ada.slug.as_str()),
                    ("key", &key.id),
                    ("keys[]", &key.id),
                    ("grace", "1"),
                    ("form_token", &token),
                ];
                let function = ada.post(&format!("/api/keys/{action}"), &fields).await;
                let error = function.json();
                assert_eq!(
                    (function.status, &error["message"], &error["next"]),
                    (status, &sentence.into(), &"Leave".into()),
                    "{action}"
                );
                let page = ada
                    .post(&format!("{}?dialog={action}", ada.keys()), &fields)
                    .await;
                assert_eq!(page.status, status, "{action}");
                assert!(
                    page.id("ended").name == "dialog" && page.text().contains(sentence),
                    "{action}: {}",
                    page.text()
                );
                assert!(!page.text().contains("There is no such page"));
            }
        }
    }
);

#[tokio::test]
async fn an_action_from_the_page_of_a_key_ends_there() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let key = ada.made("prod").await;
    let detail = format!("{}/{}", ada.keys(), key.id);
    let post = async |action: &str, field: (&str, &str)| {
        let token = ada.form_token().await;
        let fields = [
            ("key", key.id.as_str()),
            ("keys[]", &key.id),
            ("form_token", &token),
            field,
        ];
        let path = format!("{}?dialog={action}&from=detail", ada.keys());
        ada.post(&path, &fields).await
    };
    let reissued = post("reissue", ("reason", "")).await;
    assert_eq!(reissued.status, 200);
    let leads_back = |page: &Answer| {
        let tags = page.tags();
        tags.iter()
            .any(|tag| tag.name == "form" && tag.get("action") == Some(detail.as_str()))
    };
    assert!(leads_back(&reissued), "Done leads to the page of the key");
    assert!(leads_back(&post("rotate", ("grace", "24")).await));
    for (action, field) in [("grace", ("grace", "48")), ("revoke", ("reason", ""))] {
        let done = post(action, field).await;
        let status = format!("{detail}#status");
        assert_eq!((done.status, done.location()), (303, status.as_str()), "{action}");
    }
    let deleted = post("delete", ("confirm", "prod")).await;
    assert!(deleted.location().starts_with(&ada.keys()) && deleted.location() != detail);
}
