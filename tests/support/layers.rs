//! The layers of src, and their allowed dependencies: the table of docs/architecture.md.

use crate::rust_source::{Source, resolve};
use std::sync::LazyLock;

/// Crates of the column value `web`.
const WEB: [&str; 5] = ["axum", "leptos", "leptos_axum", "tower", "tower_sessions"];

/// A row of the table.
pub struct Layer {
    /// Its modules. A file belongs to the layer with the longest matching module path.
    modules: Vec<&'static str>,
    /// Modules it may use beside its own; `*` is any.
    may_use: Vec<&'static str>,
    /// Crates it must not use.
    without: Vec<&'static str>,
}

/// The rows in their order.
static LAYERS: LazyLock<Vec<Layer>> = LazyLock::new(|| table(include_str!("../../docs/architecture.md")));

/// The names in a cell of the table.
fn names(cell: &'static str) -> Vec<&'static str> {
    match cell.trim() {
        "everything" => vec!["*"],
        cell => cell.split('`').skip(1).step_by(2).collect(),
    }
}

fn table(document: &'static str) -> Vec<Layer> {
    let rows = document
        .lines()
        .skip_while(|line| !line.starts_with("| layer |"))
        .skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let layers = rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').collect();
        let [modules, _, may_use, without] = cells[..] else {
            panic!("{row}: not four columns");
        };
        let without = names(without).into_iter();
        Layer {
            modules: names(modules),
            may_use: names(may_use),
            without: without
                .flat_map(|name| if name == "web" { WEB.to_vec() } else { vec![name] })
                .collect(),
        }
    });
    layers.collect()
}

/// Sources of the system's time: rules get the time as an argument.
const CLOCKS: &[&str] = &["SystemTime", "Instant", "now_utc", "now_local"];

