//! Size limits of bodies (S28).

use crate::{
    browser::{call, get},
    database::Database,
    world::{Setup, World},
};
use std::time::Duration;
use tokio::time::timeout;

/// A form of this size in bytes.
fn filled(bytes: usize) -> Vec<u8> {
    let mut body = b"account=ada-moss&name=".to_vec();
    body.resize(bytes, b'x');
    body
}

const FORM: &str = "application/x-www-form-urlencoded";
const PATH: &str = "/v1/generate/image/bfl/flux-schnell";

#[tokio::test]
async fn open_forms_have_four_kibibytes_and_others_sixty_four() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let keys = ada.keys();
    for (path, most) in [
        ("/sign-in", 4),
        ("/sign-up", 4),
        ("/api/session/sign-in", 4),
        ("/api/session/sign-up", 4),
        (&keys, 64),
        ("/api/keys/create", 64),
    ] {
        let fits = filled(most * 1024);
        let large = filled(most * 1024 + 1);
        for (sent, call, status) in [
            ("fits", call("POST", path).body(FORM, fits), 422),
            ("too large", call("POST", path).body(FORM, large.clone()), 413),
            ("its length untold", call("POST", path).streamed(FORM, large), 413),
        ] {
            let answer = ada.send(call.own_page()).await;
            assert_eq!(answer.status, status, "{path}: {sent}");
            if status == 413 {
                // A page has a title; in a dialog the sentence is alone.
                let is_function = path.starts_with("/api/");
                let way_on = format!("may have {most} KiB. Shorten what you typed and send it again.");
                let whole = answer
                    .text()
                    .contains(&format!("The form is too long: it {way_on}"));
                assert!(answer.text().contains(&way_on), "{path}: {}", answer.text());
                assert_eq!(whole, is_function, "{path}: {}", answer.text());
            }
        }
    }
}

#[tokio::test]
async fn a_route_of_the_catalogue_takes_a_hundred_kilobytes() {
    const MOST: usize = 100 * 1024;
    let world = World::sqlite().await;
    let key = world.person("Ada Moss").await.key("one", "full_access").await;
    for (bytes, status) in [(30, 501), (MOST, 501), (MOST + 1, 413)] {
        let known = call("POST", PATH)
            .bearer(&key)
            .body("application/json", filled(bytes));
        let known = world.send(known).await;
        assert_eq!(known.status, status, "{bytes}");
        let streamed = call("POST", PATH)
            .bearer(&key)
            .streamed("application/json", filled(bytes));
        assert_eq!(
            world.send(streamed).await.status,
            status,
            "{bytes} without a length"
        );
    }
    let large = call("POST", PATH)
        .bearer(&key)
        .body("application/json", filled(MOST + 1));
    assert_eq!(world.send(large).await.json()["error"]["code"], "BSE2010");
    let unreadable = call("POST", PATH).bearer(&key).header("content-length", "many");
    assert_eq!(world.send(unreadable).await.status, 413);
    // Each is a request with the key, so it has a row in the log.
    world.app.recorder.flush().await;
    let rows = "SELECT COUNT(*) FROM request_logs WHERE status = 413 AND error_code = 'BSE2010'";
    assert_eq!(world.database.number(rows).await, 4);
    // A refusal of the key comes first (S89).
    let nobody = call("POST", PATH).body("application/json", filled(MOST + 1));
    assert_eq!(world.send(nobody).await.json()["error"]["code"], "BSE1001");
    assert_eq!(world.send(get("/v1/status").bearer(&key)).await.status, 200);
}

#[tokio::test]
async fn a_subrequest_is_answered_without_reading_a_body() {
    let setup = Setup {
        arguments: &["--trusted-proxies", "10.0.0.1"],
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    let key = world.person("Ada Moss").await.key("one", "full_access").await;
    for (path, method, address) in [
        ("/forward-auth", "x-forwarded-method", "x-forwarded-uri"),
        ("/forward-auth-nginx", "x-original-method", "x-original-uri"),
    ] {
        let asked = call("POST", path)
            .bearer(&key)
            .header(method, "GET")
            .header(address, "/v1/status")
            .sent_from("10.0.0.1")
            .unending();
        let answer = timeout(Duration::from_secs(10), world.send(asked)).await;
        let answer = answer.expect("an answer while the body has not ended");
        assert!(answer.status < 300, "{path}: {}", answer.text());
    }
}
