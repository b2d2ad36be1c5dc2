//! Another company's API: its catalogue, name and prefix.

use crate::{
    browser::{call, get},
    database::{Database, both},
    program::{Program, run},
    world::{Setup, World},
};
use babysea::server::app::App;
use std::path::Path;

const SHIPPED: &str = include_str!("../../examples/catalog/weather.toml");

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

/// What the app says to another text of its file.
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
    }
);

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
    what_a_key_may_do_stays_as_routes_move,
    async |database: Database| {
        let (world, _folder, file) = world(database).await;
        let ada = world.person("Ada Moss").await;
        let key = ada.key_with(&[("name", "reader"), ("preset", "readers")]).await;
        // Known in memory by now, for the catalogue of then.
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
async fn a_hangup_reads_the_file_again_and_a_wrong_one_stops_the_start() {
    let database = Database::sqlite();
    let file = database.folder().join("catalog.toml");
    std::fs::write(&file, SHIPPED).expect("a file");
    let program = Program::start_with(&database, &["--catalog", file.to_str().expect("UTF-8")]);
    std::fs::write(&file, SHIPPED.replace("\"GET\"", "\"get\"")).expect("a file");
    program.hang_up("the catalogue stays as it was");
    std::fs::write(&file, SHIPPED).expect("a file");
    program.hang_up("the catalogue was read again");
    let log = String::from_utf8(program.stop()).expect("text");
    assert!(log.contains("line "), "{log}");
    std::fs::write(&file, SHIPPED.replace("[[routes]]", "[[roads]]")).expect("a file");
    let refused = run(&database, &["--catalog", file.to_str().expect("UTF-8")]).expect_err("no catalogue");
    assert!(
        refused.contains("CATALOG") && refused.contains("roads"),
        "{refused}"
    );
}
