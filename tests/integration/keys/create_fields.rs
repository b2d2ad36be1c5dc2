//! Permissions, allowlist and expiry of a new key: the dialog's fields through both entry points, valid and
//! invalid (S53, S54, S59).

use crate::{
    answer::Answer,
    browser::{Browser, get},
    database::{Database, both},
    world::{World, with_default},
};
use serde_json::json;

const COUNT: &str = "SELECT COUNT(*) FROM api_keys";

const PAST: &str = "This day is over or about to end in UTC. Choose a later one.";
const LATE: &str = "Choose a day within the next 10 years.";
const NO_DATE: &str = "This is not a date: write it as year-month-day, such as 2027-01-31.";
const UNKNOWN: &str = "One of these scopes does not exist. Reload the page and choose again.";

type Fields<'f> = Vec<(&'f str, &'f str)>;

/// The dialog's fields with valid values, some of them changed.
fn filled<'f>(token: &'f str, changed: &[(&'f str, &'f str)]) -> Fields<'f> {
    let usual = [
        ("name", "prod"),
        ("preset", "custom"),
        ("expires", "date"),
        ("expires_on", "2027-01-31"),
        ("allowlist", "203.0.113.10, 198.51.100.5"),
        ("form_token", token),
    ];
    let mut fields: Fields<'f> = usual
        .into_iter()
        .filter(|(name, _)| changed.iter().all(|(other, _)| other != name))
        .chain(changed.iter().copied())
        .collect();
    if changed.iter().all(|(name, _)| *name != "scopes[]") {
        fields.extend([("scopes[]", "health:read"), ("scopes[]", "account:read")]);
    }
    fields
}

/// The values in the page's form: fields, ticked boxes, selected options.
fn held(page: &Answer) -> Vec<(String, String)> {
    let mut held = Vec::new();
    let mut select = String::new();
    for tag in page.tags() {
        let get = |attribute| tag.get(attribute).unwrap_or_default().to_owned();
        let name = get("name");
        let is_box = matches!(tag.get("type"), Some("radio" | "checkbox"));
        match tag.name.as_str() {
            "select" => select = name,
            "option" if tag.get("selected").is_some() => held.push((select.clone(), get("value"))),
            "textarea" => held.push((name, tag.text.clone())),
            "input" if is_box && tag.get("checked").is_none() => {}
            "input" => held.push((name, get("value"))),
            _ => {}
        }
    }
    held
}

/// Both entry points refuse the form at this field and create nothing, and the page keeps the input.
async fn assert_refused(person: &Browser<'_>, changed: &[(&str, &str)], field: &str, sentence: &str) {
    let token = person.form_token().await;
    let fields = filled(&token, changed);
    let called = person.create(&fields).await;
    let told = (called.status, called.json()["fields"].clone());
    assert_eq!(told, (422, json!([[field, sentence]])), "{changed:?}");
    let page = person.post(&person.keys(), &fields).await;
    assert_eq!(
        (page.status, page.field_error(field)),
        (422, sentence.to_owned()),
        "{changed:?}"
    );
    let held = held(&page);
    for (name, value) in fields {
        let is_drawn = match name {
            // An unknown option cannot be selected in the list.
            "expires" => ["never", "7", "30", "90", "date"].contains(&value),
            "scopes[]" => value.ends_with(":read"),
            _ => true,
        };
        let is_held = held.iter().any(|(n, v)| n == name && v == value);
        assert_eq!(is_held, is_drawn, "{changed:?}: {name}={value:?} in {held:?}");
    }
    assert_eq!(person.world.database.number(COUNT).await, 0, "{changed:?}");
}

both!(
    a_key_is_what_its_form_said_through_either_door,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let (one, two) = (ada.form_token().await, ada.form_token().await);
        let called = ada.create(&filled(&one, &[])).await;
        assert_eq!(called.status, 200, "{}", called.text());
        assert_eq!(
            called.json()["about"],
            "Custom (2 scopes) · expires 31 Jan 2027, 23:59 UTC"
        );
        // The same time for the reader's own time zone.
        assert_eq!(called.json()["expires_at"], "2027-01-31T23:59:59.000Z");
        let posted = ada.post(&ada.keys(), &filled(&two, &[])).await;
        assert_eq!(posted.status, 200);
        let ends = posted.select("#kept-key-title-lead [data-local]");
        assert_eq!(ends[0].tag.get("data-local"), Some("2027-01-31T23:59:59.000Z"));
        let called = called.json()["secret"].as_str().expect("a secret").to_owned();
        for secret in [called, posted.id("kept-key").text] {
            let ask = async |path: &str, from: &str| {
                let call = get(path).bearer(&secret).sent_from(from);
                world.send(call).await
            };
            let status = ask("/v1/status", "198.51.100.5").await;
            assert_eq!(
                status.json()["data"]["apikey_expires_at"],
                "2027-01-31T23:59:59.000Z"
            );
            assert_eq!(ask("/v1/health/cache", "203.0.113.10").await.status, 501);
            assert_eq!(ask("/v1/library/models", "203.0.113.10").await.status, 403);
            assert_eq!(
                ask("/v1/status", "127.0.0.1").await.json()["error"]["code"],
                "BSE1007"
            );
        }
        let page = ada.get(&ada.keys()).await;
        for cell in page.cells("IP allowlist") {
            assert_eq!(cell.text().trim(), "203.0.113.10 +1");
            let more = &cell.inside[0];
            assert_eq!(more.get("aria-description"), Some("203.0.113.10\n198.51.100.5"));
        }
        assert_eq!(page.text().matches("Custom (2 scopes)").count(), 2);
    }
);

