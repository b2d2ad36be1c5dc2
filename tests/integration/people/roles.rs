//! Permissions (S16, S17, S19): the table of `domain::role`, at every entry point and for every role.

mod changes;
mod elsewhere;

use crate::{
    browser::{Browser, Call, form, get},
    database::{Database, both},
    world::{Setup, World},
};
use babysea::domain::role::{Action, Role};
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU32, Ordering},
};

/// An id that no key has.
const ABSENT: &str = "0195e0f4-5a3c-4d1e-9b2f-1c2d3e4f5a6b";
/// Everything about a key that can be changed, as one text.
const KEYS: &str = "SELECT id || name || prefix || account_id || '/' || COALESCE(revoked_at, 0) || '/' || COALESCE(rotated_at, 0) || '/' || COALESCE(grace_ends_at, 0) FROM api_keys ORDER BY id";

/// An unused form token.
fn token() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed).to_string()
}

/// All requests for an action in an account, on a key of it: pages, plain forms, server functions.
fn ways(action: Action, account: &str, key: &str) -> Vec<Call> {
    let page = format!("/home/{account}/api-keys");
    let (token, second) = (token(), token());
    match action {
        Action::SeeKeys => vec![
            get(&page),
            get(&format!("{page}?full=1&search=o&status=active&page=last")),
            get(&format!("/home/{account}/scopes")),
            get(&format!("{page}/{key}")),
            get(&format!("/home/{account}/activity")),
            get(&format!(
                "/home/{account}/activity?search=a&action=api_key.created&page=last"
            )),
            get(&format!("/home/{account}/activity/export?format=csv")),
            get(&format!("/home/{account}/activity/export?format=json")),
            get(&format!("/home/{account}/guard")),
            get(&format!("/home/{account}/guard/nginx")),
        ],
        Action::CreateKey => {
            let fields = [
                ("account", account),
                ("name", "made"),
                ("preset", "read_only"),
                ("form_token", &token),
            ];
            let other = [&fields[..3], &[("form_token", second.as_str())]].concat();
            vec![
                form(&page, &fields),
                form("/api/keys/create", &other),
                form("/api/keys/read-allowlist", &[("account", account)]),
            ]
        }
        Action::ReissueSecret => {
            let fields = [("account", account), ("key", key), ("form_token", &token)];
            let other = [&fields[..2], &[("form_token", second.as_str())]].concat();
            vec![
                form(&format!("{page}?dialog=reissue"), &fields),
                form("/api/keys/reissue", &other),
            ]
        }
        Action::RotateKey => {
            let fields = [
                ("account", account),
                ("key", key),
                ("grace", "24"),
                ("form_token", &token),
            ];
            let other = [&fields[..3], &[("form_token", second.as_str())]].concat();
            vec![
                form(&format!("{page}?dialog=rotate"), &fields),
                form("/api/keys/rotate", &other),
            ]
        }
        Action::ChangeGrace => {
            let fields = [("account", account), ("key", key), ("grace", "48")];
            vec![
                form(&format!("{page}?dialog=grace"), &fields),
                form("/api/keys/change-grace", &fields),
            ]
        }
        Action::RevokeKey => {
            let fields = [("account", account), ("keys[]", key)];
            vec![
                form(&format!("{page}?dialog=revoke"), &fields),
                form("/api/keys/revoke", &fields),
                get(&format!("{page}/dialog?dialog=revoke&key={key}")),
            ]
        }
        Action::DeleteKey => {
            let fields = [("account", account), ("keys[]", key), ("confirm", "prod")];
            vec![
                form(&format!("{page}?dialog=delete"), &fields),
                form("/api/keys/delete", &fields),
            ]
        }
        Action::AcknowledgeLeak => vec![form(&format!("{page}?dialog=leak"), &[("key", key)])],
    }
}

/// The requests on a key, and the pages with its dialogs; an empty id has no URL.
fn ways_to_a_key(action: Action, account: &str, key: &str) -> Vec<Call> {
    let mut ways = ways(action, account, key);
    ways.retain(|call| call.method() == "POST" || call.path().ends_with(&format!("/{key}")));
    if key.is_empty() {
        ways.retain(|call| call.method() == "POST");
        return ways;
    }
    let forms: Vec<_> = ways.iter().map(Call::address).collect();
    let dialogs = forms
        .iter()
        .filter(|form| form.contains("?dialog=") && !form.ends_with("=leak"));
    ways.extend(dialogs.map(|form| get(&format!("{form}&key={key}"))));
    ways
}

