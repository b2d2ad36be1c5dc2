//! A server that only admits invited people: one person may sign up, and none after them (S91).

use crate::{
    browser::{Browser, form, get},
    database::{Database, both},
    program::Program,
    world::{PASSWORD, Setup, World, all},
};

const INVITED: &[&str] = &["--sign-up", "invited"];
const CLOSED: &str = "New accounts are by invitation only. Ask the person who runs this server for one.";
const FIRST: &str = "This server has no accounts yet.";

fn invited() -> Setup {
    Setup {
        arguments: INVITED,
        ..Setup::default()
    }
}

async fn sign_up(browser: &Browser<'_>, path: &str, name: &str) -> (u16, String) {
    let email = format!("{}@example.com", name.to_lowercase().replace(' ', "-"));
    let fields = [("name", name), ("email", email.as_str()), ("password", PASSWORD)];
    let answer = browser.post(path, &fields).await;
    (answer.status, answer.text().to_owned())
}

both!(
    the_first_person_signs_up_and_nobody_else,
    async |database: Database| {
        let world = World::with(database, invited()).await;
        let browser = world.anonymous();
        let page = browser.get("/sign-up").await;
        assert!(
            page.text().contains(FIRST) && page.text().contains("name=\"password\""),
            "{}",
            page.text()
        );
        assert!(browser.get("/sign-in").await.text().contains("Create one"));
        // A refused attempt does not use up the one sign-up.
        let fields = [
            ("name", "Ada Moss"),
            ("email", "ada@example.com"),
            ("password", "short"),
        ];
        assert_eq!(browser.post("/sign-up", &fields).await.status, 422);
        assert_eq!(sign_up(&browser, "/sign-up", "Ada Moss").await.0, 303);
        let other = world.anonymous();
        let page = other.get("/sign-up").await;
        assert!(
            page.text().contains(CLOSED) && !page.text().contains(FIRST),
            "{}",
            page.text()
        );
        assert!(!other.get("/sign-in").await.text().contains("Create one"));
        for path in ["/sign-up", "/api/session/sign-up"] {
            let (status, text) = sign_up(&other, path, "Bo Lind").await;
            assert!(status == 422 && text.contains(CLOSED), "{path}: {status} {text}");
        }
        // Existing people can still sign in, and after a restart sign-up is closed as well.
        let world = world.restart(invited()).await;
        let ada = world.anonymous().sign_in("ada-moss@example.com", PASSWORD).await;
        assert_eq!(ada.location(), "/home/ada-moss/api-keys");
        assert_eq!(sign_up(&world.anonymous(), "/sign-up", "Bo Lind").await.0, 422);
        assert_eq!(world.database.number("SELECT COUNT(*) FROM users").await, 1);
    }
);

both!(
    of_several_first_people_there_is_one,
    async |database: Database| {
        let world = World::with(database, invited()).await;
        let is_shared = world.database.is_postgres();
        let other = if is_shared {
            Some(world.second_with(invited()).await)
        } else {
            None
        };
        let other = other.as_ref().unwrap_or(&world);
        let tries = (0..8).map(|n| {
            let world = if n % 2 == 0 { &world } else { other };
            async move { sign_up(&world.anonymous(), "/sign-up", &format!("Person {n}")).await }
        });
        let answers = all(tries).await;
        let inside = answers.iter().filter(|(status, _)| *status == 303).count();
        assert_eq!(inside, 1, "{answers:?}");
        for (status, text) in answers.iter().filter(|(status, _)| *status != 303) {
            assert!(*status == 422 && text.contains(CLOSED), "{status} {text}");
        }
        let count = async |sql: &str| world.database.number(sql).await;
        assert_eq!(count("SELECT COUNT(*) FROM users").await, 1);
        assert_eq!(count("SELECT COUNT(*) FROM accounts").await, 1);
    }
);

both!(
    from_an_empty_folder_to_a_key_that_works,
    async |database: Database| {
        let program = Program::start_with(&database, INVITED);
        let fields = [
            ("name", "Ada Moss"),
            ("email", "ada@example.com"),
            ("password", PASSWORD),
        ];
        let answer = program.send(form("/sign-up", &fields)).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let secret = program.key_of(&answer, &[]).await;
        assert_eq!(program.send(get("/v1/status").bearer(&secret)).await.status, 200);
        let bo = [
            ("name", "Bo Lind"),
            ("email", "bo@example.com"),
            ("password", PASSWORD),
        ];
        assert_eq!(program.send(form("/sign-up", &bo)).await.status, 422);
        let output = String::from_utf8(program.stop()).expect("text");
        let notice = "SIGN_UP=invited and there is no account yet: the first person who signs up at http://";
        assert!(output.contains(notice), "{output}");
        // The next start has nothing to warn about.
        let program = Program::start_with(&database, INVITED);
        let output = String::from_utf8(program.stop()).expect("text");
        assert!(!output.contains("there is no account yet"), "{output}");
    }
);
