//! The gates of forms (S89): who may send a body, and the check after it has arrived, for every form.

use crate::{
    answer::Answer,
    browser::{Browser, call},
    database::{Database, both},
    until::PATIENCE,
    world::{Setup, World},
};
use axum::body::Body;
use babysea::{domain::role::Role, server::dashboard::functions};
use futures_util::{StreamExt as _, stream};
use std::convert::Infallible;
use tokio::{
    sync::{oneshot, watch},
    time::timeout,
};

const FORM: &str = "application/x-www-form-urlencoded";

/// Pages with a form, and server functions; each with whether anyone may send it. A list, which a test
/// compares with the router's.
fn forms(slug: &str) -> Vec<(String, bool)> {
    let keys = format!("/home/{slug}/api-keys");
    let dialogs = ["create", "reissue", "rotate", "grace", "revoke", "delete", "leak"];
    let pages = dialogs.iter().map(|dialog| format!("{keys}?dialog={dialog}"));
    let searches = [format!("{keys}?dialog=search"), format!("/home/{slug}/activity")];
    let members = pages
        .chain(searches)
        .chain([keys.clone(), "/home/create-team".to_owned()]);
    let open = ["/sign-in", "/sign-up", "/theme"].map(|path| (path.to_owned(), true));
    let functions = leptos::server_fn::axum::server_fn_paths()
        .map(|(path, _)| (path.to_owned(), functions::OPEN.contains(&path)));
    members
        .map(|path| (path, false))
        .chain(open)
        .chain(functions)
        .collect()
}

/// Observes whether a body has been polled.
pub struct Asked(watch::Receiver<bool>);

impl Asked {
    /// Waits until the body is polled.
    pub async fn comes(&mut self) {
        let asked = self.0.wait_for(|is_asked| *is_asked).await;
        asked.expect("the body is there");
    }

    pub fn is_so(&self) -> bool {
        *self.0.borrow()
    }
}

/// A body that is sent once the sender fires, and an observer of whether it was polled.
pub fn later(fields: String) -> (Body, oneshot::Sender<()>, Asked) {
    let (let_go, waits) = oneshot::channel();
    let (asks, asked) = watch::channel(false);
    let body = stream::once(async move {
        asks.send_replace(true);
        // Without the signal, the body never arrives.
        if waits.await.is_err() {
            std::future::pending::<()>().await;
        }
        Ok::<_, Infallible>(fields)
    });
    (Body::from_stream(body.boxed()), let_go, Asked(asked))
}

/// Fields for all forms, with which each would change something.
fn fields(slug: &str, key: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("account", slug),
            ("name", "made"),
            ("preset", "full_access"),
            ("form_token", "a1"),
            ("key", key),
            ("keys[]", key),
            ("grace", "24"),
            ("confirm", "prod"),
        ])
        .finish()
}

/// Everything that a form can change, as one text.
const CHANGED: &str = "SELECT COUNT(*) || '/' || COALESCE(SUM(CASE WHEN revoked_at IS NULL THEN 0 ELSE 1 END), 0) FROM api_keys";

/// Sends the headers of a form, runs `meanwhile`, then sends the body.
async fn sent(who: &Browser<'_>, path: &str, key: &str, meanwhile: impl AsyncFnOnce()) -> Answer {
    let (body, let_go, mut asked) = later(fields(&who.slug, key));
    let request = call("POST", path)
        .own_page()
        .header("content-type", FORM)
        .with_body(body);
    let answer = who.send(request);
    let meanwhile = async {
        asked.comes().await;
        meanwhile().await;
        let_go.send(()).expect("somebody waits for it");
    };
    let both = async { tokio::join!(answer, meanwhile) };
    timeout(PATIENCE, both).await.expect("an answer in time").0
}

#[tokio::test]
async fn anonymous_senders_are_refused_before_their_body_is_read() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let planted = world.anonymous();
    planted.plant("babysea-3000", "AAAAAAAAAAAAAAAAAAAAAA");
    for (path, is_open) in forms(&ada.slug) {
        for stranger in [&world.anonymous(), &planted] {
            let (body, let_go, asked) = later(String::new());
            let request = call("POST", &path)
                .own_page()
                .header("content-type", FORM)
                .with_body(body);
            let answer = stranger.send(request);
            if is_open {
                // An open form reads any body of at most four kibibytes.
                let_go.send(()).expect("it waits");
                timeout(PATIENCE, answer).await.expect("an answer");
                assert!(asked.is_so(), "{path}");
                continue;
            }
            let answer = timeout(PATIENCE, answer)
                .await
                .expect("an answer without the body");
            let expected = if path.starts_with("/api/") { 401 } else { 303 };
            assert_eq!(answer.status, expected, "{path}");
            assert!(!asked.is_so(), "{path}");
            drop(let_go);
        }
    }
}

