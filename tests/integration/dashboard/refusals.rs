//! Every refusal has the format of its caller: a page for people, JSON for server functions. It says what happened in the
//! words of the product, and never in those of a library (S100).

use crate::{
    answer::Answer,
    browser::{Call, call, get},
    database::Database,
    program::Program,
    world::{HTTPS_ORIGIN, Setup, World},
};

const FORM: &str = "application/x-www-form-urlencoded";

/// Parts of sentences that libraries write about requests.
const OF_LIBRARIES: [&str; 14] = [
    "Failed to",
    "failed to",
    "eserializ",
    "Invalid URL",
    "UTF-8",
    "utf-8 ",
    "missing field",
    "unknown field",
    "duplicate field",
    "invalid type",
    "expected a",
    "serde",
    "header value",
    "Form requests",
];

/// The routes of all pages, from their list in the source, so that a new one is tested too.
fn routes() -> Vec<&'static str> {
    let source = include_str!("../../../src/server/dashboard/pages.rs");
    let list = source.split("pub fn routes").nth(1).expect("the list");
    let list = list.split(".fallback(").next().expect("its end");
    let texts = list.split('"').skip(1).step_by(2);
    texts.filter(|text| text.starts_with('/')).collect()
}

/// The path of a route with these parts.
fn filled(route: &str, account: &str, rest: &str) -> String {
    let path = route.replace("{account}", account);
    path.replace("{key}", rest).replace("{proxy}", rest)
}

/// A refusal in the format of the path, or a response that is no refusal.
fn assert_own_words(answer: &Answer, case: &str) {
    assert!(answer.status < 500, "{case}: {} {}", answer.status, answer.text());
    if (300..400).contains(&answer.status) {
        let location = answer.location();
        assert!(
            location.starts_with('/') && !location.starts_with("//"),
            "{case}: {location}"
        );
    }
    if answer.status < 400 {
        return;
    }
    let sentence = if case.contains(" /api/") {
        let error = answer.json();
        let fields = error["fields"].to_string();
        format!("{} {fields}", error["message"].as_str().unwrap_or_default())
    } else {
        assert_eq!(
            answer.header("content-type"),
            "text/html; charset=utf-8",
            "{case}"
        );
        answer.text().to_owned()
    };
    assert!(sentence.len() > 10, "{case}: {} {}", answer.status, answer.text());
    for word in OF_LIBRARIES {
        assert!(!answer.text().contains(word), "{case}: {word}: {sentence}");
    }
}

#[tokio::test]
async fn every_route_refuses_broken_addresses_in_its_own_words() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let stranger = world.anonymous();
    assert!(routes().len() > 12, "{:?}", routes());
    for route in routes() {
        let mut addresses = Vec::new();
        for part in [
            "%0a",
            "%00",
            "%7f",
            "%ff",
            "%2f%2fevil.example",
            "%e2%80%ae",
            "..%2f",
        ] {
            for query in ["", "?search=bye_0123456789ab&format=csv&dialog=create"] {
                addresses.push(filled(route, part, "x") + query);
            }
            addresses.push(filled(route, &ada.slug, part));
        }
        for query in [
            "?next=a&next=b",
            "?search=a&search=b",
            "?proxy=a&proxy=b",
            "?format=csv&format=json",
            "?next=%ff&search=%ff&format=%00",
            "?search[a][b][c][d][e][f][g]=1",
            "?keys[=1&keys[]=2&keys=3",
            "?dialog[]=create",
            "?older=x&newer=%0a&page=-1",
            "?%&&==",
        ] {
            addresses.push(filled(route, &ada.slug, "x") + query);
        }
        addresses.dedup();
        for address in addresses {
            for browser in [&ada, &stranger] {
                let answer = browser.get(&address).await;
                assert_own_words(&answer, &format!("GET {address}"));
            }
        }
    }
}

