//! The layers of src, and which may use which.

use crate::rust_source::{code, outside_server_functions, paths, resolve, tokens};

/// What draws, stores or answers.
const OUTSIDE: &str = "axum leptos leptos_axum sqlx tokio tower tower_sessions";
const WEB: &str = "axum leptos leptos_axum";
const WEB_AND_SQL: &str = "axum leptos leptos_axum sqlx";

/// The table of docs/architecture.md: the modules of a layer, the modules of this crate they may use, and the crates
/// they must not. A file belongs to the layer that names it most exactly.
const LAYERS: &[(&str, &str, &str)] = &[
    ("domain", "domain", OUTSIDE),
    ("api", "api domain", "axum sqlx tokio"),
    ("ui", "ui api domain", "axum sqlx tokio"),
    (
        "server::clock server::rng server::client server::limits",
        "server::limits domain",
        OUTSIDE,
    ),
    // Whoever waits for a turn sleeps in tokio.
    ("server::limits::turns", "domain", WEB_AND_SQL),
    ("server::log_limit", "", OUTSIDE),
    ("server::files", "server::files", OUTSIDE),
    (
        "server::logging",
        "server::config::LogFormat server::log_limit",
        OUTSIDE,
    ),
    ("server::tasks server::quiet_thread", "", WEB_AND_SQL),
    ("server::batches", "server::log_limit server::store", WEB_AND_SQL),
    ("server::pace", "server::store domain", WEB_AND_SQL),
    (
        "server::write_behind",
        "server::batches server::store domain",
        WEB_AND_SQL,
    ),
    (
        "server::folds",
        "server::batches server::rng server::store domain",
        WEB_AND_SQL,
    ),
    // Keys are stored and found by the type of their hash.
    (
        "server::store",
        "server::clock::Uptime server::files server::quiet_thread server::secret::pepper::KeyHash server::store server::tasks domain",
        WEB,
    ),
    ("server::catalog_file", "server::store domain", WEB_AND_SQL),
    ("server::metrics", "", OUTSIDE),
    ("server::request_ids", "server::rng domain", OUTSIDE),
    (
        "server::key_cache",
        "server::secret::pepper::KeyHash server::store domain",
        WEB_AND_SQL,
    ),
    // The pepper of a backup is compared with the one that is there.
    (
        "server::backups",
        "server::backups server::files server::quiet_thread server::secret::pepper server::store domain",
        WEB_AND_SQL,
    ),
    // The pepper is checked against what is stored; networks take turns at hashing.
    (
        "server::secret",
        "server::secret server::files server::store server::rng server::limits domain",
        WEB_AND_SQL,
    ),
    // Both are settings: where the data is, and whose word on a client is taken.
    (
        "server::config",
        "server::config server::store::Location server::client domain",
        OUTSIDE,
    ),
    (
        "server::jobs",
        "server::jobs server::store server::app server::backups server::config server::pace server::quiet_thread domain",
        WEB_AND_SQL,
    ),
    (
        "server::recorder",
        "server::recorder server::batches server::clock server::rng server::secret::pepper::KeyHash server::store server::tasks server::write_behind domain",
        WEB_AND_SQL,
    ),
    (
        "server::app",
        "server::backups::Known server::catalog_file server::client server::clock server::config server::files server::folds server::key_cache server::limits server::logging server::metrics server::recorder server::request_ids server::rng server::secret server::store server::tasks server::write_behind domain",
        WEB_AND_SQL,
    ),
    (
        "server::service",
        "server::service server::access server::app server::client server::config server::folds server::key_cache \
         server::limits server::log_limit server::secret \
         server::store domain",
        WEB_AND_SQL,
    ),
    // What the binary does beside serving; the sample is written past the use cases, into the past.
    (
        "server::commands server::demo",
        "server::commands server::app server::backups server::config server::limits server::quiet_thread server::rng server::secret server::service server::store domain",
        WEB_AND_SQL,
    ),
    // A session's errors are those of the use cases; its cookie is a header of axum.
    (
        "server::session server::access",
        "server::session server::app server::folds server::service::ServiceError server::store domain",
        "leptos leptos_axum sqlx",
    ),
    (
        "server::http",
        "server::http server::service server::session server::access server::app server::client server::config \
         server::key_cache server::limits server::log_limit api ui domain",
        "sqlx",
    ),
    // These put it together. The root of the crate is `lib`.
    ("lib main server server::router server::serving", "*", "sqlx"),
];

/// The system's clock: rules are told the time.
const CLOCKS: &[&str] = &["SystemTime", "Instant", "now_utc", "now_local"];