#[tokio::test]
async fn each_invalid_allowlist_entry_is_named() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let many: Vec<_> = (1..52).map(|n| format!("198.51.100.{n}")).collect();
    let (fifty_one, long) = (many.join(", "), "1".repeat(65));
    let shown_long = format!(
        "Entry 1: {}… is longer than 64 characters; put a comma between entries.",
        &long[..63]
    );
    for (allowlist, sentence) in [
        (
            "203.0.113.7, example.com",
            "Entry 2: example.com is a host name; enter its IP address instead.",
        ),
        (
            "203.0.113.07",
            "Entry 1: 203.0.113.07 has a leading zero; leave it out.",
        ),
        (
            "203.0.113.7:443",
            "Entry 1: 203.0.113.7:443 has a port; leave it out.",
        ),
        (
            "fe80::1%eth0",
            "Entry 1: fe80::1%eth0 has a zone; leave out % and what follows it.",
        ),
        (
            "10.0.0.0/33",
            "Entry 1: 10.0.0.0/33 has a prefix length over 32; use at most /32.",
        ),
        (
            "<b>, 10.0.0.1 /8",
            "Entry 1: <b> is not an IP address or a CIDR block such as 203.0.113.0/24. \
             Entry 3: /8 has no address; write it directly before the slash.",
        ),
        (&fifty_one, "Use at most 50 entries; this list has 51."),
        (&long, &shown_long),
    ] {
        assert_refused(&ada, &[("allowlist", allowlist)], "allowlist", sentence).await;
    }
}

#[tokio::test]
async fn fifty_entries_are_taken_and_duplicates_are_one() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let mut entries: Vec<_> = (1..51).map(|n| format!("198.51.100.{n}")).collect();
    entries.extend(["::ffff:198.51.100.1".to_owned(), "198.51.100.50/32".to_owned()]);
    let made = ada
        .key_with(&[
            ("name", "k"),
            ("preset", "full_access"),
            ("allowlist", &entries.join("\n")),
        ])
        .await;
    for (address, status) in [("198.51.100.50", 200), ("198.51.100.51", 403)] {
        let call = get("/v1/status").bearer(&made.secret).sent_from(address);
        assert_eq!(world.send(call).await.status, status, "{address}");
    }
}

#[tokio::test]
async fn changes_to_an_allowlist_are_reported() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let typed = "203.0.113.7/24 ::ffff:10.0.0.0/104; 203.0.113.0/24";
    let notes = [
        "Entry 1: 203.0.113.7/24 is kept as 203.0.113.0/24.",
        "Entry 2: ::ffff:10.0.0.0/104 is kept as 10.0.0.0/8.",
        "Entry 3 repeats entry 1.",
    ];
    let changed = [("allowlist", typed)];
    let (one, two) = (ada.form_token().await, ada.form_token().await);
    let called = ada.create(&filled(&one, &changed)).await;
    assert_eq!(
        (called.status, called.json()["notes"].clone()),
        (200, json!(notes))
    );
    let page = ada.post(&ada.keys(), &filled(&two, &changed)).await;
    for note in notes {
        assert!(page.tags().iter().any(|tag| tag.text == note), "{note}");
    }
    let kept = "SELECT DISTINCT allowlist FROM api_keys";
    assert_eq!(world.database.texts(kept).await, ["203.0.113.0/24 10.0.0.0/8"]);
    // The hint while typing says the same, and stores nothing.
    let fields = [("account", ada.slug.as_str()), ("allowlist", typed)];
    let read = ada.post("/api/keys/read-allowlist", &fields).await;
    assert_eq!(read.json()["notes"], json!(notes));
    assert_eq!(
        read.json()["lines"],
        json!([
            "203.0.113.0/24: 256 addresses, 203.0.113.0 to 203.0.113.255",
            "10.0.0.0/8: 16,777,216 addresses, 10.0.0.0 to 10.255.255.255"
        ])
    );
    let fields = [("account", ada.slug.as_str()), ("allowlist", "x")];
    let wrong = ada.post("/api/keys/read-allowlist", &fields).await;
    assert_eq!(
        (wrong.status, &wrong.json()["fields"][0][0]),
        (422, &json!("allowlist"))
    );
    assert_eq!(world.database.number(COUNT).await, 2);
}