#[tokio::test]
async fn every_form_refuses_broken_bodies_in_its_own_words() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let pages = routes().into_iter().map(|route| filled(route, &ada.slug, "x"));
    let functions = leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path.to_owned());
    let paths: Vec<_> = pages
        .chain(functions)
        .filter(|path| path != "/sign-out")
        .collect();
    let bodies: [(&str, &[u8]); 8] = [
        ("text/plain", b"a"),
        ("application/json", b"{"),
        ("multipart/form-data; boundary=x", b"--x"),
        (
            FORM,
            b"email=a&email=b&name=a&name=b&account=a&account=b&theme=a&theme=b",
        ),
        (FORM, b"email[x]=a&name[]=b&account[0][1]=c&key[a]=b&theme[]=x"),
        (FORM, b"email=%ff&name=%ff&account=%ff&key=%ff&password=%ff"),
        (FORM, b"=&&&==&%"),
        (FORM, b""),
    ];
    for path in paths {
        for (media_type, body) in bodies {
            let call = call("POST", &path).own_page().body(media_type, body);
            let case = format!("POST {path} {media_type} {}", String::from_utf8_lossy(body));
            assert_own_words(&ada.send(call).await, &case);
        }
        let foreign = ada.send(call("POST", &path).fields(&[])).await;
        assert_eq!(foreign.status, 403, "{path}");
        assert_own_words(&foreign, &format!("POST {path} from elsewhere"));
        for method in ["PUT", "PATCH", "DELETE"] {
            let answer = ada.send(call(method, &path).own_page()).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_own_words(&answer, &format!("{method} {path}"));
        }
    }
    assert!(ada.is_signed_in().await);
}

#[tokio::test]
async fn health_checks_refuse_other_methods_as_json() {
    let world = World::sqlite().await;
    for path in ["/healthz", "/readyz"] {
        let answer = world.send(call("POST", path)).await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, "GET,HEAD"),
            "{path}"
        );
        assert_eq!(answer.json()["status"], "refused", "{path}");
    }
}

/// What browsers send whose address is not the public URL.
const OTHERS: [(&str, &str); 3] = [
    (
        "https://keys.example.com:8443",
        "but the form was sent from https://keys.example.com:8443.",
    ),
    (
        "HTTP://Keys.Example.com:80",
        "but the form was sent from http://keys.example.com.",
    ),
    ("null", "did not say from which address"),
];

fn foreign(path: &str, origin: &str) -> Call {
    let fields = [("email", "a@example.com"), ("password", "b")];
    call("POST", path).header("origin", origin).fields(&fields)
}

#[tokio::test]
async fn a_wrong_public_url_is_explained() {
    let setup = Setup {
        origin: HTTPS_ORIGIN,
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    let expects = format!("This server expects to be at {HTTPS_ORIGIN}, ");
    for (origin, sentence) in OTHERS {
        let page = world.send(foreign("/sign-in", origin)).await;
        assert_eq!(page.status, 403, "{origin}");
        let text = page.select(".auth-lead")[0].text();
        assert!(text.starts_with(&expects) && text.contains(sentence), "{text}");
        assert_eq!(page.select("main a")[0].tag.get("href"), Some(HTTPS_ORIGIN));
        let function = world.send(foreign("/api/session/sign-in", origin)).await;
        assert_eq!(function.status, 403, "{origin}");
        assert_eq!(function.json()["message"], text.as_str(), "{origin}");
    }
    // The public URL in another spelling.
    let same = world
        .send(foreign("/sign-in", "https://KEYS.example.com:443"))
        .await;
    assert_eq!(same.status, 422);
    // No setting is the cause.
    let other_site = foreign("/sign-in", "https://evil.example").header("sec-fetch-site", "cross-site");
    let page = world.send(other_site).await;
    let text = page.select(".auth-lead")[0].text();
    assert!(text.contains("not sent from a page of the dashboard"), "{text}");
    assert!(text.contains("This server expects to be at"), "{text}");
    assert!(!page.text().contains("evil.example"));
}

#[tokio::test]
async fn the_log_has_a_line_a_minute_about_a_wrong_public_url() {
    let program = Program::start_with(&Database::sqlite(), &["--public-url", HTTPS_ORIGIN]);
    for _ in 0..3 {
        for (origin, _) in OTHERS {
            assert_eq!(program.send(foreign("/sign-in", origin)).await.status, 403);
        }
    }
    // Another program's cookies are no reason for a line.
    let page = get("/sign-in").header("cookie", "__Host-session=eyJ1IjoxfQ.Zq.abc; session=x");
    assert_eq!(program.send(page).await.status, 200);
    let log = program.stop();
    let log = String::from_utf8_lossy(&log);
    let lines: Vec<_> = log
        .lines()
        .filter(|line| line.contains("PUBLIC_URL must be"))
        .collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("WARN") && lines[0].contains("https://keys.example.com:8443"),
        "{lines:?}"
    );
    assert!(!log.contains("suspicious"), "a line about the cookie");
}
