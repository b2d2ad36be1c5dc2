//! Server functions as public endpoints: who may call them, and how.

use crate::{
    answer::Answer,
    browser::{Browser, call, form},
    database::{Database, both},
    world::{PASSWORD, World},
};
use std::collections::BTreeSet;

/// Functions that need no sign-in; every other one must refuse anonymous callers.
const PUBLIC: [&str; 2] = ["/api/session/sign-in", "/api/session/sign-up"];
/// Functions that need sign-in but no account.
const PERSONAL: [&str; 1] = ["/api/teams/create"];
const FORM: &str = "application/x-www-form-urlencoded";

fn registered() -> BTreeSet<&'static str> {
    leptos::server_fn::axum::server_fn_paths()
        .map(|(path, _)| path)
        .collect()
}

fn guarded() -> Vec<&'static str> {
    registered()
        .into_iter()
        .filter(|path| !PUBLIC.contains(path))
        .collect()
}

#[test]
fn every_function_has_a_stable_address_and_is_posted_to() {
    for path in PUBLIC.into_iter().chain(["/api/keys/create"]) {
        assert!(registered().contains(path), "{path} is gone: {:?}", registered());
    }
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        assert_eq!(method, "POST", "{path}");
        let name = path.strip_prefix("/api/").expect("below /api");
        assert!(
            name.bytes()
                .all(|b| b.is_ascii_lowercase() || matches!(b, b'/' | b'-')),
            "{path}"
        );
    }
}

both!(
    every_other_function_identifies_its_caller_and_the_account,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let bea = world.person("Bea Reef").await;
        let key = ada.made("prod").await;
        assert!(!guarded().is_empty());
        for path in guarded() {
            // A key of the account that is named first, for the functions that are about one.
            let asked = async |who: &Browser<'_>, slug: &str| -> Answer {
                who.post(path, &[("account", slug), ("key", &key.id)]).await
            };
            for slug in [ada.slug.as_str(), "nowhere", ""] {
                assert_eq!(asked(&world.anonymous(), slug).await.status, 401, "{path} {slug}");
            }
            if PERSONAL.contains(&path) {
                assert!(!matches!(asked(&ada, "").await.status, 401 | 403 | 404), "{path}");
                continue;
            }
            let theirs = asked(&bea, &ada.slug).await;
            assert_eq!(theirs.status, 404, "{path}");
            for absent in ["nowhere", "", "ADA-MOSS", "%"] {
                assert_eq!(
                    asked(&bea, absent).await.comparable(),
                    theirs.comparable(),
                    "{path} {absent}"
                );
            }
            assert!(
                !matches!(asked(&ada, &ada.slug).await.status, 401 | 403 | 404),
                "{path}"
            );
        }
    }
);

/// One island sends all forms by this name, and finds the button to mark as busy.
#[tokio::test]
async fn every_function_has_its_form_which_names_it_and_has_a_button_that_submits() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let (old, unused) = (ada.made("old").await, ada.made("unused").await);
    assert_eq!(ada.rotate(&old.id, "24").await.status, 200);
    let dialog = |name: &str, key: &str| format!("{}?dialog={name}&key={key}", ada.keys());
    // The first is called for a field; the pages of the others send their forms without scripts.
    let formless = [
        "/api/keys/read-allowlist",
        "/api/session/sign-in",
        "/api/session/sign-up",
        "/api/teams/create",
    ];
    let mut named = BTreeSet::from(formless.map(str::to_owned));
    for page in [
        dialog("grace", &old.id),
        dialog("rotate", &unused.id),
        dialog("reissue", &unused.id),
        dialog("revoke", &unused.id),
        dialog("delete", &unused.id),
    ] {
        let tags = ada.get(&page).await.tags();
        let of = |attribute: &str| tags.iter().filter(|tag| tag.get(attribute).is_some()).count();
        assert_eq!(of("data-function"), of("data-submits"), "{page}");
        for form in tags.iter().filter(|tag| tag.get("data-function").is_some()) {
            assert_eq!(
                (form.name.as_str(), form.get("method")),
                ("form", Some("post")),
                "{page}"
            );
            named.extend(form.get("data-function").map(str::to_owned));
        }
    }
    assert_eq!(
        named.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        registered()
    );
}

