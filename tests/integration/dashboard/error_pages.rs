//! Error pages: what a person sees when a request fails, and where the page leads.

use crate::{
    answer::{Answer, nonce},
    browser::{Call, call, form, get},
    world::{ORIGIN, PASSWORD, World},
};
use axum::{Router, body::to_bytes, http::StatusCode, middleware::from_fn_with_state, routing::any};
use babysea::server::{http::headers, router, runtime::byte_budget::Sender};
use tower::ServiceExt as _;

const FORM: &str = "application/x-www-form-urlencoded";

/// A request that fails, and its page.
struct Case {
    call: Call,
    status: u16,
    title: &'static str,
    /// Address of the link that leads on.
    link: String,
}

fn case(call: Call, status: u16, title: &'static str, link: &str) -> Case {
    Case {
        call,
        status,
        title,
        link: link.to_owned(),
    }
}

fn cases(keys: &str) -> Vec<Case> {
    let large = vec![b'a'; 64 * 1024 + 1];
    let twice = format!("{keys}?search=a&search=b");
    let nowhere = "/home/nowhere/api-keys";
    vec![
        case(get("/nowhere"), 404, "Page not found", "/"),
        case(get(nowhere), 404, "Page not found", "/"),
        case(
            call("POST", nowhere).own_page().fields(&[]),
            404,
            "Page not found",
            "/",
        ),
        case(get(&format!("{keys}/nowhere")), 404, "Page not found", "/"),
        case(get("/home/%ff/api-keys"), 400, "This address cannot be read", "/"),
        case(get(&twice), 400, "This address cannot be read", "/"),
        case(
            call("POST", "/sign-in"),
            403,
            "This form was not accepted",
            ORIGIN,
        ),
        case(
            call("POST", keys).fields(&[]),
            403,
            "This form was not accepted",
            ORIGIN,
        ),
        case(get("/sign-out"), 405, "This address is not a page", "/"),
        case(get("/theme"), 405, "This address is not a page", "/"),
        case(
            call("PUT", keys).own_page(),
            405,
            "This address is not a page",
            keys,
        ),
        case(
            call("POST", "/favicon.svg").own_page(),
            405,
            "This address is not a page",
            "/",
        ),
        case(
            call("POST", "/sign-in").own_page().body(FORM, large.clone()),
            413,
            "The form is too long",
            "/sign-in",
        ),
        case(
            call("POST", keys).own_page().body(FORM, large),
            413,
            "The form is too long",
            keys,
        ),
        case(
            call("POST", keys).own_page().body("text/plain", "a"),
            415,
            "The form cannot be read",
            keys,
        ),
        case(
            form("/sign-in", &[("email", "a"), ("email", "b")]),
            422,
            "The form cannot be read",
            "/sign-in",
        ),
        case(
            form(keys, &[("name", "a"), ("name", "b")]),
            422,
            "The form cannot be read",
            keys,
        ),
    ]
}

fn assert_page(answer: &Answer, case: &str, status: u16, title: &str, link: &str) {
    assert_eq!(answer.status, status, "{case}: {}", answer.text());
    assert_eq!(
        answer.header("content-type"),
        "text/html; charset=utf-8",
        "{case}"
    );
    assert_eq!(answer.header("cache-control"), "no-store", "{case}");
    assert!(
        nonce(answer.header("content-security-policy")).is_some(),
        "{case}"
    );
    let text = |selector: &str| -> Vec<String> {
        let parts = answer.select(selector);
        parts.iter().map(crate::html::Part::text).collect()
    };
    assert!(text("title")[0].starts_with(&format!("{title} · ")), "{case}");
    assert_eq!(text("h1"), [title], "{case}");
    // The person keeps the navigation, unless the server itself is in trouble.
    let keeps = status < 500;
    assert_eq!(answer.select("nav").len(), usize::from(keeps), "{case}");
    assert!(text(".auth-lead")[0].len() > 20, "{case}");
    let links = answer.select("main a");
    assert_eq!(links.len(), 1, "{case}");
    assert_eq!(links[0].tag.get("href"), Some(link), "{case}");
    assert!(
        !answer.text().contains("_bg.wasm"),
        "{case}: the page has no islands"
    );
    let is_temporary = matches!(status, 429 | 503);
    assert_eq!(!answer.header("retry-after").is_empty(), is_temporary, "{case}");
    assert_eq!(
        answer.text().contains("Try again in 2 seconds."),
        is_temporary,
        "{case}"
    );
    let waits = answer.text().matches("Try again in ").count();
    assert_eq!(waits, usize::from(is_temporary), "{case}: said once");
    assert!(
        !answer.text().contains("entries are kept"),
        "{case}: there is no form"
    );
}

