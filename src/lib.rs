//! BabySea keys: the API keys dashboard and the server that checks the keys.
//!
//! `domain` holds the rules, `api` the server functions, `ui` all that is drawn; `server` never reaches the browser.
//! docs/architecture.md walks through them.

// A page's type nests as deep as its elements do.
#![recursion_limit = "256"]
// A write that fails is no panic: see `server::runtime::logging`.
#![deny(clippy::print_stderr, clippy::print_stdout)]

pub mod api;
pub mod domain;
#[cfg(feature = "ssr")]
pub mod server;
pub mod ui;

/// Called by the page's script once the module is loaded; the islands then come to life one by one.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
