//! Scripts, styles and icons of the pages.

use crate::{
    browser::{call, get},
    world::World,
};
use std::collections::BTreeSet;

const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// All paths below `/pkg/` in a page's tags and scripts.
fn named_by(page: &str) -> BTreeSet<String> {
    page.match_indices("/pkg/")
        .map(|(at, _)| {
            let rest = &page[at..];
            rest[..rest.find(['"', '\'', '`', ' ', '>']).unwrap_or(rest.len())].to_owned()
        })
        .collect()
}

async fn of_a_page(world: &World) -> BTreeSet<String> {
    assert!(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("target/site/site.json")
            .exists(),
        "target/site is missing: scripts/build-site.sh makes it"
    );
    let ada = world.person("Ada Moss").await;
    named_by(ada.get(&ada.keys()).await.text())
}

#[test]
fn names_are_found_in_tags_and_scripts() {
    let page = r#"<link href="/pkg/a.css"><script>import('/pkg/b.js')</script>"#;
    assert_eq!(
        named_by(page),
        ["/pkg/a.css".to_owned(), "/pkg/b.js".to_owned()].into()
    );
}

#[tokio::test]
async fn files_of_a_page_are_immutable_and_compressed() {
    let world = World::sqlite().await;
    let files = of_a_page(&world).await;
    for (start, end, media_type) in [
        ("main.", ".css", "text/css"),
        ("page.", ".js", "text/javascript"),
        ("babysea.", ".js", "text/javascript"),
        ("babysea.", "_bg.wasm", "application/wasm"),
    ] {
        let start = format!("/pkg/{start}");
        let mut named = files.iter();
        let path = named.find(|path| path.starts_with(&start) && path.ends_with(end));
        let path = path.unwrap_or_else(|| panic!("no {start}{end} in {files:?}"));
        let name = path.rsplit('/').next().expect("a name");
        let hash = name.split('.').nth(1).unwrap_or_default().trim_end_matches("_bg");
        assert!(
            hash.len() == 12 && hash.bytes().all(|b| b.is_ascii_hexdigit()),
            "{path}: no hash in its name"
        );

        let plain = world.send(get(path)).await;
        assert_eq!(
            (plain.status, plain.header("content-encoding")),
            (200, ""),
            "{path}"
        );
        let mut sizes = vec![plain.body.len()];
        for coding in ["gzip", "br"] {
            let packed = world.send(get(path).header("accept-encoding", coding)).await;
            assert_eq!(
                (packed.status, packed.header("content-encoding")),
                (200, coding),
                "{path}"
            );
            assert_eq!(
                packed.header("content-type"),
                plain.header("content-type"),
                "{path}"
            );
            assert_eq!(packed.header("cache-control"), IMMUTABLE, "{path}");
            if coding == "gzip" {
                assert_eq!(packed.body[..2], [0x1f, 0x8b], "{path}");
            }
            sizes.push(packed.body.len());
        }
        assert!(
            sizes.is_sorted_by(|larger, smaller| larger > smaller),
            "{path}: {sizes:?}"
        );
        assert!(
            plain.header("content-type").starts_with(media_type),
            "{path}: {}",
            plain.header("content-type")
        );
        assert_eq!(plain.header("cache-control"), IMMUTABLE, "{path}");
        assert!(
            plain
                .all("vary")
                .iter()
                .any(|vary| vary.eq_ignore_ascii_case("accept-encoding")),
            "{path}"
        );
        let both = world
            .send(get(path).header("accept-encoding", "gzip, deflate, br"))
            .await;
        assert_eq!(both.header("content-encoding"), "br", "{path}");
    }
}

#[tokio::test]
async fn no_link_of_a_page_is_broken() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let mut asked = BTreeSet::new();
    for page in [
        "/sign-in",
        "/sign-up",
        "/home/ada-moss/api-keys",
        "/home/ada-moss/api-keys?dialog=create",
        "/nowhere",
    ] {
        let page = ada.get(page).await;
        for tag in page.tags() {
            let link = tag.get("href").or_else(|| tag.get("src"));
            asked.extend(link.filter(|link| link.starts_with('/')).map(str::to_owned));
        }
        asked.extend(named_by(page.text()));
    }
    assert!(asked.len() > 5, "{asked:?}");
    for path in asked {
        let answer = ada.get(&path).await;
        assert!(matches!(answer.status, 200 | 303), "{path}: {}", answer.status);
    }
}

#[tokio::test]
async fn icon_and_robots() {
    let world = World::sqlite().await;
    for (path, media_type) in [("/favicon.svg", "image/svg+xml"), ("/robots.txt", "text/plain")] {
        let answer = world.send(get(path)).await;
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (200, "public, max-age=3600"),
            "{path}"
        );
        assert!(answer.header("content-type").starts_with(media_type), "{path}");
        assert!(!answer.body.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_cached_file_is_not_sent_again() {
    let world = World::sqlite().await;
    for path in of_a_page(&world)
        .await
        .into_iter()
        .chain(["/favicon.svg".to_owned()])
    {
        let first = world.send(get(&path)).await;
        let etag = first.header("etag");
        assert!(
            etag.len() > 8 && etag.starts_with('"') && etag.ends_with('"'),
            "{path}: {etag}"
        );
        let again = world.send(get(&path).header("if-none-match", etag)).await;
        assert_eq!(
            (again.status, again.body.len(), again.header("etag")),
            (304, 0, etag),
            "{path}"
        );
        let other = world.send(get(&path).header("if-none-match", "\"0\"")).await;
        assert_eq!(
            (other.status, other.body.len()),
            (200, first.body.len()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn nothing_else_is_served() {
    let world = World::sqlite().await;
    let mut paths: Vec<String> = [
        "/site.json",
        "/pkg",
        "/pkg/",
        "/pkg/nowhere.js",
        "/Cargo.toml",
        "/pkg/../site.json",
        "/%2e%2e/%2e%2e/Cargo.toml",
        "//etc/passwd",
        "/data/pepper",
        "/favicon.svg/",
    ]
    .map(str::to_owned)
    .into();
    for path in of_a_page(&world).await {
        paths.extend([format!("{path}.br"), format!("{path}.gz")]);
    }
    for path in paths {
        let answer = world.send(get(&path)).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.header("content-type").starts_with("text/html"), "{path}");
    }
}

#[tokio::test]
async fn files_are_only_read() {
    let world = World::sqlite().await;
    for method in ["POST", "PUT", "DELETE"] {
        let answer = world.send(call(method, "/favicon.svg").own_page()).await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, "GET, HEAD"),
            "{method}"
        );
    }
}

#[tokio::test]
async fn only_pages_with_an_island_load_the_module() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    for (path, has_island) in [
        ("/sign-in", false),
        ("/sign-up", false),
        ("/nowhere", false),
        ("/home/create-team", false),
        ("/home/ada-moss/scopes", false),
        ("/home/ada-moss/api-keys", true),
        ("/home/ada-moss/guard", true),
    ] {
        let page = ada.get(path).await;
        assert_eq!(page.text().contains("<leptos-island"), has_island, "{path}");
        assert_eq!(page.text().contains("_bg.wasm"), has_island, "{path}");
        let scripts = page.select("script[src]");
        assert!(
            scripts.iter().any(|script| {
                let src = script.tag.get("src").unwrap_or_default();
                src.starts_with("/pkg/page.") && script.tag.get("defer").is_some()
            }),
            "{path}: {scripts:?}"
        );
    }
}
