//! `GET /v1/openapi.json`: content of the document. `conformance` checks responses against it.

use crate::{
    browser::{call, get},
    database::Database,
    schema::Document,
    world::{HTTPS_ORIGIN, Setup, World, with_default},
};
use babysea::{
    domain::catalog::{Catalog, Route},
    server::machine::error::kinds::{self, Kind},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};

const REPORT: &str = "/v1/keys/report-leak";
const OWN: [(&str, &str); 2] = [("GET", "/v1/openapi.json"), ("POST", REPORT)];

/// Method and path of every operation of the catalogue.
fn of_catalogue(document: &Document) -> BTreeSet<(String, String)> {
    let operations = document.operations().into_iter();
    operations
        .filter(|(method, path, _)| !OWN.contains(&(method, path)))
        .map(|(method, path, _)| (method, path.to_owned()))
        .collect()
}

/// Visits every value of the document.
fn walk<'v>(value: &'v Value, visit: &mut impl FnMut(&'v Value)) {
    visit(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        Value::Object(fields) => fields.values().for_each(|field| walk(field, visit)),
        _ => {}
    }
}

/// Name of the example of a kind of refusal.
fn example(kind: &Kind) -> String {
    format!("{}_{}", kind.code, kind.reason)
}

#[tokio::test]
async fn every_route_is_there_once_with_its_scope() {
    with_default("--catalog");
    let world = World::sqlite().await;
    let document = Document::of(&world).await;
    assert_eq!(document.0["openapi"], "3.1.0");
    assert_eq!(
        document.0["info"]["title"],
        format!("{} API", world.app.config.brand)
    );
    assert_eq!(
        document.0["servers"],
        json!([{ "url": world.app.origin.as_str() }])
    );
    let catalog = Catalog::vendor();
    let template =
        |pattern: &str| pattern.replace("{model_identifier}", "{model_identifier_1}/{model_identifier_2}");
    let expected: BTreeSet<_> = catalog
        .routes
        .iter()
        .map(|route| (route.method.clone(), template(&route.pattern)))
        .collect();
    assert_eq!(expected.len(), catalog.routes.len());
    assert_eq!(of_catalogue(&document), expected);
    assert_eq!(document.operations().len(), expected.len() + OWN.len());

    let mut ids = BTreeSet::new();
    for (method, path, operation) in document.operations() {
        let case = format!("{method} {path}");
        assert!(
            ids.insert(operation["operationId"].as_str().expect("an id")),
            "{case}"
        );
        let is_meant = |route: &&Arc<Route>| route.method == method && template(&route.pattern) == path;
        let route = catalog.routes.iter().find(is_meant);
        assert_eq!(
            operation["x-required-scope"].as_str(),
            route.map(|route| &*route.scope),
            "{case}"
        );
        // Operations without a key say so; all others have the document's security requirement.
        let open = operation["security"] == json!([]);
        assert_eq!(open, route.is_none(), "{case}");
        let parameters = document.0["paths"][path]["parameters"].as_array();
        let names: Vec<_> = parameters
            .into_iter()
            .flatten()
            .map(|parameter| {
                assert_eq!(
                    (&parameter["in"], &parameter["required"]),
                    (&json!("path"), &json!(true))
                );
                format!("{{{}}}", parameter["name"].as_str().expect("a name"))
            })
            .collect();
        let wanted: Vec<_> = path.split('/').filter(|part| part.starts_with('{')).collect();
        assert_eq!(names, wanted, "{case}");
    }
    assert_eq!(
        document.0["security"],
        json!([{ "api_key": [] }]),
        "every route of the catalogue"
    );
    assert_eq!(
        document.0["components"]["securitySchemes"]["api_key"]["scheme"],
        "bearer"
    );
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let document = Document::of(&World::sqlite().await).await;
    let mut count = 0;
    walk(&document.0, &mut |value| {
        if value["$ref"].is_string() {
            document.follow(value);
            count += 1;
        }
    });
    assert!(count > 100, "{count} references");
}

