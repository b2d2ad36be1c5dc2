//! The limit of sign-ups from one address (S7), and passwords made of the person's own words (S2).

use crate::{
    answer::Answer,
    browser::form,
    database::{Database, both},
    world::{PASSWORD, Setup, World, with_default},
};

const PAGE: &str = "/sign-up";
const FUNCTION: &str = "/api/session/sign-up";
const HOME: &str = "192.0.2.1";

async fn limited(database: Database, limit: &'static [&'static str]) -> World {
    let setup = Setup {
        arguments: limit,
        ..Setup::default()
    };
    World::with(database, setup).await
}

async fn send(world: &World, path: &str, email: &str, password: &str, address: &str) -> Answer {
    let fields = [("name", "Ada Moss"), ("email", email), ("password", password)];
    world.send(form(path, &fields).sent_from(address)).await
}

async fn sign_up(world: &World, n: u32, address: &str) -> u16 {
    let email = format!("person-{n}@example.com");
    send(world, PAGE, &email, PASSWORD, address).await.status
}

both!(
    five_at_once_and_then_one_every_three_minutes,
    async |database: Database| {
        let world = limited(database, &["--sign-up-limit", "20"]).await;
        for n in 0..5 {
            assert_eq!(sign_up(&world, n, HOME).await, 303, "{n}");
        }
        let runs = world.app.passwords.runs();
        for path in [PAGE, FUNCTION] {
            // An email that has an account looks like any other.
            for email in ["person-0@example.com", "person-9@example.com"] {
                let refused = send(&world, path, email, PASSWORD, HOME).await;
                assert_eq!(
                    (refused.status, refused.header("retry-after")),
                    (429, "180"),
                    "{path} {email}"
                );
                assert!(
                    refused
                        .text()
                        .contains("Too many attempts. Try again in 3 minutes.")
                );
                assert!(!refused.text().contains(PASSWORD));
                if path == PAGE {
                    assert_eq!(
                        (refused.field("email"), refused.field("name")),
                        (email.to_owned(), "Ada Moss".to_owned())
                    );
                }
            }
        }
        assert_eq!(world.app.passwords.runs(), runs, "nothing is judged or hashed");
        assert_eq!(sign_up(&world, 10, "192.0.2.2").await, 303, "another address");
        world.advance(179_000);
        assert_eq!(
            send(&world, PAGE, "x@example.com", PASSWORD, HOME)
                .await
                .header("retry-after"),
            "1"
        );
        world.advance(1_000);
        assert_eq!(sign_up(&world, 11, HOME).await, 303);
        assert_eq!(sign_up(&world, 12, HOME).await, 429);
    }
);

#[tokio::test]
async fn cheap_refusals_do_not_count() {
    let world = limited(Database::sqlite(), &["--sign-up-limit", "1"]).await;
    for (email, password) in [("ada", PASSWORD), ("ada@example.com", "short"), ("", "")] {
        assert_eq!(
            send(&world, PAGE, email, password, HOME).await.status,
            422,
            "{email}"
        );
    }
    // Checking a password's strength and finding an existing email do count.
    assert_eq!(
        send(&world, PAGE, "ada@example.com", "password1234", HOME)
            .await
            .status,
        422
    );
    assert_eq!(sign_up(&world, 1, HOME).await, 429);
    world.advance(3_600_000);
    assert_eq!(sign_up(&world, 1, HOME).await, 303);
    world.advance(3_600_000);
    assert_eq!(sign_up(&world, 1, HOME).await, 422);
    assert_eq!(sign_up(&world, 2, HOME).await, 429);
}

#[tokio::test]
async fn without_a_limit_no_sign_up_waits() {
    let world = limited(Database::sqlite(), &["--sign-up-limit", "none"]).await;
    for n in 0..30 {
        assert_eq!(sign_up(&world, n, HOME).await, 303, "{n}");
    }
}

#[tokio::test]
async fn a_persons_own_words_are_no_password() {
    with_default("--brand");
    let world = World::sqlite().await;
    let email = "ada.reed@tidal-quartz.example.com";
    for own in [
        "Ada Moss Ada Moss",
        "AdaMoss2026!",
        "moss-moss-moss",
        "ada.reed@tidal-quartz.example.com",
        "ADA.REED.ada",
        "tidal-quartz",
        "tidal-quartz.example.com",
        "BabySea-BabySea",
    ] {
        for path in [PAGE, FUNCTION] {
            let answer = send(&world, path, email, own, HOME).await;
            assert_eq!(answer.status, 422, "{own}");
            let sentence = "It is mostly your name, your email address or the name of this site";
            assert!(answer.text().contains(sentence), "{own}: {}", answer.text());
        }
    }
    assert_eq!(
        send(&world, PAGE, email, "lantern of a quiet tidal harbour", HOME)
            .await
            .status,
        303
    );
}
