//! Waits after failed sign-ins (S7).

use crate::{
    answer::Answer,
    browser::form,
    database::{Database, both},
    world::{PASSWORD, World, all},
};
use futures_util::FutureExt as _;

const PAGE: &str = "/sign-in";
const FUNCTION: &str = "/api/session/sign-in";
const WRONG: &str = "wrong horse battery";
const HOME: &str = "192.0.2.1";

async fn try_at(world: &World, path: &str, email: &str, password: &str, address: &str) -> Answer {
    let fields = [("email", email), ("password", password)];
    world.send(form(path, &fields).sent_from(address)).await
}

async fn try_from(world: &World, email: &str, password: &str, address: &str) -> u16 {
    try_at(world, PAGE, email, password, address).await.status
}

/// The seconds to wait, equal in header and sentence; the form keeps the email, but not the password.
fn wait(answer: &Answer) -> u64 {
    assert_eq!(answer.status, 429, "{}", answer.text());
    let seconds: u64 = answer.header("retry-after").parse().expect("a number");
    let plural = if seconds == 1 { "" } else { "s" };
    let sentence = format!("Too many attempts. Try again in {seconds} second{plural}.");
    assert!(answer.text().contains(&sentence), "{seconds}: {}", answer.text());
    assert!(!answer.text().contains(PASSWORD) && !answer.text().contains(WRONG));
    assert_eq!(answer.all("set-cookie"), Vec::<&str>::new());
    seconds
}

both!(
    after_five_failures_each_try_waits_longer,
    async |database: Database| {
        let world = World::on(database).await;
        let email = world.person("Ada Moss").await.email.clone();
        for n in 0..12 {
            let path = if n % 2 == 0 { PAGE } else { FUNCTION };
            let answer = try_at(&world, path, &email, WRONG, HOME).await;
            assert_eq!(answer.status, if n < 5 { 422 } else { 429 }, "{n}");
        }
        let runs = world.app.passwords.runs();
        for path in [PAGE, FUNCTION] {
            let right = try_at(&world, path, &email, PASSWORD, HOME).await;
            assert_eq!(wait(&right), 1, "the right password waits too");
            if path == PAGE {
                assert_eq!(right.field("email"), email);
            }
        }
        assert_eq!(world.app.passwords.runs(), runs, "nothing is hashed");
        for expected in [2, 4, 8, 16, 32, 60, 60] {
            world.advance(wait(&try_at(&world, PAGE, &email, WRONG, HOME).await) * 1_000);
            assert_eq!(try_from(&world, &email, WRONG, HOME).await, 422);
            let right = try_at(&world, FUNCTION, &email, PASSWORD, HOME).await;
            assert_eq!(wait(&right), expected);
        }
        world.advance(59_999);
        assert_eq!(wait(&try_at(&world, PAGE, &email, PASSWORD, HOME).await), 1);
        world.advance(1);
        assert_eq!(try_from(&world, &email, PASSWORD, HOME).await, 303);
        // The failures are reset.
        for n in 0..5 {
            assert_eq!(try_from(&world, &email, WRONG, HOME).await, 422, "{n}");
        }
        assert_eq!(try_from(&world, &email, WRONG, HOME).await, 429);
    }
);

both!(
    an_email_without_an_account_waits_in_the_same_way,
    async |database: Database| {
        let world = World::on(database).await;
        world.person("Ada Moss").await;
        let mut seen = Vec::new();
        // Emails of equal length, so that the length of the response can be compared too. Different
        // addresses, because each has a limit.
        for (email, address) in [
            ("ada-moss@example.com", "192.0.2.1"),
            ("bea-moss@example.com", "192.0.2.2"),
            ("ada_moss.example.com", "192.0.2.3"),
        ] {
            let mut answers = Vec::new();
            for path in [PAGE, FUNCTION].into_iter().cycle().take(8) {
                let runs = world.app.passwords.runs();
                let answer = try_at(&world, path, email, WRONG, address).await;
                let (status, headers, body) = answer.comparable();
                let hashed = world.app.passwords.runs() - runs;
                answers.push((status, headers, body.replace(email, "EMAIL"), hashed));
            }
            seen.push(answers);
        }
        assert_eq!(seen[0][7].0, 429);
        assert_eq!(seen[0], seen[1]);
        assert_eq!(seen[0], seen[2]);
    }
);

both!(others_cannot_lock_a_person_out, async |database: Database| {
    let world = World::on(database).await;
    let email = world.person("Ada Moss").await.email.clone();
    let strangers = ["198.51.100.1", "198.51.100.2", "2001:db8::1"];
    let mut judged = 0;
    for _ in 0..600 {
        for address in strangers {
            let answer = try_at(&world, FUNCTION, &email, WRONG, address).await;
            judged += u32::from(answer.status == 422);
        }
        world.advance(1_000);
    }
    for address in strangers {
        try_from(&world, &email, WRONG, address).await;
    }
    // Fewer than 5 free attempts for each, and then about one a minute for all together.
    assert!((15..=30).contains(&judged), "{judged}");
    assert_eq!(try_from(&world, &email, PASSWORD, "198.51.100.2").await, 429);
    // A person who mistypes elsewhere may try again a minute later.
    assert_eq!(try_from(&world, &email, WRONG, "203.0.113.9").await, 422);
    let seconds = wait(&try_at(&world, PAGE, &email, PASSWORD, "203.0.113.9").await);
    assert!(seconds <= 60, "{seconds}");
    world.advance(seconds * 1_000);
    assert_eq!(try_from(&world, &email, PASSWORD, "203.0.113.9").await, 303);
});