#[tokio::test]
async fn every_error_is_in_the_document_and_every_example_is_right() {
    let document = Document::of(&World::sqlite().await).await;
    let table: Vec<_> = kinds::ALL
        .iter()
        .map(|kind| {
            json!({
                "code": kind.code,
                "type": kind.name,
                "status": kind.status.as_u16(),
                "message": kind.message,
                "retryable": kind.retryable,
                "reason": kind.reason,
            })
        })
        .collect();
    assert_eq!(document.0["x-error-catalog"], json!(table));

    let mut shown = BTreeSet::new();
    for (method, path, operation) in document.operations() {
        for (status, answer) in operation["responses"].as_object().expect("responses") {
            let content = &answer["content"]["application/json"];
            for (name, example) in content["examples"].as_object().into_iter().flatten() {
                let body = &example["value"];
                let faults = document.faults(&content["schema"], body, name);
                assert_eq!(faults, [""; 0], "{method} {path} {status}");
                let kind = kinds::ALL.iter().find(|kind| self::example(kind) == *name);
                let kind = kind.unwrap_or_else(|| panic!("{name} is no kind of error"));
                assert_eq!(
                    kind.status.as_u16().to_string(),
                    *status,
                    "{method} {path} {name}"
                );
                shown.insert(name.clone());
            }
            assert_eq!(status == "200", content["examples"].is_null(), "{method} {path}");
        }
    }
    // A refusal that only proxies get is no response of /v1.
    let expected = kinds::ALL.iter().filter(|kind| **kind != &kinds::UNTRUSTED_PROXY);
    assert_eq!(shown, expected.map(|kind| example(kind)).collect());
}

#[tokio::test]
async fn another_company_has_its_own_document_and_it_follows_the_file() {
    let database = Database::sqlite();
    let file = database.folder().join("catalog.toml");
    let shipped = include_str!("../../../examples/catalog/weather.toml");
    std::fs::write(&file, shipped).expect("a file");
    let path = file.to_str().expect("a path in UTF-8").to_owned().leak();
    let setup = Setup {
        origin: HTTPS_ORIGIN,
        arguments: vec!["--catalog", path, "--brand", "Weathervane", "--key-prefix", "wv_"].leak(),
        ..Setup::default()
    };
    let world = World::with(database, setup).await;
    let document = Document::of(&world).await;
    assert_eq!(document.0["info"]["title"], "Weathervane API");
    assert_eq!(document.0["servers"][0]["url"], HTTPS_ORIGIN);
    let expect = |routes: &[(&str, &str)]| -> BTreeSet<_> {
        let own = |(method, path): &(&str, &str)| ((*method).to_owned(), (*path).to_owned());
        routes.iter().map(own).collect()
    };
    let weather = [
        ("DELETE", "/stations/{station}"),
        ("GET", "/forecasts/{place}"),
        ("POST", "/observations"),
    ];
    assert_eq!(of_catalogue(&document), expect(&weather));
    for (method, path, operation) in document.operations() {
        assert!(operation["responses"]["501"].is_null(), "{method} {path}");
        let guarded = !OWN.contains(&(&method, path));
        assert_eq!(
            operation["responses"]["default"].is_object(),
            guarded,
            "{method} {path}"
        );
    }
    assert!(!document.0.to_string().contains("BabySea"));

    // One path with two parameter names, a hidden route, an unsupported method, and this server's own route.
    let route = |method: &str, pattern: &str| {
        format!("\n[[routes]]\nmethod = \"{method}\"\npattern = \"{pattern}\"\nscope = \"forecast:read\"\n")
    };
    let more = [
        ("PUT", "/stations/{id}"),
        ("GET", "/forecasts/bergen"),
        ("PURGE", "/observations"),
        ("GET", REPORT),
        ("GET", "/v1/tides/{place}"),
    ];
    let more: String = more
        .into_iter()
        .map(|(method, pattern)| route(method, pattern))
        .collect();
    std::fs::write(&file, format!("{shipped}{more}")).expect("a file");
    world.app.reload_catalog().await.expect("a catalogue");
    let mut routes = weather.to_vec();
    routes.extend([("PUT", "/stations/{station}"), ("GET", "/v1/tides/{place}")]);
    assert_eq!(of_catalogue(&Document::of(&world).await), expect(&routes));
}

#[tokio::test]
async fn the_document_needs_no_key_and_is_read_alone() {
    let world = World::sqlite().await;
    let answer = world.send(get(OWN[0].1)).await;
    Document::of(&world).await.check("GET", OWN[0].1, &answer);
    assert_eq!(answer.header("cache-control"), "no-store");
    let wrong_key = get(OWN[0].1).bearer("bye_x");
    assert_eq!(world.send(wrong_key).await.body, answer.body);
    let head = world.send(call("HEAD", OWN[0].1)).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let refused = world.send(call(method, OWN[0].1)).await;
        assert_eq!(
            (refused.status, &refused.json()["error"]["code"]),
            (404, &json!("BSE2404"))
        );
    }
}
