//! Random spellings of the headers that only this server may set on a request, through each proxy, among other sites
//! with lax settings, with and without TLS (S97).

use super::{
    LIST,
    api::start_api,
    bearer,
    lax::Among,
    running::{Body, Kind, Proxy},
};
use crate::{
    database::Database,
    machine::forward_auth::IDENTITY,
    world::{Setup, World},
};
use proptest::{
    prelude::{Strategy, any},
    sample::select,
    strategy::ValueTree as _,
    test_runner::TestRunner,
};
use serde_json::json;

/// Other headers whose value must come from this server or the proxy, or not at all.
const OTHERS: [&str; 6] = [
    "x-request-id",
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
];
/// Characters of a header name other than letters and digits (RFC 9110, section 5.6.2). The likely ones are there
/// more often.
const SIGNS: &[u8] = b"---____...!#$%&'*+^`|~";
/// Number of requests over a plain connection.
const PLAIN: usize = 60;
/// Number of requests over TLS, which start a process each.
const TLS: usize = 12;

fn family() -> Vec<&'static str> {
    IDENTITY.into_iter().chain(OTHERS).collect()
}

/// A name of the family in random letter case, with random signs.
fn spelled() -> impl Strategy<Value = String> {
    let drawn = proptest::collection::vec((any::<bool>(), select(SIGNS)), 24);
    (select(family()), drawn).prop_map(|(name, drawn)| {
        let spelled = name
            .chars()
            .zip(drawn)
            .map(|(letter, (is_capital, sign))| match letter {
                '-' => char::from(sign),
                letter if is_capital => letter.to_ascii_uppercase(),
                letter => letter,
            });
        spelled.collect()
    })
}

/// The name as frameworks read it that turn headers into variables (RFC 3875, section 4.1.18).
fn read(name: &str) -> String {
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() {
            letter
        } else {
            '-'
        }
    };
    name.chars().map(plain).collect()
}

/// Sends random spellings, with a key and as a preflight without one.
async fn story(kind: Kind, among: Among, requests: usize) {
    let setup = Setup {
        arguments: &["--trusted-proxies", "127.0.0.1"],
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    let key = world.person("Ada Moss").await.made("good").await;
    let proxy = Proxy::start_among(kind, among, world.serve(), start_api().await).await;
    let authorization = bearer(&key.secret);
    let with_key = ("authorization", authorization.as_str());
    let preflight = [
        ("origin", "https://app.example"),
        ("access-control-request-method", "POST"),
    ];
    let names = proptest::collection::vec(spelled(), 1..4);
    let mut runner = TestRunner::deterministic();
    let (mut reached, mut refused) = (0, 0);
    for turn in 0..requests {
        let names = names.new_tree(&mut runner).expect("names").current();
        let forged = names.iter().map(|name| (name.as_str(), "forged"));
        let is_preflight = turn % 4 == 0;
        let answer = if is_preflight {
            let headers: Vec<_> = forged.chain(preflight).collect();
            proxy.send("OPTIONS", LIST, &headers, Body::None).await
        } else {
            let headers: Vec<_> = forged.chain([with_key]).collect();
            proxy.get(LIST, &headers).await
        };
        let what = format!("{kind:?} {among:?} {names:?}: {}", answer.text());
        let body = answer.json();
        if body["api"] != true {
            assert!(!is_preflight, "{what}");
            assert_eq!(
                (answer.status, &body["error"]["code"]),
                (403, &json!("BSE2405")),
                "{what}"
            );
            refused += 1;
            continue;
        }
        reached += 1;
        let seen = body["headers"].as_object().expect("headers");
        let in_family = seen
            .iter()
            .filter(|(name, _)| family().contains(&read(name).as_str()));
        for (name, value) in in_family {
            let is_own = IDENTITY.contains(&name.as_str()) || name == "x-request-id";
            let value = value.as_str().unwrap_or_default();
            assert!(is_own && !value.contains("forged") && !is_preflight, "{what}");
        }
        let id = seen.get("x-api-key-id");
        let expected = (!is_preflight).then(|| json!(key.id));
        assert_eq!(id, expected.as_ref(), "{what}");
    }
    // Each preflight, and the requests whose headers nginx dropped.
    assert!(reached >= requests / 4, "{kind:?} {among:?}: {reached}");
    let is_judged = kind == Kind::Nginx && among != Among::Nothing;
    assert_eq!(refused > 0, is_judged, "{kind:?} {among:?}: {refused}");
}

#[tokio::test]
async fn no_spelling_reaches_an_api_behind_nginx() {
    story(Kind::Nginx, Among::Nothing, PLAIN).await;
    story(Kind::Nginx, Among::Lax, PLAIN).await;
}

#[tokio::test]
async fn no_spelling_reaches_an_api_behind_nginx_with_tls() {
    story(Kind::Nginx, Among::LaxTls, TLS).await;
}

#[tokio::test]
async fn no_spelling_reaches_an_api_behind_caddy() {
    story(Kind::Caddy, Among::Lax, PLAIN).await;
}

#[tokio::test]
async fn no_spelling_reaches_an_api_behind_caddy_with_tls() {
    story(Kind::Caddy, Among::LaxTls, TLS).await;
}
