//! `/sign-up` and its server function.

use crate::{
    browser::{Browser, form},
    database::{Database, both},
    world::{PASSWORD, Setup, World, with_default},
};
use babysea::server::secret::password::Cost;
use serde_json::json;

const PAGE: &str = "/sign-up";
const FUNCTION: &str = "/api/session/sign-up";
const TAKEN: &str = "An account with this email already exists. Sign in instead.";

fn fields<'a>(name: &'a str, email: &'a str, password: &'a str) -> [(&'a str, &'a str); 3] {
    [("name", name), ("email", email), ("password", password)]
}

/// The error at `field` through each entry point; both refuse with 422, and neither shows the password again.
async fn refusals(browser: &Browser<'_>, fields: &[(&str, &str)], field: &str) -> [String; 2] {
    let page = browser.post(PAGE, fields).await;
    assert_eq!(page.status, 422, "{fields:?}: {}", page.text());
    let called = browser.post(FUNCTION, fields).await;
    assert_eq!(called.status, 422, "{fields:?}: {}", called.text());
    for answer in [&page, &called] {
        assert_eq!(answer.all("set-cookie"), Vec::<&str>::new(), "{fields:?}");
    }
    let errors = called.json()["fields"].clone();
    let message = errors
        .as_array()
        .expect("fields")
        .iter()
        .find(|pair| pair[0] == field);
    let message = message.map(|pair| pair[1].as_str().expect("a sentence").to_owned());
    [page.field_error(field), message.unwrap_or_default()]
}

async fn assert_refused(browser: &Browser<'_>, fields: &[(&str, &str)], field: &str, sentence: &str) {
    assert_eq!(
        refusals(browser, fields, field).await,
        [sentence; 2],
        "{fields:?}"
    );
}

both!(
    the_page_redirects_to_the_persons_keys,
    async |database: Database| {
        let world = World::on(database).await;
        let browser = world.anonymous();
        assert_eq!(browser.get(PAGE).await.status, 200);
        let answer = browser
            .post(PAGE, &fields("Ada Moss", "Ada@Example.com", PASSWORD))
            .await;
        assert_eq!(
            (answer.status, answer.location()),
            (303, "/home/ada-moss/api-keys")
        );
        let page = browser.get(answer.location()).await;
        assert_eq!(page.status, 200);
        assert!(
            page.text().contains("<bdi translate=\"no\">Ada Moss</bdi>"),
            "{}",
            page.text()
        );
        // The person's path is not open to others.
        assert_eq!(world.anonymous().get("/home/ada-moss/api-keys").await.status, 303);
    }
);

both!(
    the_function_redirects_to_the_persons_keys,
    async |database: Database| {
        let world = World::on(database).await;
        let browser = world.anonymous();
        let answer = browser
            .post(FUNCTION, &fields("Ada Moss", "ada@example.com", PASSWORD))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json(), json!("/home/ada-moss/api-keys"));
        assert_eq!(browser.get("/home/ada-moss/api-keys").await.status, 200);
    }
);

#[tokio::test]
async fn each_invalid_field_has_an_error() {
    with_default("--password-min");
    let world = World::sqlite().await;
    let browser = world.anonymous();
    let good = fields("Ada Moss", "ada@example.com", PASSWORD);
    let long_name = "a".repeat(101);
    let long_email = format!("{}@example.com", "a".repeat(243));
    for (at, value, sentence) in [
        (0, "", "Enter a name."),
        (0, " \u{3164} ", "Enter a name."),
        (0, "A", "Use at least 2 characters."),
        (0, &long_name, "Use at most 100 characters; this name has 101."),
        (
            0,
            "Ada\u{202E}Moss",
            "The name has an invisible character (U+202E) after \"Ada\". Delete it.",
        ),
        (
            0,
            "Ada\u{200B}Moss",
            "The name has an invisible character (U+200B) after \"Ada\". Delete it.",
        ),
        (
            0,
            "Ada\0Moss",
            "The name has an invisible character (U+0000) after \"Ada\". Delete it.",
        ),
        (1, "", "Enter your email address."),
        (1, "ada", "Enter an address like name@example.com."),
        (1, "ada\0@example.com", "Enter an address like name@example.com."),
        (1, &long_email, "Use an address of at most 254 characters."),
        (2, "", "Enter a password."),
        (2, "sea moss!", "Use at least 10 characters."),
    ] {
        let mut fields = good;
        fields[at].1 = value;
        assert_refused(&browser, &fields, fields[at].0, sentence).await;
    }
    assert_eq!(world.database.number("SELECT COUNT(*) FROM users").await, 0);
}