/// Whether the module `path` is `prefix` or inside it.
pub fn within(path: &str, prefix: &str) -> bool {
    let rest = path.strip_prefix(prefix);
    prefix == "*" || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The module that a file of src is: `src/server/dashboard/pages.rs` is `server::http::pages`.
pub fn module_of(file: &str) -> String {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs");
    path.trim_end_matches("/mod").replace('/', "::")
}

/// The layer that names the module most exactly, and its name there.
pub fn layer_of(module: &str) -> (&'static str, &'static str, &'static str) {
    let named = LAYERS.iter().flat_map(|&(modules, may_use, without)| {
        modules.split(' ').map(move |name| (name, may_use, without))
    });
    let own = named
        .filter(|(name, ..)| within(module, name))
        .max_by_key(|(name, ..)| name.len());
    own.unwrap_or_else(|| panic!("{module}: give it a line in LAYERS"))
}

/// Every wrong arrow of a file: the module or crate it uses and must not.
pub fn wrong_arrows(file: &str, source: &str) -> Vec<String> {
    let module = module_of(file);
    let (_, may_use, without) = layer_of(&module);
    let code = code(source);
    let mut tokens = tokens(&code);
    if within(&module, "api") {
        tokens = outside_server_functions(&tokens);
    }
    let mut wrong = Vec::new();
    for path in paths(&tokens) {
        let has = |word: &str| path.iter().any(|part| part == word);
        let (own, target) = resolve(&module, &path);
        let outside =
            own && !target.is_empty() && !may_use.split(' ').any(|allowed| within(&target, allowed));
        let foreign = !own && without.split(' ').any(|root| path[0] == root);
        let clock = within(&module, "domain") && CLOCKS.iter().any(|clock| has(clock));
        if outside || foreign || clock {
            wrong.push(target);
        }
    }
    wrong
}

/// A file, what it says, and the arrow in it that is wrong.
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
        "fn f() { crate::server::rng::x() }",
        "server::rng::x",
    ),
    ("api/keys.rs", "use crate::server::app::App;", "server::app::App"),
    (
        "api/keys.rs",
        "#[server] async fn f() { use crate::server::a; } fn g() { crate::server::b::c(); }",
        "server::b::c",
    ),
    (
        "api/keys.rs",
        "#[server(x = 1)] async fn f(a: crate::server::A) { if a { b } }",
        "server::A",
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
        "server/service/keys.rs",
        "use crate::server::{app::App, http::{self as h}};",
        "server::http",
    ),
    (
        "server/service/keys.rs",
        "use super::super::session::Viewer;",
        "server::session::Viewer",
    ),
    (
        "server/service.rs",
        "use axum::http::StatusCode;",
        "axum::http::StatusCode",
    ),
    (
        "server/http/v1.rs",
        "fn f() { sqlx::query(\"\"); }",
        "sqlx::query",
    ),
    (
        "server/http/v1.rs",
        "use crate::server::store::{Store};",
        "server::store::Store",
    ),
    (
        "server/session.rs",
        "use super::http::pages;",
        "server::http::pages",
    ),
    ("server/clock.rs", "use super::app::App;", "server::app::App"),
    (
        "server/client.rs",
        "use super::config::Config;",
        "server::config::Config",
    ),
    ("server/limits.rs", "use axum::Router;", "axum::Router"),
    ("server/recorder.rs", "use super::app::App;", "server::app::App"),
    (
        "server/commands.rs",
        "use super::http::pages;",
        "server::http::pages",
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
            "fn f() {}\n#[cfg(test)]\nmod tests { use crate::server::rng::SeededRng; }",
        ),
        (
            "api/keys.rs",
            "#[server(prefix = \"/api\")] async fn f() { use crate::server::{a, b}; if x { crate::server::c::d() } }",
        ),
        (
            "ui/pages/keys/table.rs",
            "use super::Opener; use crate::{api::form::FormState, domain::key, ui::kit};",
        ),
        (
            "server/store/keys.rs",
            "use super::{Conn, on}; use crate::server::secret::pepper::KeyHash;",
        ),
        (
            "server/service/verify.rs",
            "use crate::server::{access::KeyManager, app::App, store::{Store, Tables as _}};",
        ),
        (
            "server/http/pages/keys.rs",
            "use super::SignedIn; use crate::{api::keys, server::service::{self}, ui::layout};",
        ),
        ("server/router.rs", "use super::{app::App, http::v1, session};"),
        ("main.rs", "use babysea::server::{app::App, jobs};"),
    ] {
        assert_eq!(
            wrong_arrows(&format!("src/{file}"), source),
            Vec::<String>::new(),
            "{file}: {source}"
        );
    }
}
