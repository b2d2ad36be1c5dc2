//! Another company's API: its catalogue, name and prefix.

use crate::{
    answer::Answer,
    browser::{call, get},
    database::{Database, both},
    html::{Part, Tag},
    program::{Program, run},
    world::{Setup, World},
};
use babysea::{domain::proxy_config::Proxy, server::app::App};
use std::path::Path;

const SHIPPED: &str = include_str!("../../../examples/catalog/weather.toml");

fn setup(file: &Path) -> Setup {
    let file = file.to_str().expect("a path in UTF-8").to_owned();
    let arguments = [
        "--catalog",
        file.leak(),
        "--brand",
        "Weathervane",
        "--key-prefix",
        "wv_",
        "--trusted-proxies",
        "10.0.0.0/8",
    ];
    Setup {
        arguments: Vec::leak(arguments.to_vec()),
        ..Setup::default()
    }
}

async fn world(database: Database) -> (World, tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("catalog.toml");
    std::fs::write(&file, SHIPPED).expect("a file");
    (World::with(database, setup(&file)).await, folder, file)
}

/// Reloads another text of the file; returns the error.
async fn reloaded(app: &App, file: &Path, text: &str) -> Result<(), String> {
    std::fs::write(file, text).expect("a file");
    app.reload_catalog().await.map_err(|error| error.to_string())
}

both!(
    another_company_runs_under_its_own_name,
    async |database: Database| {
        let (world, _folder, _) = world(database).await;
        let ada = world.person("Ada Moss").await;
        let key = ada.key("station", "stations").await;
        assert!(key.starts_with("wv_"), "the prefix");
        for (method, path, status) in [
            ("POST", "/observations", 200),
            ("GET", "/forecasts/bergen", 403),
            ("GET", "/v1/status", 404),
        ] {
            let asked = get("/forward-auth")
                .header("x-forwarded-method", method)
                .header("x-forwarded-uri", path);
            let asked = asked.sent_from("10.0.0.1").bearer(&key);
            assert_eq!(world.send(asked).await.status, status, "{method} {path}");
        }
        assert_eq!(
            world.send(call("GET", "/v1/status").bearer(&key)).await.status,
            404
        );
        let page = ada.get(&ada.keys()).await;
        assert!(page.text().contains("Weathervane") && !page.text().contains("Full Access"));
        let scopes = ada.get(&ada.keys().replace("api-keys", "scopes")).await;
        assert!(scopes.text().contains("forecast:read"), "{}", scopes.text());
        let guard = ada.keys().replace("api-keys", "guard");
        for proxy in Proxy::ALL.map(Proxy::id) {
            for path in [format!("{guard}?proxy={proxy}"), format!("{guard}/{proxy}")] {
                let shown = ada.get(&path).await;
                assert_eq!(shown.status, 200, "{path}");
                assert!(shown.text().contains("Start Weathervane with"), "{path}");
                assert!(!shown.text().contains("BabySea"), "{path}: {}", shown.text());
            }
        }
    }
);

/// For each row or option that `parts` selects, the texts in the tags for which `is_told` holds.
fn told(page: &Answer, parts: &str, is_told: impl Fn(&Tag) -> bool) -> Vec<Vec<String>> {
    let texts = |part: &Part| {
        let tags = part.inside.iter().filter(|tag| is_told(tag));
        tags.map(|tag| tag.text.trim().to_owned()).collect()
    };
    page.select(parts).iter().map(texts).collect()
}

