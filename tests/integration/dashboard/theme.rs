//! The theme: stored in a cookie, and applied by every page.

use crate::database::Database;
use crate::world::{HTTPS_ORIGIN, Setup, World};

#[tokio::test]
async fn the_choice_is_kept_and_followed() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let html = async |path: &str| {
        ada.get(path)
            .await
            .tags()
            .into_iter()
            .find(|tag| tag.name == "html")
    };
    let theme = async |path: &str| {
        html(path)
            .await
            .and_then(|tag| tag.get("data-theme").map(str::to_owned))
    };
    assert_eq!(theme(&ada.keys()).await, None);
    let next = format!("{}?search=x", ada.keys());
    let answer = ada.post("/theme", &[("theme", "dark"), ("next", &next)]).await;
    assert_eq!((answer.status, answer.location()), (303, next.as_str()));
    assert!(answer.header("set-cookie").contains("HttpOnly; SameSite=Lax"));
    for page in [ada.keys().as_str(), "/home/create-team", "/nowhere"] {
        assert_eq!(theme(page).await.as_deref(), Some("dark"), "{page}");
    }
    ada.post("/theme", &[("theme", "system")]).await;
    assert_eq!(theme(&ada.keys()).await, None);
}

#[tokio::test]
async fn it_leads_to_pages_of_this_server_only() {
    let world = World::sqlite().await;
    let nobody = world.anonymous();
    for (next, location) in [
        ("/sign-in", "/sign-in"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("", "/"),
    ] {
        let answer = nobody.post("/theme", &[("theme", "light"), ("next", next)]).await;
        assert_eq!((answer.status, answer.location()), (303, location), "{next}");
    }
    let other = nobody.post("/theme", &[("theme", "\"><script>")]).await;
    let forgotten = other.header("set-cookie");
    assert!(
        forgotten.starts_with("babysea-3000-theme=system; ") && forgotten.ends_with("; Max-Age=0"),
        "{forgotten}"
    );
}

#[tokio::test]
async fn over_https_it_stays_there() {
    let setup = Setup {
        origin: HTTPS_ORIGIN,
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    let answer = world.anonymous().post("/theme", &[("theme", "dark")]).await;
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-theme=dark; ") && cookie.contains("; Secure; "),
        "{cookie}"
    );
}
