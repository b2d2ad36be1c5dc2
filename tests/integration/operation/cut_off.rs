//! PostgreSQL is cut off during requests: all requests are answered, and no answer is wrong (S75, S76).

use crate::{
    answer::Answer,
    browser::{call, get},
    database::Database,
    until::{PATIENCE, until},
    wire::Wire,
    world::World,
};
use serde_json::json;
use tokio::time::timeout;

/// Retries until the request succeeds.
async fn until_done(ask: impl AsyncFn() -> Answer) {
    until("it is well again", async || ask().await.status == 200).await;
}

fn assert_unavailable(answer: &Answer, reason: &str) {
    let error = &answer.json()["error"];
    assert_eq!(
        (answer.status, &error["code"], &error["details"]["reason"]),
        (503, &json!("BSE5003"), &json!(reason)),
        "{}",
        answer.text()
    );
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn requests_in_flight_are_answered() {
    let database = Database::postgres().await;
    let wire = Wire::before(&database).await;
    let world = World::on(wire.database()).await;
    let ada = world.person("Ada Moss").await;
    let (revoked, unasked) = (ada.made("revoked").await, ada.made("unasked").await);
    let reported = ada.made("reported").await;
    for key in [&revoked, &reported] {
        assert_eq!(world.code(key).await, 200);
    }
    world.app.recorder.flush().await;
    let end = format!(
        "SELECT COUNT(*) FROM api_keys WHERE revoked_at IS NOT NULL AND id = '{}'",
        revoked.id
    );

    let keys = ada.keys();
    wire.cut_at("SET revoked_at", "COMMIT");
    // Requests that start after the cut.
    let others = async {
        wire.is_cut().await;
        tokio::join!(
            ada.get(&keys),
            ada.post("/home/create-team", &[("name", "Reef Lab")]),
            world.status(&unasked.secret),
            world.send(get("/v1/user/account").bearer(&reported.secret)),
            world.send(get("/readyz")),
            world.send(get("/readyz?checks")),
        )
    };
    let revoked_ids = [revoked.id.as_str()];
    let answered = timeout(PATIENCE, async { tokio::join!(ada.revoke(&revoked_ids), others) });
    let (change, (page, form, check, account, ready, checks)) = answered.await.expect("nothing hangs");
    assert_eq!(change.status, 503, "{}", change.text());
    assert!(
        change.text().contains("may have been made"),
        "nobody knows: {}",
        change.text()
    );
    for page in [&page, &form] {
        assert_eq!((page.status, page.header("retry-after")), (503, "2"));
        assert!(
            page.header("content-type").starts_with("text/html") && page.text().contains("<h1"),
            "{}",
            page.text()
        );
    }
    assert!(page.text().contains("This page took too long"), "{}", page.text());
    assert_unavailable(&check, "unavailable");
    assert_unavailable(&account, "unavailable");
    for health in [&ready, &checks] {
        assert_eq!(
            (health.status, &health.json()["reason"]),
            (503, &json!("database"))
        );
    }

    wire.mend();
    assert_eq!(database.number(&end).await, 0, "COMMIT never arrived");
    until_done(async || ada.revoke(&revoked_ids).await).await;
    assert_eq!(world.code(&revoked).await, 401);
    until_done(async || world.status(&unasked.secret).await).await;

    wire.cut_at("SET leak_reported_at", "COMMIT");
    let report = async || {
        let body = json!({ "key": reported.secret }).to_string();
        world
            .send(call("POST", "/v1/keys/report-leak").body("application/json", body))
            .await
    };
    let told = timeout(PATIENCE, report()).await.expect("it is answered");
    assert_unavailable(&told, "unanswered");
    assert!(told.text().contains("may have been revoked"), "{}", told.text());
    wire.mend();
    until_done(report).await;
    assert_eq!(world.code(&reported).await, 401);

    // Requests that start after the cut.
    wire.cut();
    let begun = timeout(PATIENCE, async {
        tokio::join!(ada.create(&[("name", "late")]), world.status("bye_x"))
    });
    let (change, malformed) = begun.await.expect("nothing hangs");
    assert_eq!(change.status, 503, "{}", change.text());
    assert_eq!(malformed.status, 401, "no key by its form");
}
