//! `/sign-in` and its server function.

use crate::{
    answer::Answer,
    browser::form,
    database::{Database, both},
    world::{PASSWORD, Setup, World, all},
};
use babysea::server::secret::password::Cost;
use serde_json::json;

const PAGE: &str = "/sign-in";
const FUNCTION: &str = "/api/session/sign-in";
const WRONG: &str = "Email and password do not match an account.";

both!(
    both_entry_points_redirect_to_the_persons_keys,
    async |database: Database| {
        let world = World::on(database).await;
        world.person("Ada Moss").await;
        for email in ["ada-moss@example.com", "ADA-MOSS@EXAMPLE.COM"] {
            let fields = [("email", email), ("password", PASSWORD)];
            let browser = world.anonymous();
            let answer = browser.post(PAGE, &fields).await;
            assert_eq!(
                (answer.status, answer.location()),
                (303, "/home/ada-moss/api-keys")
            );
            assert_eq!(browser.get("/home/ada-moss/api-keys").await.status, 200);

            let browser = world.anonymous();
            let answer = browser.post(FUNCTION, &fields).await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.json(), json!("/home/ada-moss/api-keys"));
            assert_eq!(browser.get("/home/ada-moss/api-keys").await.status, 200);
        }
    }
);

/// A response, without the email that was typed.
fn without(answer: &Answer, email: &str) -> (u16, Vec<(String, String)>, String) {
    let (status, headers, body) = answer.comparable();
    (status, headers, body.replace(email, "EMAIL"))
}

both!(
    an_unknown_address_and_a_wrong_password_are_one_answer_and_one_hash,
    async |database: Database| {
        let world = World::on(database).await;
        world.person("Ada Moss").await;
        for path in [PAGE, FUNCTION] {
            let mut answers = Vec::new();
            // Of equal length, so that the length of the response can be compared too.
            for email in [
                "ada-moss@example.com",
                "bea-moss@example.com",
                "ada_moss.example.com",
            ] {
                let before = world.app.passwords.runs();
                let answer = world
                    .send(form(
                        path,
                        &[("email", email), ("password", "wrong horse battery")],
                    ))
                    .await;
                assert_eq!(world.app.passwords.runs(), before + 1, "{path} {email}");
                assert_eq!(answer.status, 422, "{path} {email}");
                assert!(answer.text().contains(WRONG), "{path} {email}");
                assert!(!answer.text().contains("wrong horse"), "{path} {email}");
                answers.push(without(&answer, email));
            }
            assert_eq!(answers[0], answers[1], "{path}");
            assert_eq!(answers[0], answers[2], "{path}");
        }
    }
);

#[tokio::test]
async fn the_typed_address_and_the_way_back_stay() {
    let world = World::sqlite().await;
    let fields = [
        ("email", "ada\"<@example.com"),
        ("password", "wrong"),
        ("next", "/home/ada/api-keys"),
    ];
    let page = world.anonymous().post(PAGE, &fields).await;
    assert_eq!(page.field("email"), "ada\"<@example.com");
    assert_eq!(page.field("next"), "/home/ada/api-keys");
    assert_eq!(page.field("password"), "");
}

#[tokio::test]
async fn afterwards_only_pages_of_this_server_are_opened() {
    let world = World::sqlite().await;
    world.person("Ada Moss").await;
    let home = "/home/ada-moss/api-keys";
    for (next, target) in [
        (
            "/home/ada-moss/api-keys?dialog=create",
            "/home/ada-moss/api-keys?dialog=create",
        ),
        ("", home),
        ("/", home),
        ("/sign-out", home),
        ("//evil.example/home/", home),
        ("https://evil.example/home/", home),
        ("/home/../sign-out", home),
        ("/home//evil.example", home),
        ("/\\evil.example", home),
        ("/home/\\evil.example", home),
        ("/home/x\r\nSet-Cookie: a=b", home),
        ("javascript:alert(1)", home),
    ] {
        let fields = [
            ("email", "ada-moss@example.com"),
            ("password", PASSWORD),
            ("next", next),
        ];
        let page = world.send(form(PAGE, &fields)).await;
        assert_eq!((page.status, page.location()), (303, target), "{next:?}");
        let called = world.send(form(FUNCTION, &fields)).await;
        assert_eq!(called.json(), json!(target), "{next:?}");
    }
}