#[tokio::test]
async fn an_unread_call_gets_the_response_of_a_refused_one() {
    let world = World::sqlite().await;
    for (path, _) in forms("nobody")
        .iter()
        .filter(|(path, is_open)| path.starts_with("/api/") && !is_open)
    {
        let answer = world.anonymous().post(path, &[("account", "nobody")]).await;
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(answer.header("serverfnerror"), path);
        assert!(
            answer.json()["message"]
                .as_str()
                .is_some_and(|text| text.contains("Your session has ended"))
        );
    }
}

/// The route of every form is in the list above.
#[test]
fn every_form_is_in_the_list() {
    let source = include_str!("../../../src/server/dashboard/pages.rs");
    let listed = forms("{account}");
    let posts = source
        .split(".route(")
        .skip(1)
        .filter(|route| route.contains("post("));
    let mut found = 0;
    for route in posts {
        let path = route.split('"').nth(1).expect("a path");
        // Its body is not read at all.
        if path == "/sign-out" {
            assert!(!route.contains("open(") && !route.contains("member("));
            continue;
        }
        found += 1;
        let (_, is_open) = listed
            .iter()
            .find(|(listed, _)| listed == path)
            .unwrap_or_else(|| panic!("{path} is not in the list"));
        let gate = if *is_open { "open(post(" } else { "member(post(" };
        assert!(route.contains(gate), "{path} has another gate");
    }
    assert!(found >= 5, "the routes are written in another way");
}

both!(
    whoever_was_removed_meanwhile_is_refused,
    async |database: Database| {
        let setup = Setup {
            arguments: &["--max-keys", "1000"],
            ..Setup::default()
        };
        let world = World::with(database, setup).await;
        let team = world.person("Pia Reef").await.team("Reef Lab").await;
        let key = team.made("prod").await.id;
        let member = "DELETE FROM memberships WHERE user_id = (SELECT id FROM users WHERE email = 'oda-fjord@example.com')";
        let oda = world.member("Oda Fjord", &team.slug, Role::Owner).await;
        for (path, is_open) in forms(&team.slug) {
            if is_open || path.ends_with("/create-team") || path == "/api/teams/create" {
                continue;
            }
            let before = world.database.text(CHANGED).await;
            let answer = sent(&oda, &path, &key, async || {
                assert_eq!(world.database.execute(member).await, 1, "{path}");
            })
            .await;
            assert_eq!(answer.status, 404, "{path}: {}", answer.text());
            assert_eq!(world.database.text(CHANGED).await, before, "{path}");
            let added = world.add_member(&team.slug, &oda.email, Role::Owner).await;
            added.unwrap_or_else(|error| panic!("{error}"));
        }
    }
);

both!(
    whoever_was_demoted_meanwhile_is_refused,
    async |database: Database| {
        let world = World::on(database).await;
        let team = world.person("Pia Reef").await.team("Reef Lab").await;
        let key = team.made("prod").await.id;
        let oda = world.member("Oda Fjord", &team.slug, Role::Owner).await;
        let role = |role: &str| {
            format!(
                "UPDATE memberships SET role = '{role}' WHERE user_id = (SELECT id FROM users WHERE email = 'oda-fjord@example.com') AND role <> 'primary-owner'"
            )
        };
        for (path, is_open) in forms(&team.slug) {
            // Every member may search.
            let is_search = path.ends_with("dialog=search") || path.ends_with("/activity");
            if is_open || is_search || path.ends_with("/create-team") || path == "/api/teams/create" {
                continue;
            }
            let before = world.database.text(CHANGED).await;
            let answer = sent(&oda, &path, &key, async || {
                world.database.execute(&role("member")).await;
            })
            .await;
            assert_eq!(answer.status, 403, "{path}: {}", answer.text());
            assert_eq!(world.database.text(CHANGED).await, before, "{path}");
            world.database.execute(&role("owner")).await;
        }
    }
);

