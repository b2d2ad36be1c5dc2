//! Slow bodies: the state after they arrive, and how many one address may have in transit (S89).

use crate::{
    answer::Answer,
    bodies::gates::later,
    browser::{Made, call, form},
    database::{Database, both},
    until::PATIENCE,
    world::World,
};
use axum::body::Body;
use futures_util::{FutureExt as _, future::join_all};
use tokio::time::timeout;

const FORM: &str = "application/x-www-form-urlencoded";
const ACCOUNT: &str = "/v1/user/account";

/// Sends a request with a body of unknown length, runs `meanwhile` while the body is in transit, then sends
/// the body.
async fn sent(world: &World, key: &str, meanwhile: impl AsyncFnOnce()) -> Answer {
    let (body, let_go, mut asked) = later("{}".to_owned());
    let answer = world.send(call("GET", ACCOUNT).bearer(key).with_body(body));
    let meanwhile = async {
        asked.comes().await;
        meanwhile().await;
        let_go.send(()).expect("somebody waits for it");
    };
    let both = async { tokio::join!(answer, meanwhile) };
    timeout(PATIENCE, both).await.expect("an answer in time").0
}

fn code(answer: &Answer) -> String {
    answer.json()["error"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

both!(
    a_key_that_ends_while_its_body_arrives_is_refused,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let Made { id, secret } = ada.made("revoked").await;
        let revoked = sent(&world, &secret, async || {
            assert_eq!(ada.revoke(&[&id]).await.status, 200);
        })
        .await;
        assert_eq!(revoked.status, 401, "{}", revoked.text());
        assert!(!revoked.text().contains("Ada Moss"));
        let after = world.send(call("GET", ACCOUNT).bearer(&secret)).await;
        assert_eq!(code(&revoked), code(&after), "as any request with it");

        let Made { id, secret } = ada.made("deleted").await;
        let deleted = sent(&world, &secret, async || {
            assert_eq!(ada.delete(&[&id], "deleted").await.status, 200);
        })
        .await;
        assert_eq!(deleted.status, 401, "{}", deleted.text());
        let unknown = world.send(call("GET", ACCOUNT).bearer(&secret)).await;
        assert_eq!(code(&deleted), code(&unknown));

        let Made { id, secret } = ada.made("rotated").await;
        assert_eq!(ada.rotate(&id, "24").await.status, 200);
        let expired = sent(&world, &secret, async || {
            assert_eq!(ada.change_grace(&id, "0").await.status, 200);
        })
        .await;
        assert_eq!(expired.status, 401, "{}", expired.text());
    }
);

#[tokio::test]
async fn a_key_that_stays_is_answered_and_counted_once() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let key = ada.key("one", "full_access").await;
    let remaining = |answer: &Answer| answer.header("x-ratelimit-remaining").parse::<u32>();
    let first = world.send(call("GET", ACCOUNT).bearer(&key)).await;
    let late = sent(&world, &key, async || {}).await;
    assert_eq!((first.status, late.status), (200, 200), "{}", late.text());
    assert_eq!(remaining(&late), remaining(&first).map(|left| left - 1));
    world.app.recorder.flush().await;
    let rows = "SELECT COUNT(*) FROM request_logs WHERE status = 200";
    assert_eq!(world.database.number(rows).await, 2);
}

#[tokio::test]
async fn an_address_has_few_bodies_in_transit() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let report = |body: Body| {
        call("POST", "/v1/keys/report-leak")
            .header("content-type", "application/json")
            .with_body(body)
    };
    let forms = ["/sign-in", "/sign-up", "/api/session/sign-in"];
    // Sixteen of all kinds stall.
    let mut waiting = Vec::new();
    let mut stalled = Vec::new();
    for n in 0..16 {
        let (body, let_go, asked) = later(String::new());
        let begun = match forms.get(n) {
            Some(path) => call("POST", path)
                .own_page()
                .header("content-type", FORM)
                .with_body(body),
            None => report(body),
        };
        waiting.push((let_go, asked));
        stalled.push(world.send(begun.sent_from("203.0.113.7")).boxed_local());
    }
    let mut stalled = join_all(stalled).boxed_local();
    let are_read = async {
        for (_, asked) in &mut waiting {
            asked.comes().await;
        }
    };
    tokio::select! {
        _ = &mut stalled => panic!("they have no end"),
        read = timeout(PATIENCE, are_read) => read.expect("all are being read"),
    }
    let own = world
        .send(report(Body::from("{}")).sent_from("203.0.113.7"))
        .await;
    assert_eq!((own.status, own.header("retry-after")), (503, "1"));
    for path in forms {
        let own = form(path, &[("email", &ada.email)]);
        let own = world.send(own.sent_from("203.0.113.7")).await;
        assert_eq!((own.status, own.header("retry-after")), (503, "2"), "{path}");
    }
    // Other addresses, and people who are signed in, are served.
    for address in ["203.0.113.8", "127.0.0.1", "2001:db8::1"] {
        let fields = [("email", &*ada.email), ("password", crate::world::PASSWORD)];
        let other = form("/sign-in", &fields).sent_from(address);
        assert_eq!(world.send(other).await.status, 303, "{address}");
        let other = report(Body::from("{}")).sent_from(address);
        assert_eq!(world.send(other).await.status, 400, "{address}");
    }
    assert!(!ada.made("one").await.id.is_empty());
    // Bodies that end make room, and nothing of them is kept.
    for (let_go, _) in waiting {
        let_go.send(()).expect("it waits");
    }
    timeout(PATIENCE, stalled).await.expect("their answers");
    let own = world
        .send(report(Body::from("{}")).sent_from("203.0.113.7"))
        .await;
    assert_eq!(own.status, 400);
    assert_eq!((world.app.bodies.taken(), world.app.bodies.networks()), (0, 0));
}
