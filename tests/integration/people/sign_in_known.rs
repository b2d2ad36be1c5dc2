//! Known browsers do not wait because of failures that others cause (S7).

use crate::{
    browser::{Browser, form},
    database::{Database, both},
    world::{HTTPS_ORIGIN, PASSWORD, Setup, World},
};

const WRONG: &str = "wrong horse battery";
/// The address of all clients in these tests, the owner's too.
const HOME: &str = "192.0.2.1";

async fn sign_in(browser: &Browser<'_>, email: &str, password: &str) -> u16 {
    let fields = [("email", email), ("password", password)];
    browser
        .send(form("/sign-in", &fields).sent_from(HOME))
        .await
        .status
}

/// Fails to sign in until all others wait, for this email and at this address.
async fn attack(world: &World, email: &str) {
    let stranger = world.anonymous();
    while sign_in(&stranger, email, WRONG).await == 422 {}
    for n in 0.. {
        if sign_in(&stranger, &format!("nobody-{n}@example.com"), WRONG).await == 429 {
            break;
        }
    }
    assert_eq!(sign_in(&stranger, email, PASSWORD).await, 429);
}

both!(
    a_browser_that_signed_in_before_gets_in_at_once,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let signed_up = ada.copy();
        let signed_in = world.anonymous();
        assert_eq!(sign_in(&signed_in, &ada.email, PASSWORD).await, 303);
        signed_in.post("/sign-out", &[]).await;
        let by_function = world.anonymous();
        let fields = [("email", ada.email.as_str()), ("password", PASSWORD)];
        assert_eq!(
            by_function.post("/api/session/sign-in", &fields).await.status,
            200
        );
        attack(&world, &ada.email).await;
        for browser in [&signed_up, &signed_in, &by_function] {
            assert_eq!(sign_in(browser, &ada.email, PASSWORD).await, 303);
        }
        assert_eq!(
            sign_in(&world.anonymous(), &ada.email, PASSWORD).await,
            429,
            "others wait on"
        );
    }
);

both!(it_waits_for_its_own_failures, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let other = ada.copy();
    world.advance(1);
    assert_eq!(sign_in(&other, &ada.email, PASSWORD).await, 303);
    for n in 0..8 {
        let expected = if n < 5 { 422 } else { 429 };
        assert_eq!(sign_in(&ada, &ada.email, WRONG).await, expected, "{n}");
    }
    assert_eq!(sign_in(&ada, &ada.email, PASSWORD).await, 429);
    assert_eq!(
        sign_in(&other, &ada.email, PASSWORD).await,
        303,
        "another browser of hers"
    );
    assert_eq!(
        sign_in(&world.anonymous(), &ada.email, PASSWORD).await,
        303,
        "strangers do not wait for her"
    );
    world.advance(1_000);
    assert_eq!(sign_in(&ada, &ada.email, PASSWORD).await, 303);
});

both!(
    it_is_known_for_its_person_and_their_password,
    async |database: Database| {
        let world = World::on(database).await;
        let (ada, bo) = (world.person("Ada Moss").await, world.person("Bo Lind").await);
        attack(&world, &ada.email).await;
        world.advance(60_000);
        attack(&world, &ada.email).await;
        assert_eq!(
            sign_in(&bo, &ada.email, PASSWORD).await,
            429,
            "known for somebody else"
        );
        // A password change gives another hash, even for the same password.
        let other = world
            .database
            .text("SELECT password_hash FROM users WHERE email_key LIKE 'bo%'")
            .await;
        let change = format!("UPDATE users SET password_hash = '{other}' WHERE email_key LIKE 'ada%'");
        world.database.execute(&change).await;
        assert_eq!(
            sign_in(&ada, &ada.email, PASSWORD).await,
            429,
            "of the password before"
        );
    }
);

#[tokio::test]
async fn several_people_share_a_browser() {
    let world = World::sqlite().await;
    let emails = ["Ada Moss", "Bo Lind", "Cy Reed"].map(async |name| world.person(name).await.email.clone());
    let browser = world.anonymous();
    let mut people = Vec::new();
    for email in emails {
        people.push(email.await);
    }
    for email in &people {
        assert_eq!(sign_in(&browser, email, PASSWORD).await, 303);
    }
    attack(&world, &people[0]).await;
    for email in &people {
        assert_eq!(sign_in(&browser, email, PASSWORD).await, 303, "{email}");
    }
}

#[tokio::test]
async fn an_invalid_known_browser_cookie_is_ignored() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let cookie = ada.cookie().expect("cookies");
    let value = cookie
        .split("-known=")
        .nth(1)
        .expect("the cookie")
        .split(';')
        .next();
    let value = value.expect("its value").to_owned();
    attack(&world, &ada.email).await;
    let tampered = if let Some(start) = value.strip_suffix('0') {
        format!("{start}1")
    } else {
        format!("{}0", &value[..value.len() - 1])
    };
    let long = "~".repeat(600) + &value;
    for planted in ["", "x", "..", "~", &tampered, &long] {
        let browser = world.anonymous();
        browser.plant("babysea-3000-known", planted);
        assert_eq!(sign_in(&browser, &ada.email, PASSWORD).await, 429, "{planted:?}");
    }
    let browser = world.anonymous();
    browser.plant("babysea-3000-known", &value);
    assert_eq!(sign_in(&browser, &ada.email, PASSWORD).await, 303);
    // It is not a session.
    let browser = world.anonymous();
    browser.plant("babysea-3000-known", &value);
    assert_eq!(browser.get(&ada.keys()).await.status, 303);
    world.advance(366 * 24 * 3_600_000);
    attack(&world, &ada.email).await;
    assert_eq!(sign_in(&browser, &ada.email, PASSWORD).await, 429, "a year later");
}

#[tokio::test]
async fn the_cookie_is_kept_for_a_year_and_out_of_reach_of_scripts() {
    for (origin, name, secure) in [
        (HTTPS_ORIGIN, "__Host-known", true),
        (crate::world::ORIGIN, "babysea-3000-known", false),
    ] {
        let setup = Setup {
            origin,
            ..Setup::default()
        };
        let world = World::with(Database::sqlite(), setup).await;
        let ada = world.person("Ada Moss").await;
        for path in ["/sign-in", "/api/session/sign-in"] {
            let answer = world
                .anonymous()
                .post(path, &[("email", &ada.email), ("password", PASSWORD)])
                .await;
            let cookies = answer.all("set-cookie");
            let cookie = cookies.iter().find(|line| line.starts_with(&format!("{name}=")));
            let cookie = cookie.unwrap_or_else(|| panic!("{path}: {cookies:?}"));
            let mut attributes: Vec<_> = cookie.split("; ").skip(1).collect();
            attributes.sort_unstable();
            let mut expected = vec!["HttpOnly", "Max-Age=31536000", "Path=/", "SameSite=Lax"];
            if secure {
                expected.push("Secure");
            }
            assert_eq!(attributes, expected, "{path}");
        }
    }
}