both!(
    whoever_signed_out_meanwhile_is_refused,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let key = ada.made("prod").await.id;
        for (path, is_open) in forms(&ada.slug) {
            if is_open {
                continue;
            }
            let before = world.database.text(CHANGED).await;
            let teams = "SELECT COUNT(*) FROM accounts";
            let accounts = world.database.number(teams).await;
            let tab = world.anonymous();
            assert_eq!(tab.sign_in(&ada.email, crate::world::PASSWORD).await.status, 303);
            let tab = tab.at(&ada.slug);
            let other = tab.copy();
            let answer = sent(&tab, &path, &key, async || {
                assert_eq!(other.post("/sign-out", &[]).await.status, 303);
            })
            .await;
            let expected = if path.starts_with("/api/") { 401 } else { 303 };
            assert_eq!(answer.status, expected, "{path}: {}", answer.text());
            if expected == 303 {
                assert!(answer.location().starts_with("/sign-in"), "{path}");
            }
            assert_eq!(world.database.text(CHANGED).await, before, "{path}");
            assert_eq!(world.database.number(teams).await, accounts, "{path}");
        }
    }
);

#[tokio::test]
async fn people_who_keep_their_permission_are_served() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let answer = sent(&ada, &format!("{}?dialog=create", ada.keys()), "", async || {}).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(world.database.number("SELECT COUNT(*) FROM api_keys").await, 1);
}

#[tokio::test]
async fn bodies_have_a_budget() {
    let setup = Setup {
        arguments: &["--max-body-bytes", "1000"],
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    let ada = world.person("Ada Moss").await;
    let long = "x".repeat(1_200);
    for path in [ada.keys(), "/api/keys/create".to_owned()] {
        let answer = ada.post(&path, &[("account", &ada.slug), ("name", &long)]).await;
        assert_eq!(answer.status, 503, "{path}");
        assert_eq!(answer.header("retry-after"), "2", "{path}");
    }
    // Anonymous senders get half of it.
    let half = "x".repeat(600);
    for path in ["/sign-in", "/api/session/sign-in"] {
        let answer = world.anonymous().post(path, &[("email", &half)]).await;
        assert_eq!(answer.status, 503, "{path}");
    }
    let report = call("POST", "/v1/keys/report-leak").body("application/json", half);
    let answer = world.send(report).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "1"));
    // All of it was released.
    assert_eq!(world.app.bodies.taken(), 0);
    assert_eq!(
        ada.post("/api/keys/create", &[("account", &ada.slug)])
            .await
            .status,
        422
    );
    let anybody = world
        .anonymous()
        .sign_in(&ada.email, crate::world::PASSWORD)
        .await;
    assert_eq!(anybody.status, 303);
}

#[tokio::test]
async fn a_refused_key_has_no_body_read() {
    let world = World::sqlite().await;
    let path = "/v1/generate/image/bfl/flux-schnell";
    for refused in [call("POST", path), call("POST", path).bearer("bye_x")] {
        let (body, let_go, asked) = later(String::new());
        let answer = timeout(PATIENCE, world.send(refused.with_body(body))).await;
        assert_eq!(answer.expect("an answer without the body").status, 401);
        assert!(!asked.is_so());
        drop(let_go);
    }
}

#[tokio::test]
async fn an_address_that_tried_too_many_keys_has_no_report_read() {
    let setup = Setup {
        arguments: &["--auth-limit", "2"],
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    for _ in 0..2 {
        assert_eq!(world.status("bye_x").await.status, 401);
    }
    let report = || call("POST", "/v1/keys/report-leak").header("content-type", "application/json");
    let (body, let_go, asked) = later(String::new());
    let answer = timeout(PATIENCE, world.send(report().with_body(body))).await;
    let answer = answer.expect("an answer without the body");
    assert_eq!((answer.status, answer.header("retry-after")), (429, "60"));
    assert!(!asked.is_so());
    drop(let_go);
    // Others, and the same one a minute later, are read.
    let other = report().sent_from("203.0.113.9").with_body(Body::from("{}"));
    assert_eq!(world.send(other).await.status, 400);
    world.advance(60_000);
    assert_eq!(world.send(report().with_body(Body::from("{}"))).await.status, 400);
}
