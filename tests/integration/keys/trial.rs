//! The test command of a new key: run as the dialog shows it, it gives the output that the dialog describes.

use crate::{
    answer::Answer,
    browser::{Browser, call},
    database::Database,
    world::{ORIGIN, Setup, World},
};
use babysea::domain::snippet::{KEY, YOUR_API};
use serde_json::Value;

const PROXY: &str = "10.0.0.1";
const WEATHER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/catalog/weather.toml");
const OF_THE_VENDOR: &[&str] = &["--trusted-proxies", "10.0.0.0/8"];
const OF_ANOTHER: &[&str] = &["--trusted-proxies", "10.0.0.0/8", "--catalog", WEATHER];

/// Creates a key; returns the response.
async fn made(ada: &Browser<'_>, fields: &[(&str, &str)]) -> Answer {
    let token = ada.form_token().await;
    let answer = ada
        .create(&[fields, &[("name", "prod"), ("form_token", &token)]].concat())
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

/// Method, URL and bearer token of the test command.
fn read(command: &str, secret: &str) -> (String, String) {
    let command = command.replace(KEY, secret);
    assert!(command.contains(&format!("-H \"Authorization: Bearer {secret}\"")));
    let mut words = command
        .split_whitespace()
        .skip_while(|word| *word != "-i")
        .skip(1);
    match words.next() {
        Some("-X") => {
            let method = words.next().expect("a method").to_owned();
            (method, words.next().expect("an address").to_owned())
        }
        address => ("GET".to_owned(), address.expect("an address").to_owned()),
    }
}

/// The test command of a new key and its output in words: the tab `cURL`.
fn command(key: &Value) -> (String, String) {
    let snippets = key["snippets"].as_array().expect("snippets");
    let curl = snippets.iter().find(|snippet| snippet["label"] == "cURL");
    let curl = curl.expect("a command");
    let text = |part: &str| curl[part].as_str().expect(part).to_owned();
    (text("text"), text("note"))
}

/// Runs the test command of a new key, and compares the output with the description.
async fn tried(world: &World, answer: &Answer, case: &str) {
    let json = answer.json();
    let secret = json["secret"].as_str().expect("a secret");
    let (command, expected) = command(&json);
    let (method, address) = read(&command, secret);
    let case = format!("{case}: {method} {address}, {expected}");
    if let Some(path) = address.strip_prefix(ORIGIN) {
        let answer = world.send(call(&method, path).bearer(secret)).await;
        assert!(
            expected.starts_with(&format!("You should see {}", answer.status)),
            "{case}: {}",
            answer.text()
        );
        assert!(matches!(answer.status, 200 | 501), "{case}");
    } else {
        // A request to the guarded API reaches it if the forward-auth check accepts it.
        let path = address.strip_prefix(YOUR_API).expect(&case);
        let asked = call("GET", "/forward-auth")
            .header("x-forwarded-method", &method)
            .header("x-forwarded-uri", path)
            .sent_from(PROXY)
            .bearer(secret);
        assert_eq!(world.send(asked).await.status, 200, "{case}");
        assert!(expected.starts_with("Put the address of your API"), "{case}");
    }
}

async fn every_key_is_tried_as_shown(arguments: &'static [&'static str]) {
    let setup = Setup {
        arguments,
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    let ada = world.person("Ada Moss").await;
    let catalog = world.app.catalog();
    for preset in &catalog.presets {
        let answer = made(&ada, &[("preset", &preset.id)]).await;
        tried(&world, &answer, &preset.id).await;
    }
    for scope in &catalog.scopes {
        let answer = made(&ada, &[("preset", "custom"), ("scopes[]", scope)]).await;
        tried(&world, &answer, scope).await;
    }
}

#[tokio::test]
async fn the_test_command_of_a_restricted_key_mentions_its_allowlist() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let limited = [("preset", "full_access"), ("allowlist", "203.0.113.7")];
    let answer = made(&ada, &limited).await;
    let json = answer.json();
    let (_, expected) = command(&json);
    let secret = json["secret"].as_str().expect("a secret");
    let from = async |address: &str| {
        let asked = call("GET", "/v1/status").bearer(secret).sent_from(address);
        world.send(asked).await
    };
    let (inside, outside) = (from("203.0.113.7").await, from("203.0.113.8").await);
    assert!(
        expected.starts_with(&format!("You should see {}", inside.status)),
        "{expected}"
    );
    let code = outside.json()["error"]["code"]
        .as_str()
        .expect("a code")
        .to_owned();
    let refused = format!("outside the allowlist you see {} {code}.", outside.status);
    assert!(expected.ends_with(&refused), "{expected}");
    let open = made(&ada, &[("preset", "full_access")]).await;
    assert!(!command(&open.json()).1.contains("allowlist"));
}

#[tokio::test]
async fn a_key_of_the_vendors_catalogue_is_tried_as_shown() {
    every_key_is_tried_as_shown(OF_THE_VENDOR).await;
}

#[tokio::test]
async fn a_key_of_another_catalogue_is_tried_as_shown() {
    every_key_is_tried_as_shown(OF_ANOTHER).await;
}

#[tokio::test]
async fn without_scripts_the_command_is_the_same() {
    let setup = Setup {
        arguments: OF_ANOTHER,
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    let ada = world.person("Ada Moss").await;
    let token = ada.form_token().await;
    let fields = [("name", "prod"), ("preset", "readers"), ("form_token", &token)];
    let page = ada.post(&format!("{}?dialog=create", ada.keys()), &fields).await;
    let shown = format!("curl -i {YOUR_API}/forecasts/example");
    assert!(page.text().contains(&shown), "{}", page.text());
    assert!(!page.text().contains("/v1/status") && !page.text().contains("BSE5001"));
}