/// The page behind a dialog has another form token each time.
fn without_token<H>((status, headers, mut text): (u16, H, String)) -> (u16, H, String) {
    const FIELD: &str = "name=\"form_token\" value=\"";
    let mut rest = 0;
    while let Some(at) = text[rest..].find(FIELD) {
        rest += at + FIELD.len();
        let end = text[rest..].find('"').expect("the end of the value");
        text.replace_range(rest..rest + end, "");
    }
    (status, headers, text)
}

/// Whether a plain form responds with a redirect.
fn leads_on(path: &str) -> bool {
    ["dialog=grace", "dialog=revoke", "dialog=delete", "dialog=leak"]
        .iter()
        .any(|form| path.ends_with(form))
}

/// A key whose state allows the action.
async fn ready(world: &World, team: &Browser<'_>, action: Action) -> String {
    let key = team.made("prod").await.id;
    if action == Action::ChangeGrace {
        let sql = format!(
            "UPDATE api_keys SET rotated_at = {}, grace_ends_at = 9000000000000 WHERE id = '{key}'",
            world.app.now().millis()
        );
        assert_eq!(world.database.execute(&sql).await, 1);
    }
    key
}

/// An allowed action changes its key, so each request needs a key of its own.
fn many_keys() -> Setup {
    Setup {
        arguments: &["--max-keys", "1000"],
        ..Setup::default()
    }
}

/// Relation of a person to the team.
#[derive(Clone, Copy, Debug)]
enum Standing {
    In(Role),
    Outside,
    SignedOut,
}

impl Standing {
    fn may(self, action: Action) -> bool {
        matches!(self, Self::In(role) if role.may(action))
    }

    fn status(self, action: Action, path: &str) -> u16 {
        match self {
            Self::In(_) if self.may(action) && leads_on(path) => 303,
            Self::In(_) if self.may(action) => 200,
            Self::In(_) => 403,
            Self::Outside => 404,
            // Scripts ask for a fragment; the page that they load then redirects.
            Self::SignedOut if path.starts_with("/api/") || path.contains("/dialog?") => 401,
            Self::SignedOut => 303,
        }
    }
}

/// A person in each relation to the team.
async fn everybody<'w>(world: &'w World, team: &Browser<'w>) -> Vec<(Standing, Browser<'w>)> {
    let mut people = Vec::new();
    for role in Role::ALL {
        let person = match role {
            Role::PrimaryOwner => team.copy(),
            Role::Owner => world.member("Oda Fjord", &team.slug, role).await,
            Role::Member => world.member("Max Tarn", &team.slug, role).await,
        };
        people.push((Standing::In(role), person));
    }
    let outsider = world.person("Xan Loch").await;
    // Owning another team gives no permission here.
    outsider.team("Loch Lab").await;
    people.push((Standing::Outside, outsider.at(&team.slug)));
    people.push((Standing::SignedOut, world.anonymous().at(&team.slug)));
    people
}

both!(
    the_role_table_holds_at_every_entry_point,
    async |database: Database| {
        let world = World::with(database, many_keys()).await;
        let team = world.person("Pia Reef").await.team("Reef Lab").await;
        for (standing, person) in everybody(&world, &team).await {
            for action in Action::ALL {
                let absent = ways(action, "nowhere", ABSENT);
                for (n, absent) in absent.into_iter().enumerate() {
                    let key = ready(&world, &team, action).await;
                    let call = ways(action, &team.slug, &key).swap_remove(n);
                    let path = call.address();
                    let case = format!("{standing:?} {action:?} {path}");
                    let before = world.database.texts(KEYS).await;
                    let answer = person.send(call).await;
                    let expected = standing.status(action, &path);
                    assert_eq!(answer.status, expected, "{case}: {}", answer.text());
                    if !standing.may(action) {
                        assert_eq!(world.database.texts(KEYS).await, before, "{case}");
                        assert!(!answer.text().contains("prod"), "{case}");
                    }
                    match expected {
                        404 => assert_eq!(
                            answer.comparable(),
                            person.send(absent).await.comparable(),
                            "{case}: it can be told from an account that does not exist"
                        ),
                        303 if !standing.may(action) => assert!(
                            answer.location().starts_with("/sign-in?next=%2Fhome%2F"),
                            "{case}"
                        ),
                        _ => {}
                    }
                }
            }
        }
    }
);