#[tokio::test]
async fn the_page_scopes_and_the_dialog_match_the_catalogue() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("catalog.toml");
    std::fs::write(&file, SHIPPED).expect("a file");
    for setup in [Setup::default(), setup(&file)] {
        let world = World::with(Database::sqlite(), setup).await;
        let ada = world.person("Ada Moss").await;
        let catalog = world.app.catalog();
        let routes_of = |scope: &String| {
            let scope = scope.clone();
            let routes = catalog.routes.iter().filter(move |route| *route.scope == *scope);
            routes.map(|route| (route.method.clone(), route.pattern.to_string()))
        };

        let page = ada.get(&ada.keys().replace("api-keys", "scopes")).await;
        let is_told = |tag: &Tag| {
            let class = tag.get("class").unwrap_or_default();
            tag.name == "code" || ["method", "visually-hidden"].contains(&class)
        };
        let expected: Vec<Vec<_>> = catalog
            .scopes
            .iter()
            .map(|scope| {
                let routes = routes_of(scope).flat_map(|(method, pattern)| [method, pattern]);
                let marks = catalog.presets.iter().map(|preset| {
                    let is_held = preset.scopes.contains(scope);
                    if is_held { "yes" } else { "no" }.to_owned()
                });
                std::iter::once(scope.clone())
                    .chain(routes)
                    .chain(marks)
                    .collect()
            })
            .collect();
        assert_eq!(told(&page, "tbody tr", is_told), expected);
        let heads = page
            .tags()
            .into_iter()
            .filter(|tag| tag.get("scope") == Some("col"));
        let heads: Vec<_> = heads.skip(1).map(|tag| tag.text).collect();
        let labels: Vec<_> = catalog
            .presets
            .iter()
            .map(|preset| preset.label.clone())
            .collect();
        assert_eq!(heads, labels);

        let dialog = ada.get(&format!("{}?dialog=create", ada.keys())).await;
        let is_told = |tag: &Tag| tag.name == "code" || tag.get("class") == Some("scope-route");
        let expected: Vec<Vec<_>> = catalog
            .scopes
            .iter()
            .map(|scope| {
                let routes = routes_of(scope).map(|(method, pattern)| format!("{method} {pattern}"));
                std::iter::once(scope.clone()).chain(routes).collect()
            })
            .collect();
        assert_eq!(told(&dialog, "label.scope-choice", is_told), expected);
        for preset in &catalog.presets {
            assert!(
                dialog
                    .tags()
                    .iter()
                    .any(|tag| tag.text.trim() == preset.description),
                "{}",
                preset.id
            );
        }
    }
}

both!(a_scope_in_use_cannot_be_removed, async |database: Database| {
    let (world, _folder, file) = world(database).await;
    let ada = world.person("Ada Moss").await;
    ada.key("one", "stations").await;
    let two = ada.key_with(&[("name", "two"), ("preset", "stations")]).await;
    let without = SHIPPED.replace("observation:write", "observation:put");
    let refused = reloaded(&world.app, &file, &without)
        .await
        .expect_err("a scope in use");
    assert!(
        refused.contains("observation:write") && refused.contains("2 live keys"),
        "{refused}"
    );
    assert!(
        world
            .app
            .catalog()
            .scopes
            .contains(&"observation:write".to_owned()),
        "the old one is kept"
    );
    let faulty = SHIPPED.replace("method = \"POST\"", "method = \"post\"");
    let refused = reloaded(&world.app, &file, &faulty).await.expect_err("a fault");
    assert!(refused.contains("line ") && refused.contains("post"), "{refused}");
    ada.revoke(&[&two.id]).await;
    let refused = reloaded(&world.app, &file, &without)
        .await
        .expect_err("still in use");
    assert!(refused.contains("1 live key "), "{refused}");
});

both!(
    the_scopes_of_a_key_stay_when_routes_change,
    async |database: Database| {
        let (world, _folder, file) = world(database).await;
        let ada = world.person("Ada Moss").await;
        let key = ada.key_with(&[("name", "reader"), ("preset", "readers")]).await;
        // The key is cached, prepared for the old catalogue.
        let moved = SHIPPED
            .replace("scopes = [\n", "scopes = [\n    \"first:scope\",\n")
            .replace("/forecasts/{place}", "/v1/forecasts/{place}");
        let ask = async || {
            world
                .send(get("/v1/forecasts/bergen").bearer(&key.secret))
                .await
                .status
        };
        assert_eq!(ask().await, 404);
        reloaded(&world.app, &file, &moved).await.expect("a catalogue");
        assert_eq!(ask().await, 501, "passed every check");
        let narrowed = moved.replacen("scope = \"forecast:read\"", "scope = \"first:scope\"", 1);
        reloaded(&world.app, &file, &narrowed).await.expect("a catalogue");
        assert_eq!(ask().await, 403);
    }
);

#[tokio::test]
async fn sighup_reloads_the_file_and_an_invalid_one_stops_the_start() {
    let database = Database::sqlite();
    let file = database.folder().join("catalog.toml");
    std::fs::write(&file, SHIPPED).expect("a file");
    let program = Program::start_with(&database, &["--catalog", file.to_str().expect("UTF-8")]);
    std::fs::write(&file, SHIPPED.replace("\"GET\"", "\"get\"")).expect("a file");
    program.hang_up("the catalogue was not reloaded");
    std::fs::write(&file, SHIPPED).expect("a file");
    program.hang_up("the catalogue was reloaded");
    let log = String::from_utf8(program.stop()).expect("text");
    assert!(log.contains("line "), "{log}");
    std::fs::write(&file, SHIPPED.replace("[[routes]]", "[[roads]]")).expect("a file");
    let refused = run(&database, &["--catalog", file.to_str().expect("UTF-8")]).expect_err("no catalogue");
    assert!(
        refused.contains("CATALOG") && refused.contains("roads"),
        "{refused}"
    );
}
