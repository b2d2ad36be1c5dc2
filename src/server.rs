//! Everything that runs on the server alone; none of it is compiled for the browser.

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

/// Requests are many small pieces of memory, and their rows of the log are freed on another thread than they were made.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