both!(
    ones_own_account_is_ones_own_at_every_door,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        for action in Action::ALL {
            for n in 0..ways(action, &ada.slug, ABSENT).len() {
                let key = ready(&world, &ada, action).await;
                let call = ways(action, &ada.slug, &key).swap_remove(n);
                let path = call.address();
                let expected = Standing::In(Role::PrimaryOwner).status(action, &path);
                assert_eq!(ada.send(call).await.status, expected, "{action:?} {path}");
            }
        }
    }
);

#[test]
fn every_page_of_an_account_is_in_the_table() {
    let routes = include_str!("../../../src/server/dashboard/pages.rs");
    let patterns = routes
        .split('"')
        .filter(|text| text.starts_with("/home/{account}"));
    let patterns: BTreeSet<_> = patterns.collect();
    let ways = Action::ALL.into_iter().flat_map(|action| ways(action, "a", "b"));
    let asked: Vec<_> = ways.map(|call| call.path().to_owned()).collect();
    let matches = |pattern: &str, path: &str| {
        let (parts, segments) = (pattern.split('/'), path.split('/'));
        parts.clone().count() == segments.clone().count()
            && parts
                .zip(segments)
                .all(|(part, segment)| part.starts_with('{') || part == segment)
    };
    assert!(patterns.len() >= 7, "{patterns:?}");
    for pattern in patterns {
        assert!(asked.iter().any(|path| matches(pattern, path)), "{pattern}");
    }
}

#[test]
fn every_function_of_an_account_is_in_the_table() {
    let ways = Action::ALL.into_iter().flat_map(|action| ways(action, "a", "b"));
    let asked: BTreeSet<_> = ways
        .map(|call| call.path().to_owned())
        .filter(|path| path.starts_with("/api/"))
        .collect();
    let elsewhere = [
        "/api/session/sign-in",
        "/api/session/sign-up",
        "/api/teams/create",
    ];
    let all: BTreeSet<_> = leptos::server_fn::axum::server_fn_paths()
        .map(|(path, _)| path.to_owned())
        .filter(|path| !elsewhere.contains(&path.as_str()))
        .collect();
    assert_eq!(
        asked, all,
        "tests/integration/people/roles.rs asks every function as everybody"
    );
}

both!(
    a_key_of_another_account_is_as_absent_as_none,
    async |database: Database| {
        let world = World::on(database).await;
        let team = world.person("Pia Reef").await.team("Reef Lab").await;
        team.made("mine").await;
        let ada = world.person("Ada Moss").await;
        let kept = ada.made("theirs").await;
        for action in Action::ALL {
            // Creating a key needs no existing one.
            if action == Action::CreateKey {
                continue;
            }
            let theirs = ready(&world, &ada, action).await;
            let before = world.database.texts(KEYS).await;
            let asked = async |key: &str| {
                let mut answers = Vec::new();
                for call in ways_to_a_key(action, &team.slug, key) {
                    answers.push(without_token(team.send(call).await.comparable()));
                }
                answers
            };
            let absent = asked(ABSENT).await;
            assert!(
                !absent.is_empty() && absent.iter().all(|(status, ..)| matches!(status, 303 | 404)),
                "{action:?}: {absent:?}"
            );
            for key in [&theirs, &kept.id, "x", "%00", "prod", &theirs.to_uppercase()] {
                assert_eq!(asked(key).await, absent, "{action:?} {key:?}");
            }
            let nameless = asked("").await;
            assert_eq!(nameless, absent[..nameless.len()], "{action:?}");
            assert_eq!(world.database.texts(KEYS).await, before, "{action:?}");
        }
        assert_eq!(
            world.status(&kept.secret).await.status,
            200,
            "its secret is what it was"
        );
    }
);