/// Whether the module `path` is `prefix` or inside it.
pub fn within(path: &str, prefix: &str) -> bool {
    let rest = path.strip_prefix(prefix);
    prefix == "*" || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The module path of a file of src: `src/server/dashboard/pages.rs` is `server::dashboard::pages`.
pub fn module_of(file: &str) -> String {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs");
    path.trim_end_matches("/mod").replace('/', "::")
}

/// The layer with the longest match for a module: its index in the table, and its module path there.
pub fn layer_of(module: &str) -> (usize, &'static str) {
    let named = LAYERS
        .iter()
        .enumerate()
        .flat_map(|(at, layer)| layer.modules.iter().map(move |&name| (at, name)));
    named
        .filter(|(_, name)| within(module, name))
        .max_by_key(|(_, name)| name.len())
        .unwrap_or_else(|| panic!("{module}: give it a row in the table of docs/architecture.md"))
}

/// Forbidden dependencies of a file: modules or crates that it uses and must not.
pub fn wrong_arrows(file: &str, source: &str) -> Vec<String> {
    let module = module_of(file);
    let layer = &LAYERS[layer_of(&module).0];
    let mut wrong = Vec::new();
    for path in Source::read(source).paths {
        let has = |word: &str| path.iter().any(|part| part == word);
        let (own, target) = resolve(&module, &path);
        let mut allowed = layer.modules.iter().chain(&layer.may_use);
        let outside = own && !target.is_empty() && !allowed.any(|allowed| within(&target, allowed));
        let foreign = !own && layer.without.iter().any(|root| path[0] == *root);
        let clock = within(&module, "domain") && CLOCKS.iter().any(|clock| has(clock));
        if outside || foreign || clock {
            wrong.push(target);
        }
    }
    wrong
}

#[test]
fn a_layer_uses_only_those_above_it_in_the_table() {
    assert!(LAYERS.len() > 15, "the table is read");
    for (at, layer) in LAYERS.iter().enumerate() {
        for used in layer.may_use.iter().filter(|used| **used != "*") {
            let (owner, _) = layer_of(used);
            let inside = LAYERS
                .iter()
                .rposition(|other| other.modules.iter().any(|module| within(module, used)));
            let lowest = inside.map_or(owner, |inside| inside.max(owner));
            assert!(
                lowest < at,
                "{:?} may use {used}, which is not above it",
                layer.modules
            );
        }
    }
}

/// A file, its source, and the forbidden dependency in it.
const PLANTED: &[(&str, &str, &str)] = &[
    (
        "domain/key.rs",
        "use crate::server::store::Store;",
        "server::store::Store",
    ),
    ("domain/key.rs", "use super::super::api;", "api"),
    ("domain/key.rs", "use sqlx::Row;", "sqlx::Row"),
    (
        "domain/key.rs",
        "fn f() -> impl Sized + use<> {} fn g() { sqlx::query(); }",
        "sqlx::query",
    ),
    (
        "domain/key.rs",
        "fn f() { leptos::logging::log!(1); }",
        "leptos::logging::log",
    ),
    (
        "domain/key.rs",
        "fn f() { std::time::SystemTime::now(); }",
        "std::time::SystemTime::now",
    ),
    (
        "domain/key.rs",
        "use time::{Duration, OffsetDateTime as T}; fn f() { T::now_utc(); }",
        "T::now_utc",
    ),
    ("domain/key.rs", "// \"\nuse axum::Router;", "axum::Router"),
    (
        "domain/key.rs",
        "fn f(c: char) { c == '\"'; axum::x(); } // \"",
        "axum::x",
    ),
    (
        "ui/pages/keys.rs",
        "use crate::{api::x, server::{app::App}};",
        "server::app::App",
    ),
    (
        "ui/layout.rs",
        "fn f() { crate::server::runtime::rng::x() }",
        "server::runtime::rng::x",
    ),
    ("api/wire.rs", "use super::keys;", "api::keys"),
    ("api/keys.rs", "use crate::server::app::App;", "server::app::App"),
    (
        "api/keys.rs",
        "#[server] async fn f() { use crate::server::dashboard::pages; }",
        "server::dashboard::pages",
    ),
    ("api/keys.rs", "use super::super::ui::kit;", "ui::kit"),
    (
        "server/store/keys.rs",
        "use crate::server::service::keys;",
        "server::service::keys",
    ),
    (
        "server/store/keys.rs",
        "use super::super::{secret::password};",
        "server::secret::password",
    ),
    (
        "server/secret/pepper.rs",
        "use crate::server::store::Store;",
        "server::store::Store",
    ),
    (
        "server/service/keys.rs",
        "use crate::server::{app::App, http::{self as h}};",
        "server::http",
    ),
    (
        "server/service/keys.rs",
        "use super::super::dashboard::session;",
        "server::dashboard::session",
    ),
    (
        "server/service/verify/cache.rs",
        "use crate::server::app::App;",
        "server::app::App",
    ),
    (
        "server/service.rs",
        "use axum::http::StatusCode;",
        "axum::http::StatusCode",
    ),
    (
        "server/machine/v1.rs",
        "fn f() { sqlx::query(\"\"); }",
        "sqlx::query",
    ),
    (
        "server/machine/v1.rs",
        "use crate::server::store::{Store};",
        "server::store::Store",
    ),
    (
        "server/machine.rs",
        "use super::dashboard::pages;",
        "server::dashboard::pages",
    ),
    (
        "server/access.rs",
        "use super::service::keys;",
        "server::service::keys",
    ),
    (
        "server/dashboard/caller.rs",
        "use super::pages;",
        "server::dashboard::pages",
    ),
    (
        "server/runtime/clock.rs",
        "use crate::server::app::App;",
        "server::app::App",
    ),
    (
        "server/config/trusted_proxies.rs",
        "use crate::server::app::App;",
        "server::app::App",
    ),
    ("server/runtime/window.rs", "use axum::Router;", "axum::Router"),
    ("server/recorder.rs", "use super::app::App;", "server::app::App"),
    (
        "server/commands.rs",
        "use super::dashboard::pages;",
        "server::dashboard::pages",
    ),
];

#[test]
fn planted_arrows_are_found() {
    for &(file, source, found) in PLANTED {
        assert_eq!(
            wrong_arrows(&format!("src/{file}"), source),
            [found],
            "{file}: {source}"
        );
    }
}

#[test]
fn allowed_arrows_and_mere_words_are_let_through() {
    for (file, source) in [
        (
            "domain/key.rs",
            "use super::{ids::{self, KeyId}, time::Timestamp}; use std::fmt;",
        ),
        (
            "domain/key.rs",
            "/// See crate::server::store and sqlx::query.\nconst A: &str = \"use axum::Router;\";",
        ),
        (
            "domain/key.rs",
            "const A: &str = r#\"\"axum::x\"#; const B: &str = \"\\\"axum::x\";",
        ),
        (
            "domain/key.rs",
            "fn f() {}\n#[cfg(test)]\nmod tests { use crate::server::runtime::rng::SeededRng; }",
        ),
        (
            "api/keys.rs",
            "#[server(prefix = \"/api\")] async fn f() { use crate::server::{dashboard::caller, service::keys}; if x { keys::d() } }",
        ),
        (
            "ui/pages/keys/table.rs",
            "use super::Opener; use crate::{api::wire::FormState, domain::key, ui::kit};",
        ),
        (
            "server/store/keys.rs",
            "use super::{Conn, on}; use crate::server::secret::key_hash::KeyHash;",
        ),
        (
            "server/service/verify.rs",
            "use crate::server::{access::KeyManager, app::App, store::{Store, Tables as _}};",
        ),
        (
            "server/dashboard/pages/keys.rs",
            "use super::SignedIn; use crate::{api::keys, server::service::{self}, ui::layout};",
        ),
        (
            "server/router.rs",
            "use super::{app::App, dashboard::session, machine::v1};",
        ),
        ("main.rs", "use babysea::server::{app::App, jobs};"),
    ] {
        assert_eq!(
            wrong_arrows(&format!("src/{file}"), source),
            Vec::<String>::new(),
            "{file}: {source}"
        );
    }
}