#[tokio::test]
async fn a_refused_form_shows_what_its_allowlist_covers() {
    const COVERS: &str = "203.0.113.0/24: 256 addresses, 203.0.113.0 to 203.0.113.255";
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let said = async |changed: &[(&str, &str)]| {
        let token = ada.form_token().await;
        let page = ada.post(&ada.keys(), &filled(&token, changed)).await;
        assert_eq!(page.status, 422);
        let is_hidden = page.id("allowlist-reading").get("hidden").is_some();
        (page.tags().iter().any(|tag| tag.text == COVERS), is_hidden)
    };
    assert_eq!(
        said(&[("name", ""), ("allowlist", "203.0.113.7/24")]).await,
        (true, false)
    );
    assert_eq!(said(&[("allowlist", "203.0.113.7/24, x")]).await, (false, true));
    assert_eq!(said(&[("name", ""), ("allowlist", "")]).await, (false, true));
}

#[tokio::test]
async fn an_invalid_expiry_is_shown_at_its_field() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    for (date, sentence) in [
        ("", "Enter the last day of the key, or choose Never."),
        ("2026-11-22", PAST),
        ("0001-01-01", PAST),
        ("99999-01-01", LATE),
        ("2036-11-24", LATE),
        ("2027-02-29", NO_DATE),
        ("31.01.2027", NO_DATE),
        ("<b>", NO_DATE),
    ] {
        assert_refused(&ada, &[("expires_on", date)], "expires_on", sentence).await;
    }
    for choice in ["8", "-7", "Never", "7 "] {
        let sentence = "Choose when the key expires.";
        assert_refused(&ada, &[("expires", choice)], "expires", sentence).await;
    }
}

#[tokio::test]
async fn an_end_is_a_choice_of_days_or_the_end_of_one() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    for (choice, date, end) in [
        ("never", "2027-01-31", json!(null)),
        ("", "", json!(null)),
        ("7", "2027-01-31", json!("2026-11-30T17:00:00.000Z")),
        ("30", "", json!("2026-12-23T17:00:00.000Z")),
        ("90", "", json!("2027-02-21T17:00:00.000Z")),
        ("date", "2026-11-23", json!("2026-11-23T23:59:59.000Z")),
        ("date", "2036-11-22", json!("2036-11-22T23:59:59.000Z")),
    ] {
        let fields = [
            ("name", "k"),
            ("preset", "full_access"),
            ("expires", choice),
            ("expires_on", date),
        ];
        let secret = ada.key_with(&fields).await.secret;
        let status = world.status(&secret).await.json();
        assert_eq!(status["data"]["apikey_expires_at"], end, "{choice} {date}");
    }
}

#[tokio::test]
async fn custom_scopes_are_known_and_at_least_one() {
    with_default("--catalog");
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    for (scope, sentence) in [
        ("account:write", UNKNOWN),
        ("Account:Read", UNKNOWN),
        ("", UNKNOWN),
        ("account:read health:read", UNKNOWN),
    ] {
        let changed = [("scopes[]", "health:read"), ("scopes[]", scope)];
        let token = ada.form_token().await;
        let fields = filled(&token, &changed);
        for answer in [ada.create(&fields).await, ada.post(&ada.keys(), &fields).await] {
            assert_eq!(answer.status, 422, "{scope}");
            assert!(answer.text().contains(sentence), "{scope}: {}", answer.text());
        }
    }
    let token = ada.form_token().await;
    let mut fields = filled(&token, &[]);
    fields.retain(|(name, _)| *name != "scopes[]");
    let none = ada.create(&fields).await;
    assert_eq!(
        none.json()["fields"],
        json!([["scopes", "Choose at least one scope."]])
    );
    let none = ada.post(&ada.keys(), &fields).await;
    assert_eq!(
        (none.status, none.field_error("scopes")),
        (422, "Choose at least one scope.".to_owned())
    );
    assert_eq!(world.database.number(COUNT).await, 0);

    // A duplicate is merged; ticked boxes are used for `Custom` only.
    for (preset, kept) in [
        ("custom", "health:read"),
        ("monitor_only", "health:read library:read"),
    ] {
        let fields = [
            ("name", preset),
            ("preset", preset),
            ("scopes[]", "health:read"),
            ("scopes[]", "health:read"),
        ];
        ada.key_with(&fields).await;
        let sql = format!("SELECT scopes FROM api_keys WHERE name = '{preset}'");
        assert_eq!(world.database.text(&sql).await, kept);
    }
}

both!(
    a_nul_in_the_new_fields_is_the_callers_mistake,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        for field in ["allowlist", "expires", "expires_on", "scopes[]", "preset"] {
            let token = ada.form_token().await;
            let fields = filled(&token, &[(field, "a\0b")]);
            for answer in [ada.create(&fields).await, ada.post(&ada.keys(), &fields).await] {
                assert_eq!(answer.status, 422, "{field}: {}", answer.text());
            }
        }
        assert_eq!(world.database.number(COUNT).await, 0);
    }
);