#[tokio::test]
async fn sign_in_redirects_back() {
    let world = World::sqlite().await;
    let page = world.person("Ada Moss").await.keys();
    let browser = world.anonymous();
    let sent = browser.get(&format!("{page}?dialog=create")).await;
    assert_eq!(sent.status, 303);
    assert_eq!(
        sent.location(),
        "/sign-in?next=%2Fhome%2Fada-moss%2Fapi-keys%3Fdialog%3Dcreate"
    );
    let next = browser.get(sent.location()).await.field("next");
    let fields = [
        ("email", "ada-moss@example.com"),
        ("password", PASSWORD),
        ("next", &next),
    ];
    let answer = browser.post(PAGE, &fields).await;
    assert_eq!(answer.location(), format!("{page}?dialog=create"));
    let page = browser.get(answer.location()).await;
    assert!(
        page.tags()
            .iter()
            .any(|tag| tag.name == "dialog" && tag.get("open").is_some())
    );
}

#[tokio::test]
async fn the_start_page_redirects_to_sign_in_or_to_the_keys() {
    let world = World::sqlite().await;
    let anonymous = world.anonymous().get("/").await;
    assert_eq!((anonymous.status, anonymous.location()), (303, "/sign-in"));
    let person = world.person("Ada Moss").await;
    let home = person.get("/").await;
    assert_eq!((home.status, home.location()), (303, "/home/ada-moss/api-keys"));
}

#[tokio::test]
async fn a_planted_hash_that_would_take_all_memory_is_refused() {
    let world = World::sqlite().await;
    let person = world.person("Ada Moss").await;
    let hash = |memory: u32| {
        format!(
            "$argon2id$v=19$m={memory},t=1,p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b4dWRWJTmaaJObGRdescudvJCs"
        )
    };
    world
        .database
        .execute(&format!("UPDATE users SET password_hash = '{}'", hash(131_073)))
        .await;
    assert_eq!(
        world.anonymous().sign_in(&person.email, PASSWORD).await.status,
        422
    );
}

#[tokio::test]
async fn too_many_at_once_are_refused_and_none_is_lost() {
    let setup = Setup {
        // Slower than the transactions that count the attempts one by one.
        cost: Cost {
            passes: 12,
            ..Cost::DEFAULT
        },
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    let person = world.person("Ada Moss").await;
    let before = world.app.passwords.runs();
    let sends = (0..50).map(|n| {
        let email = format!("nobody-{n}@example.com");
        let fields = [("email", email.as_str()), ("password", PASSWORD)];
        let call = form(if n % 2 == 0 { PAGE } else { FUNCTION }, &fields);
        world.send(call.sent_from(&format!("192.0.2.{n}")))
    });
    let answers = all(sends).await;
    let busy: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
    let served = answers.iter().filter(|answer| answer.status == 422).count();
    assert!(!busy.is_empty(), "50 at once are more than the queue holds");
    assert_eq!(served + busy.len(), 50);
    assert_eq!(
        world.app.passwords.runs() - before,
        served as u64,
        "who is sent away costs nothing"
    );
    let counted = "SELECT CAST(SUM(failures) AS BIGINT) FROM sign_in_waits";
    assert_eq!(
        world.database.number(counted).await,
        2 * i64::try_from(served).expect("a small number"),
        "nor does it count as a failure"
    );
    for answer in busy {
        assert_eq!(answer.header("retry-after"), "2");
        let sentence = "The server is busy. Try again in 2 seconds.";
        assert!(answer.text().contains(sentence), "{}", answer.text());
        assert!(!answer.text().contains(PASSWORD));
        assert_eq!(answer.all("set-cookie"), Vec::<&str>::new());
    }
    assert_eq!(
        world.anonymous().sign_in(&person.email, PASSWORD).await.status,
        303
    );
}