#[tokio::test]
async fn all_invalid_fields_are_reported_together() {
    let world = World::sqlite().await;
    let page = world.anonymous().post(PAGE, &fields("", "ada", "short")).await;
    for field in ["name", "email", "password"] {
        assert_ne!(page.field_error(field), "", "{field}");
        assert_eq!(page.id(field).get("aria-invalid"), Some("true"), "{field}");
    }
    // A missing field counts as empty.
    let page = world.anonymous().post(PAGE, &[]).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.field_error("email"), "Enter your email address.");
}

#[tokio::test]
async fn input_is_kept_but_never_the_password() {
    let world = World::sqlite().await;
    let name = r#"Ada "A" <Moss> & co"#;
    let secret = "correct horse battery staple";
    let page = world
        .anonymous()
        .post(PAGE, &fields(name, "ada@nowhere", secret))
        .await;
    assert_eq!(page.status, 303, "the values are fine");
    for (name, email, password) in [(name, "ada", secret), ("", "ada@example.com", secret)] {
        let page = world.anonymous().post(PAGE, &fields(name, email, password)).await;
        assert_eq!(page.status, 422);
        assert_eq!(
            (page.field("name"), page.field("email")),
            (name.to_owned(), email.to_owned())
        );
        assert_eq!(page.field("password"), "");
        assert!(!page.text().contains(secret), "{}", page.text());
    }
}

#[tokio::test]
async fn lengths_are_refused_before_any_work_and_counted_in_characters() {
    with_default("--password-min");
    let world = World::sqlite().await;
    let browser = world.anonymous();
    let runs = || world.app.passwords.runs();
    // Hard to guess, so that only their length decides.
    let letters: Vec<char> = "x7ǦqZ0ßwÅk9Ñv3Ýj5Øm1Ľt8Ŵ".chars().collect();
    let password = |n: usize| -> String { letters.iter().cycle().take(n).collect() };
    for (n, sentence) in [
        (9, "Use at least 10 characters."),
        (129, "Use at most 128 characters."),
    ] {
        let before = runs();
        let password = password(n);
        assert_refused(
            &browser,
            &fields("Ada Moss", "ada@example.com", &password),
            "password",
            sentence,
        )
        .await;
        assert_eq!(runs(), before, "neither guessed at nor hashed");
    }
    for n in [10, 128] {
        let before = runs();
        let email = format!("{n}@example.com");
        let answer = world
            .anonymous()
            .post(PAGE, &fields("Ada Moss", &email, &password(n)))
            .await;
        assert_eq!(answer.status, 303, "{n}: {}", answer.text());
        assert_eq!(runs(), before + 2, "guessed at once, hashed once");
        // Not truncated: one character less is another password.
        let browser = world.anonymous();
        assert_eq!(browser.sign_in(&email, &password(n - 1)).await.status, 422);
        assert_eq!(browser.sign_in(&email, &password(n)).await.status, 303);
    }
}

#[tokio::test]
async fn easily_guessed_passwords_are_refused_before_hashing() {
    let world = World::sqlite().await;
    let browser = world.anonymous();
    for weak in [
        "password1234",
        "1234567890",
        "babyseababysea",
        "ada@example.com",
        "ADA@Example.com",
    ] {
        let before = world.app.passwords.runs();
        let fields = fields("Ada Moss", "ada@example.com", weak);
        for message in refusals(&browser, &fields, "password").await {
            let help = message.strip_prefix("Too easy to guess. ");
            assert!(help.is_some_and(|help| help.len() > 10), "{weak}: {message}");
        }
        assert_eq!(
            world.app.passwords.runs(),
            before + 2,
            "guessed at once by each entry point"
        );
    }
}