both!(
    a_function_cannot_reach_into_another_account,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let bea = world.person("Bea Reef").await;
        let fields = [
            ("account", ada.slug.as_str()),
            ("name", "mine"),
            ("preset", "full_access"),
            ("form_token", "t"),
        ];
        assert_eq!(bea.post("/api/keys/create", &fields).await.status, 404);
        // The last of two equal fields must not be another account than the one that was checked.
        let twice = [&[("account", bea.slug.as_str())][..], &fields].concat();
        assert!(bea.post("/api/keys/create", &twice).await.status >= 400);
        assert_eq!(world.database.number("SELECT COUNT(*) FROM api_keys").await, 0);
        assert_eq!(ada.post("/api/keys/create", &fields).await.status, 200);
    }
);

#[tokio::test]
async fn functions_are_only_posted_to() {
    let world = World::sqlite().await;
    for path in registered() {
        for method in ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"] {
            let query = format!(
                "{path}?email=ada%40example.com&password={}",
                PASSWORD.replace(' ', "+")
            );
            let answer = world.send(call(method, &query).own_page()).await;
            assert_eq!(
                (answer.status, answer.header("allow")),
                (405, "POST"),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn functions_accept_only_forms() {
    let world = World::sqlite().await;
    let body = "email=ada%40example.com&password=wrong";
    for path in registered() {
        for media_type in [
            "text/plain",
            "multipart/form-data; boundary=x",
            "application/xml",
            "application/json",
            "application/cbor",
            "x",
        ] {
            let answer = world
                .send(call("POST", path).own_page().body(media_type, body))
                .await;
            assert_eq!(answer.status, 415, "{media_type} {path}");
        }
        let answer = world.send(call("POST", path).own_page()).await;
        assert_eq!(answer.status, 415, "no type, {path}");
        for media_type in [
            FORM,
            "application/x-www-form-urlencoded; charset=UTF-8",
            "Application/X-WWW-Form-UrlEncoded",
        ] {
            let answer = world
                .send(call("POST", path).own_page().body(media_type, body))
                .await;
            assert!(
                matches!(answer.status, 401 | 422),
                "{media_type} {path}: {}",
                answer.status
            );
        }
    }
}

#[tokio::test]
async fn there_are_no_other_functions() {
    let world = World::sqlite().await;
    for path in [
        "/api/",
        "/api/nowhere",
        "/api/session",
        "/api/session/sign-in/",
        "/api/Session/Sign-in",
        "/api//session/sign-in",
    ] {
        let answer = world.anonymous().post(path, &[]).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}

both!(
    no_response_redirects_to_another_site,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        for (path, fields, status) in [
            (
                "/api/session/sign-in",
                vec![("email", ada.email.as_str()), ("password", PASSWORD)],
                200,
            ),
            (
                "/api/session/sign-in",
                vec![("email", ada.email.as_str()), ("password", "wrong")],
                422,
            ),
            ("/api/session/sign-up", vec![("name", "")], 422),
            ("/api/keys/create", vec![("account", "ada-moss")], 401),
        ] {
            let foreign = form(path, &fields)
                .header("accept", "text/html,application/xhtml+xml")
                .header("referer", "https://evil.example/page?x=1")
                .header("host", "evil.example")
                .header("x-forwarded-host", "evil.example");
            let answer = world.send(foreign).await;
            assert_eq!(answer.status, status, "{path}: {}", answer.text());
            assert_eq!(answer.all("location"), Vec::<&str>::new(), "{path}");
            assert!(!answer.text().contains("evil.example"), "{path}");
            answer.json();
        }
        // The pages' own redirects stay on this server too.
        let fields = [
            ("email", ada.email.as_str()),
            ("password", PASSWORD),
            ("next", "https://evil.example"),
        ];
        let page = form("/sign-in", &fields)
            .header("referer", "https://evil.example/")
            .header("host", "evil.example");
        let answer = world.send(page).await;
        assert_eq!(
            (answer.status, answer.location()),
            (303, "/home/ada-moss/api-keys")
        );
    }
);

/// Bodies that are no valid form.
fn broken_bodies() -> Vec<(&'static str, Vec<u8>)> {
    let json = "application/json";
    let deep = format!(r#"{{"email":{}1{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
    vec![
        (FORM, b"email=%ff%fe&password=%ff".to_vec()),
        (
            FORM,
            b"email=\xff\xfe&password=\xff&name=\xc3\x28&account=\xff".to_vec(),
        ),
        (
            FORM,
            b"email=a&email=b&name=a&name=b&account=a&account=b&password=a&password=b".to_vec(),
        ),
        (FORM, b"email[x]=a&name[]=b&account[0][1]=c".to_vec()),
        (FORM, b"=&&&==&%".to_vec()),
        (FORM, vec![0; 1_000]),
        (json, b"{".to_vec()),
        (json, b"null".to_vec()),
        (json, b"[1,2]".to_vec()),
        (
            json,
            br#"{"email":1,"name":{},"account":[],"password":null}"#.to_vec(),
        ),
        (
            json,
            br#"{"email":"a","email":"b","name":"a","name":"b","account":"a","account":"b"}"#.to_vec(),
        ),
        (
            json,
            b"{\"email\":\"\xff\",\"name\":\"\xff\",\"account\":\"\xff\"}".to_vec(),
        ),
        (
            json,
            br#"{"email":"\u0000","name":"\ud800","account":"\u0000"}"#.to_vec(),
        ),
        (json, deep.into_bytes()),
    ]
}

/// Every broken body to these paths gets a status from 400 to 499, and changes nothing.
async fn assert_callers_mistake(world: &World, paths: impl IntoIterator<Item = &str>) {
    let ada = world.person("Ada Moss").await;
    let mut wrong = Vec::new();
    for path in paths {
        for (media_type, body) in broken_bodies() {
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            let answer = ada
                .send(call("POST", path).own_page().body(media_type, body))
                .await;
            if !(400..500).contains(&answer.status) {
                wrong.push(format!(
                    "{path} {media_type} {shown:?}: {} {}",
                    answer.status,
                    answer.text()
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} answers blame the server or accept:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(world.database.number("SELECT COUNT(*) FROM users").await, 1);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM api_keys").await, 0);
}

#[tokio::test]
async fn invalid_bodies_are_client_errors_at_functions() {
    assert_callers_mistake(&World::sqlite().await, registered()).await;
}

#[tokio::test]
async fn invalid_bodies_are_client_errors_at_pages() {
    let paths = ["/sign-in", "/sign-up", "/home/ada-moss/api-keys"];
    assert_callers_mistake(&World::sqlite().await, paths).await;
}

both!(
    a_nul_is_a_client_error_in_every_field,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let page = ada.keys();
        let good = [
            ("account", "ada-moss"),
            ("name", "prod"),
            ("preset", "read_only"),
            ("form_token", "t"),
        ];
        let mut wrong = Vec::new();
        for (at, (field, _)) in good.iter().enumerate() {
            let mut fields = good;
            fields[at].1 = "a\0b";
            for path in ["/api/keys/create", &page] {
                // The page takes the account from its path.
                if *field == "account" && path == page {
                    continue;
                }
                let answer = ada.post(path, &fields).await;
                if !(400..500).contains(&answer.status) {
                    wrong.push(format!("{field} at {path}: {}", answer.status));
                }
            }
        }
        for path in ["/home/%00/api-keys", "/home/ada%00moss/api-keys"] {
            let answer = ada.get(path).await;
            if answer.status != 404 {
                wrong.push(format!("{path}: {}", answer.status));
            }
        }
        let fields = [
            ("email", "a\0b@example.com"),
            ("password", "\0\0\0"),
            ("next", "/home/\0"),
        ];
        for path in [
            "/sign-in",
            "/api/session/sign-in",
            "/sign-up",
            "/api/session/sign-up",
        ] {
            assert_eq!(world.send(form(path, &fields)).await.status, 422, "{path}");
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
);