#[tokio::test]
async fn every_error_is_a_page_with_a_way_on() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    for Case {
        call,
        status,
        title,
        link,
    } in cases(&ada.keys())
    {
        let case = format!("{} {}", call.method(), call.address());
        let answer = ada.send(call).await;
        assert_page(&answer, &case, status, title, &link);
        assert_eq!(
            answer.header("allow").is_empty(),
            status != 405,
            "{case}: {}",
            answer.header("allow")
        );
    }
    // The memory for bodies is used up.
    let mut share = world.app.bodies.share(Sender::Known).expect("a share");
    while share.grow(1_024) {}
    while share.grow(1) {}
    let unread = ada.post(&ada.keys(), &[("name", "prod")]).await;
    assert_page(&unread, "an unread form", 503, "The server is busy", &ada.keys());
    drop(share);
    // A long query has the account's turn, so a search is not answered.
    let account = world.account(&ada.slug).await;
    let (done, task) = world.question(account).await;
    let search = format!("/home/{}/activity?search=prod", ada.slug);
    let busy = ada.get(&search).await;
    assert_page(&busy, "a long search", 503, "The server is busy", &search);
    drop(done);
    task.await.expect("it ends").expect("its answer");
    // The database is away: a page can be loaded again, a form can be sent again from its page.
    let keys = ada.keys();
    let search = format!("{keys}?search=prod");
    world.app.store.close().await;
    let title = "The server cannot do this right now";
    assert_page(&ada.get(&search).await, "a page", 503, title, &search);
    assert_page(&ada.get("/").await, "the front page", 503, title, "/");
    let sent = ada.post(&keys, &[("name", "prod")]).await;
    assert_page(&sent, "a form", 503, title, &keys);
    assert!(sent.text().contains(&format!(
        "Request id <code translate=\"no\">{}",
        sent.header("x-request-id")
    )));
    let out = ada.post("/sign-out", &[]).await;
    assert_page(&out, "signing out", 503, title, "/");
}

/// The layers around all pages, around a handler that panics.
#[tokio::test]
async fn a_panic_becomes_a_page_or_the_answer_of_a_server_function() {
    const PANIC: &str = "the words of a panic";
    let world = World::sqlite().await;
    let broken = Router::new().fallback(any(async || -> StatusCode { panic!("{PANIC}") }));
    let headers = from_fn_with_state(world.app.clone(), headers::layer);
    let broken = router::with_error_pages(broken, &world.app).layer(headers);
    let broken = broken.with_state(world.app.clone());
    let ask = async |call: Call| {
        let response = broken.clone().oneshot(call.request()).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let answer = Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: to_bytes(body, usize::MAX).await.expect("a body").to_vec(),
        };
        assert!(!answer.text().contains(PANIC), "{}", answer.text());
        answer
    };
    let title = "Something went wrong";
    for (call, link) in [
        (get("/home/ada-moss/api-keys"), "/home/ada-moss/api-keys"),
        (
            form("/home/ada-moss/api-keys", &[("name", "prod")]),
            "/home/ada-moss/api-keys",
        ),
        (get("/"), "/"),
    ] {
        let case = format!("{} {}", call.method(), call.address());
        let page = ask(call).await;
        assert_page(&page, &case, 500, title, link);
        let id = page.header("x-request-id");
        assert!(id.starts_with("req_"), "{case}: {id}");
        assert_eq!(page.select(".error-request code").remove(0).text(), id, "{case}");
    }
    let function = ask(form("/api/keys/create", &[("name", "prod")])).await;
    assert_eq!(function.status, 500);
    let message = function.json()["message"].as_str().map(str::to_owned);
    assert!(message.is_some_and(|text| text.starts_with("This is an error of the server.")));
}

#[tokio::test]
async fn strangers_get_a_page_without_navigation() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let former = ada.copy();
    let elsewhere = world.anonymous();
    ada.post("/sign-out", &[]).await;
    for browser in [&elsewhere, &former] {
        let page = browser.get("/nowhere").await;
        assert_eq!((page.status, page.select("nav").len()), (404, 0));
        assert!(!page.text().contains("Ada Moss"));
    }
}