both!(
    under_attack_a_new_network_gets_in_at_once,
    async |database: Database| {
        let world = World::on(database).await;
        let email = world.person("Ada Moss").await.email.clone();
        for n in 0..12 {
            // One subscriber, whatever the second half of the address.
            let status = try_from(&world, &email, WRONG, &format!("2001:db8:1:2::{n}")).await;
            assert_eq!(status, if n < 5 { 422 } else { 429 }, "{n}");
        }
        assert_eq!(
            try_from(&world, &email.to_uppercase(), PASSWORD, "2001:db8:1:2:3::4").await,
            429
        );
        assert_eq!(try_from(&world, &email, PASSWORD, "2001:db8:1:3::1").await, 303);
    }
);

both!(
    simultaneous_attempts_are_not_all_checked,
    async |database: Database| {
        let world = World::on(database).await;
        let email = world.person("Ada Moss").await.email.clone();
        let runs = world.app.passwords.runs();
        let tries = (0..30).map(|n| {
            let address = if n % 2 == 0 { HOME } else { "192.0.2.2" };
            try_at(&world, PAGE, &email, WRONG, address).boxed()
        });
        let answers = all(tries).await;
        let judged = answers.iter().filter(|answer| answer.status == 422).count();
        assert!((5..=6).contains(&judged), "{judged}");
        assert!(answers.iter().all(|answer| matches!(answer.status, 422 | 429)));
        assert_eq!(world.app.passwords.runs() - runs, judged as u64);
    }
);

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn servers_that_share_a_database_share_sign_in_waits() {
    let database = Database::postgres().await;
    let one = World::on(database).await;
    let other = one.second().await;
    let email = one.person("Ada Moss").await.email.clone();
    let runs = || one.app.passwords.runs() + other.app.passwords.runs();
    let before = runs();
    for n in 0..6 {
        let server = if n % 2 == 0 { &one } else { &other };
        let expected = if n < 5 { 422 } else { 429 };
        assert_eq!(try_from(server, &email, WRONG, HOME).await, expected, "{n}");
    }
    assert_eq!(runs() - before, 5);
    for server in [&one, &other] {
        assert_eq!(wait(&try_at(server, FUNCTION, &email, PASSWORD, HOME).await), 1);
    }
    one.advance(1_000);
    assert_eq!(try_from(&other, &email, PASSWORD, HOME).await, 303);
    // Also for simultaneous attempts.
    let before = runs();
    let tries = (0..20).map(|n| {
        let server = if n % 2 == 0 { &one } else { &other };
        try_at(server, PAGE, &email, WRONG, "192.0.2.2").boxed()
    });
    all(tries).await;
    assert_eq!(runs() - before, 5);
}

both!(
    an_address_may_fail_twenty_times_a_minute,
    async |database: Database| {
        let world = World::on(database).await;
        let email = world.person("Ada Moss").await.email.clone();
        for n in 0..20 {
            let nobody = format!("nobody-{n}@example.com");
            assert_eq!(try_from(&world, &nobody, WRONG, HOME).await, 422, "{n}");
            if n % 5 == 0 {
                assert_eq!(try_from(&world, &email, PASSWORD, HOME).await, 303, "no failure");
            }
        }
        world.advance(1_500);
        let runs = world.app.passwords.runs();
        // The clock started at a whole minute; one and a half seconds have passed.
        assert_eq!(wait(&try_at(&world, FUNCTION, &email, PASSWORD, HOME).await), 59);
        assert_eq!(world.app.passwords.runs(), runs);
        assert_eq!(try_from(&world, &email, PASSWORD, "192.0.2.2").await, 303);
        world.advance(58_500);
        assert_eq!(try_from(&world, &email, PASSWORD, HOME).await, 303);
    }
);

#[tokio::test]
async fn waiting_people_are_answered_while_others_write() {
    let world = World::sqlite().await;
    for _ in 0..5 {
        assert_eq!(try_from(&world, "ada@example.com", WRONG, HOME).await, 422);
    }
    let writing = world
        .app
        .store
        .write()
        .await
        .expect("the only connection that writes");
    assert_eq!(try_from(&world, "ada@example.com", WRONG, HOME).await, 429);
    drop(writing);
}

both!(nothing_that_was_typed_is_kept, async |database: Database| {
    let world = World::on(database).await;
    for email in ["ada@example.com", "not an address", ""] {
        assert_eq!(try_from(&world, email, WRONG, HOME).await, 422, "{email}");
    }
    let rows = "SELECT COUNT(*) FROM sign_in_waits";
    assert_eq!(world.database.number(rows).await, 6);
    let sizes = format!("{rows} WHERE length(id) = 32 AND failures = 1");
    assert_eq!(world.database.number(&sizes).await, 6, "digests alone");
    // A day later they are expired.
    world.advance(24 * 3_600_000);
    let purged = world.app.store.purge_sign_in_waits(world.app.now()).await;
    assert_eq!(purged.ok(), Some(6));
});
