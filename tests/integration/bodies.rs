//! How long bodies may be (S28).

use crate::{
    browser::{call, form, get},
    world::{PASSWORD, World},
};

/// A form of so many bytes.
fn filled(bytes: usize) -> Vec<u8> {
    let mut body = b"email=".to_vec();
    body.resize(bytes, b'x');
    body
}

const FORM: &str = "application/x-www-form-urlencoded";
const PATH: &str = "/v1/generate/image/bfl/flux-schnell";

#[tokio::test]
async fn signing_in_and_up_takes_four_kibibytes() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    for path in [
        "/sign-in",
        "/sign-up",
        "/api/session/sign-in",
        "/api/session/sign-up",
    ] {
        for (bytes, refused) in [(4 * 1024, false), (4 * 1024 + 1, true)] {
            let told = world
                .send(call("POST", path).own_page().body(FORM, filled(bytes)))
                .await;
            assert_eq!(told.status == 413, refused, "{path} {bytes}: {}", told.status);
        }
        let streamed = call("POST", path).own_page().streamed(FORM, filled(5_000));
        let told = world.send(streamed).await;
        assert_eq!(told.status, 413, "{path} without a length");
    }
    let fields = [("email", ada.email.as_str()), ("password", PASSWORD)];
    assert_eq!(world.send(form("/sign-in", &fields)).await.status, 303);
}

#[tokio::test]
async fn a_route_of_the_catalogue_takes_a_hundred_kilobytes() {
    let world = World::sqlite().await;
    let key = world.person("Ada Moss").await.key("one", "full_access").await;
    const MOST: usize = 100 * 1024;
    for (bytes, status) in [(0, 501), (MOST, 501), (MOST + 1, 413)] {
        let known = call("POST", PATH)
            .bearer(&key)
            .body("application/json", filled(bytes.max(6)));
        let known = world.send(known).await;
        assert_eq!(known.status, status, "{bytes}");
        let streamed = call("POST", PATH)
            .bearer(&key)
            .streamed("application/json", filled(bytes.max(6)));
        assert_eq!(
            world.send(streamed).await.status,
            status,
            "{bytes} without a length"
        );
    }
    // Before anything is asked of the key (S41).
    let nobody = call("POST", PATH).body("application/json", filled(MOST + 1));
    let refused = world.send(nobody).await;
    assert_eq!(
        (refused.status, refused.json()["error"]["code"].as_str()),
        (413, Some("BSE2010"))
    );
    let unreadable = call("POST", PATH).header("content-length", "many");
    assert_eq!(world.send(unreadable).await.status, 413);
    assert_eq!(world.send(get("/v1/status").bearer(&key)).await.status, 200);
}
