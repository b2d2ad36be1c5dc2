//! Code that runs only on the server; none of it is compiled for the browser.

pub mod access;
pub mod app;
pub mod backups;
pub mod commands;
pub mod config;
pub mod dashboard;
pub mod demo;
pub mod error;
pub mod http;
pub mod jobs;
pub mod machine;
pub mod recorder;
pub mod router;
pub mod runtime;
pub mod secret;
pub mod service;
pub mod serving;
pub mod store;

/// mimalloc, because a request makes many small allocations, and because its log row is allocated on one thread and
/// freed on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
