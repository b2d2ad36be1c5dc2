//! Only pages of this server can change something (S24), and no other origin can read a response (S27).

use crate::{
    browser::{Call, call, get},
    database::Database,
    world::{HTTPS_ORIGIN, ORIGIN, Setup, World},
};

const SITE: &str = "sec-fetch-site";

/// Headers of a request, and whether they prove that it comes from a page of ours.
fn cases(own: &'static str) -> Vec<(Vec<(&'static str, &'static str)>, bool)> {
    let in_capitals = if own == ORIGIN {
        "HTTP://127.0.0.1:3000"
    } else {
        "https://KEYS.Example.com:443"
    };
    vec![
        (vec![], false),
        (vec![(SITE, "same-origin")], true),
        (vec![(SITE, "same-site")], false),
        (vec![(SITE, "cross-site")], false),
        (vec![(SITE, "none")], false),
        (vec![(SITE, "")], false),
        (vec![(SITE, "cross-site"), ("origin", own)], false),
        (
            vec![(SITE, "same-origin"), ("origin", "https://evil.example")],
            true,
        ),
        (vec![("origin", own)], true),
        (vec![("origin", in_capitals)], true),
        (vec![("origin", "https://evil.example")], false),
        (vec![("origin", "null")], false),
        (vec![("origin", "")], false),
        (vec![("origin", "http://127.0.0.1:3001")], false),
        (vec![("origin", "http://keys.example.com")], false),
        (vec![("host", "keys.example.com"), ("referer", own)], false),
    ]
}

fn with(call: Call, headers: &[(&'static str, &'static str)]) -> Call {
    headers
        .iter()
        .fold(call, |call, (name, value)| call.header(name, value))
}

#[tokio::test]
async fn changes_come_from_pages_of_this_server() {
    for origin in [ORIGIN, HTTPS_ORIGIN] {
        let setup = Setup {
            origin,
            ..Setup::default()
        };
        let world = World::with(Database::sqlite(), setup).await;
        let ada = world.person("Ada Moss").await;
        let keys = ada.keys();
        for path in [
            "/sign-in",
            "/sign-up",
            &keys,
            "/api/session/sign-in",
            "/api/session/sign-up",
            "/api/keys/create",
            "/nowhere",
            "/favicon.svg",
        ] {
            for (headers, passes) in cases(origin) {
                let methods = if path == "/sign-in" || path == "/api/keys/create" {
                    &["POST", "PUT", "PATCH", "DELETE"][..]
                } else {
                    &["POST"]
                };
                for method in methods {
                    let answer = ada.send(with(call(method, path), &headers).fields(&[])).await;
                    assert_eq!(
                        answer.status != 403,
                        passes,
                        "{method} {path} {headers:?}: {}",
                        answer.status
                    );
                }
            }
        }
        for (headers, passes) in cases(origin).into_iter().filter(|(_, passes)| !passes) {
            assert_eq!(
                ada.send(with(call("POST", "/sign-out"), &headers)).await.status == 303,
                passes
            );
            assert!(ada.is_signed_in().await, "{headers:?}");
        }
    }
}

#[tokio::test]
async fn reading_needs_no_origin() {
    let world = World::sqlite().await;
    for headers in [
        vec![],
        vec![
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example"),
        ],
    ] {
        for method in ["GET", "HEAD"] {
            assert_eq!(
                world.send(with(call(method, "/sign-in"), &headers)).await.status,
                200,
                "{method} {headers:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_machine_api_is_not_for_browsers_and_needs_no_origin() {
    let world = World::sqlite().await;
    let key = world.person("Ada Moss").await.key("prod", "full_access").await;
    for (headers, _) in cases(ORIGIN) {
        let asked = |path: &str| with(call("POST", path).bearer(&key), &headers);
        assert_eq!(
            world.send(asked("/v1/generate/image/bfl/flux")).await.status,
            501,
            "{headers:?}"
        );
        assert_eq!(world.send(asked("/v1/status")).await.status, 404, "{headers:?}");
        assert_eq!(
            world
                .send(with(get("/v1/status").bearer(&key), &headers))
                .await
                .status,
            200,
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn no_other_origin_may_read_an_answer() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let keys = ada.keys();
    for path in [
        "/",
        "/sign-in",
        &keys,
        "/api/session/sign-in",
        "/api/keys/create",
        "/favicon.svg",
        "/nowhere",
    ] {
        for method in ["GET", "POST", "OPTIONS"] {
            let asked = call(method, path)
                .header("origin", "https://evil.example")
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "content-type");
            let answer = ada.send(asked).await;
            let cors: Vec<_> = answer
                .headers
                .keys()
                .filter(|name| name.as_str().starts_with("access-control-"))
                .collect();
            assert!(cors.is_empty(), "{method} {path}: {cors:?}");
        }
    }
}
