//! The page `Guard your API`: for all members, with this server's address in the configurations.

use crate::{
    browser::get,
    database::Database,
    world::{Setup, World},
};
use babysea::domain::{proxy_config::Proxy, role::Role};

#[tokio::test]
async fn every_proxy_has_its_file_with_this_servers_address() {
    let setup = Setup {
        arguments: &["--listen", "127.0.0.1:4321"],
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    let ada = world.person("Ada Moss").await;
    let page = ada.keys().replace("api-keys", "guard");
    let shown = ada.get(&page).await;
    assert!(shown.text().contains("TRUSTED_PROXIES"));
    // One name for one person, here and wherever people are sent to them.
    let create_team = ada.get("/home/create-team").await;
    for (page, number) in [(shown, 2), (create_team, 1)] {
        let named = page.text().matches("erson who runs this server").count();
        assert_eq!((page.status, named), (200, number), "{}", page.text());
        assert!(!page.text().contains("administrator"));
    }
    for proxy in Proxy::ALL {
        let shown = ada.get(&format!("{page}?proxy={}", proxy.id())).await;
        assert_eq!(shown.status, 200);
        let file = ada.get(&format!("{page}/{}", proxy.id())).await;
        let read = shown.select("pre code").remove(0).text();
        assert_eq!(read.trim(), file.text().trim(), "{proxy:?}");
        // What is copied is the file, whatever a browser makes of the page.
        let copied = shown.select("[data-copies]").remove(0).tag;
        assert_eq!(copied.get("data-copies"), Some(read.as_str()), "{proxy:?}");
        assert!(file.text().contains("4321"), "{proxy:?}");
        assert!(file.header("content-disposition").contains(proxy.file()));
    }
    assert_eq!(ada.get(&format!("{page}/apache")).await.status, 404);
}

#[tokio::test]
async fn the_address_to_trust_is_the_source_of_a_local_proxy() {
    const ELSEWHERE: &str = "by one that the proxy can reach";
    for (arguments, server, trusted, everywhere) in [
        (
            &["--listen", "127.0.0.1:4321"],
            "127.0.0.1:4321",
            "127.0.0.1",
            false,
        ),
        (&["--listen", "10.0.0.5:4321"], "10.0.0.5:4321", "10.0.0.5", false),
        (&["--listen", "[::1]:4321"], "[::1]:4321", "::1", false),
        (&["--listen", "0.0.0.0:4321"], "127.0.0.1:4321", "127.0.0.1", true),
        (&["--listen", "[::]:4321"], "127.0.0.1:4321", "127.0.0.1", true),
    ] {
        let setup = Setup {
            arguments,
            ..Setup::default()
        };
        let world = World::with(Database::sqlite(), setup).await;
        let ada = world.person("Ada Moss").await;
        let page = ada.keys().replace("api-keys", "guard");
        let shown = ada.get(&page).await;
        // In the steps; the file's text has a line break there.
        let step = format!("<code translate=\"no\">{trusted}</code> on the same machine");
        assert!(shown.text().contains(&step), "{arguments:?}: {}", shown.text());
        assert_eq!(shown.text().contains(ELSEWHERE), everywhere, "{arguments:?}");
        let file = ada.get(&format!("{page}/nginx")).await;
        for line in [
            format!("server {server};"),
            format!("TRUSTED_PROXIES={trusted}\n"),
        ] {
            assert!(file.text().contains(&line), "{arguments:?}: {line}");
        }
    }
}

#[tokio::test]
async fn members_see_it_and_others_do_not() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let team = ada.team("Shore").await;
    let page = team.keys().replace("api-keys", "guard");
    let slug = page.split('/').nth(2).expect("a slug").to_owned();
    let bea = world.member("Bea Lind", &slug, Role::Member).await;
    assert_eq!(bea.get(&page).await.status, 200);
    let eve = world.person("Eve Stone").await;
    for path in [page.clone(), format!("{page}/nginx")] {
        assert_eq!(eve.get(&path).await.status, 404, "{path}");
        assert_eq!(world.send(get(&path)).await.status, 303, "{path}");
    }
}
