//! BabySea keys: the API keys dashboard and the server that checks the keys.
//!
//! `domain` holds the rules, `api` the server functions, `ui` pages and components; `server` is not compiled
//! for the browser. docs/architecture.md walks through them.
//!
//! The pages use Leptos without its router, resources and action forms:
//! docs/decisions/0002-pages-without-a-client-router.md says what is used instead, and why.

// The type of a page nests as deep as its elements.
#![recursion_limit = "256"]
// Print macros panic when the write fails: see `server::runtime::logging`.
#![deny(clippy::print_stderr, clippy::print_stdout)]

pub mod api;
pub mod domain;
#[cfg(feature = "ssr")]
pub mod server;
pub mod ui;

/// Called by the page's script once the WebAssembly module is loaded. Each island then hydrates by itself.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