#[tokio::test]
async fn an_error_page_has_the_theme_and_not_the_address() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    ada.plant("babysea-3000-theme", "dark");
    let secret = ada.key("prod", "full_access").await;
    for path in [
        format!("/{secret}"),
        format!("/home/{secret}/api-keys"),
        format!("/home/%ff/{secret}"),
    ] {
        let page = ada.get(&path).await;
        assert!(
            page.text().contains(r#"<html lang="en" data-theme="dark">"#),
            "{path}"
        );
        assert!(!page.text().contains(&secret[..12]), "{path}");
    }
}

#[tokio::test]
async fn server_functions_fail_in_their_own_format() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    for (call, status, sentence) in [
        (
            form("/api/nowhere", &[]),
            404,
            "It may have been deleted, or it belongs to another account.",
        ),
        (get("/api/keys/create"), 405, "It only receives a form."),
        (
            call("POST", "/api/keys/create")
                .own_page()
                .body("text/plain", "a"),
            415,
            "It was not sent as application/x-www-form-urlencoded",
        ),
        (
            call("POST", "/api/keys/create").fields(&[]),
            403,
            "It was not sent from a page of the dashboard. This server expects to be at",
        ),
    ] {
        let path = call.path().to_owned();
        let answer = ada.send(call).await;
        assert_eq!(answer.status, status, "{path}");
        let message = answer.json()["message"].as_str().expect("a message").to_owned();
        assert!(message.starts_with(sentence), "{path}: {message}");
    }
}

#[tokio::test]
async fn too_many_sign_ins_say_when_to_try_again() {
    let world = World::sqlite().await;
    world.person("Ada Moss").await;
    let browser = world.anonymous();
    let mut last = browser.sign_in("ada-moss@example.com", "wrong").await;
    for _ in 0..6 {
        last = browser.sign_in("ada-moss@example.com", "wrong").await;
    }
    assert_eq!(last.status, 429);
    let seconds: u32 = last.header("retry-after").parse().expect("seconds");
    assert!(
        last.text().contains(&format!("Try again in {seconds} second")),
        "{}",
        last.text()
    );
    assert_eq!(last.select("h1")[0].text(), "Sign in");
}

#[tokio::test]
async fn sign_in_says_why_one_is_there() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let keys = ada.keys();
    let notice = async |browser: &crate::browser::Browser<'_>, path: &str| {
        let page = browser.get(path).await;
        let notices = page.select(".notice");
        let texts: Vec<String> = notices.iter().map(crate::html::Part::text).collect();
        (texts.concat(), page.select(".auth-lead")[0].text())
    };
    let nothing = || {
        (
            String::new(),
            format!("Manage the API keys of your {} account.", world.app.config.brand),
        )
    };
    // Nobody was signed in here.
    let stranger = world.anonymous();
    assert_eq!(notice(&stranger, "/sign-in").await, nothing());
    let asked = stranger.get(&keys).await.location().to_owned();
    let (_, lead) = notice(&stranger, &asked).await;
    assert_eq!(lead, "Sign in to see this page.");

    // Signed out: said once.
    let bea = world.person("Bea Reef").await;
    let out = bea.post("/sign-out", &[]).await;
    // A status line that was never shown is forgotten too.
    let cookies = out.all("set-cookie");
    assert!(
        cookies
            .iter()
            .any(|cookie| cookie.starts_with("babysea-3000-done=;")),
        "{cookies:?}"
    );
    assert_eq!(notice(&bea, out.location()).await.0, "You have signed out.");
    assert_eq!(notice(&bea, "/sign-in").await, nothing());

    // The session has ended: as a page, as a form and as the front page.
    for call in [get(&keys), form(&keys, &[("name", "prod")]), get("/")] {
        let late = ada.copy();
        world.advance(7 * 24 * 3_600_000 + 1);
        let answer = late.send(call).await;
        assert_eq!(answer.status, 303);
        let target = answer.location().to_owned();
        assert_eq!(
            notice(&late, &target).await.0,
            "Your session has ended. Sign in to go on.",
            "{target}"
        );
    }
    assert_eq!(ada.sign_in("ada-moss@example.com", PASSWORD).await.status, 303);
}