both!(
    an_address_is_one_persons_whatever_its_case,
    async |database: Database| {
        let world = World::on(database).await;
        world.person("Ada Moss").await;
        for same in [
            "ada-moss@example.com",
            "ADA-Moss@Example.COM",
            " ada-moss@example.com ",
        ] {
            let before = world.app.passwords.runs();
            assert_refused(&world.anonymous(), &fields("Bea", same, PASSWORD), "email", TAKEN).await;
            assert_eq!(
                world.app.passwords.runs(),
                before + 2,
                "guessed at by each entry point, never hashed"
            );
        }
        assert_eq!(world.database.number("SELECT COUNT(*) FROM users").await, 1);
    }
);

both!(
    two_at_once_with_one_address_make_one_person,
    async |database: Database| {
        let world = World::on(database).await;
        let send = async |email: &str| world.send(form(PAGE, &fields("Ada Moss", email, PASSWORD))).await;
        let (one, other) = tokio::join!(send("ada@example.com"), send("ADA@example.com"));
        let mut both = [&one, &other];
        both.sort_by_key(|answer| answer.status);
        assert_eq!(both.map(|answer| answer.status), [303, 422]);
        assert_eq!(both[1].field_error("email"), TAKEN);
        assert_eq!(world.database.number("SELECT COUNT(*) FROM users").await, 1);
        assert_eq!(world.database.number("SELECT COUNT(*) FROM accounts").await, 1);
    }
);

both!(
    people_of_one_name_get_addresses_of_their_own,
    async |database: Database| {
        let world = World::on(database).await;
        let send = async |n: u8, name: &str| {
            let email = format!("{n}@example.com");
            let answer = world.send(form(PAGE, &fields(name, &email, PASSWORD))).await;
            assert_eq!(answer.status, 303, "{}", answer.text());
            answer.location().to_owned()
        };
        let (one, other) = tokio::join!(send(1, "Ada Moss"), send(2, "Ada Moss"));
        assert_ne!(one, other);
        for path in [&one, &other] {
            assert!(path.starts_with("/home/ada-moss"), "{path}");
        }
        assert_eq!(send(3, "李雷").await, "/home/li-lei/api-keys");
        assert_eq!(send(4, "!?").await, "/home/account/api-keys");
    }
);

#[tokio::test]
async fn sign_up_is_refused_on_a_server_by_invitation() {
    let setup = Setup {
        arguments: &["--sign-up", "invited"],
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    // The first person may sign up: see `first_person`.
    world.person("Pia Reef").await;
    let browser = world.anonymous();
    let page = browser.get(PAGE).await;
    assert!(page.text().contains("by invitation only"), "{}", page.text());
    assert!(!page.tags().iter().any(|tag| tag.get("name") == Some("password")));
    for path in [PAGE, FUNCTION] {
        let answer = browser
            .post(path, &fields("Ada Moss", "ada@example.com", PASSWORD))
            .await;
        assert_eq!(answer.status, 422, "{path}");
        assert!(answer.text().contains("by invitation only"), "{path}");
    }
    assert_eq!(world.database.number("SELECT COUNT(*) FROM users").await, 1);
    assert!(!browser.get("/sign-in").await.text().contains("/sign-up"));
}

#[tokio::test]
async fn stored_as_argon2id_and_made_stronger_at_the_next_sign_in() {
    const STORED: &str = "SELECT password_hash FROM users";
    let world = World::sqlite().await;
    let email = world.person("Ada Moss").await.email.clone();
    let weak = world.database.texts(STORED).await.remove(0);
    assert!(weak.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{weak}");

    let setup = Setup {
        cost: Cost::DEFAULT,
        ..Setup::default()
    };
    let world = world.restart(setup).await;
    assert_eq!(world.anonymous().sign_in(&email, "wrong").await.status, 422);
    assert_eq!(world.database.texts(STORED).await, [weak]);
    for _ in 0..2 {
        assert_eq!(world.anonymous().sign_in(&email, PASSWORD).await.status, 303);
        let strong = world.database.texts(STORED).await.remove(0);
        assert!(strong.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{strong}");
    }
}
