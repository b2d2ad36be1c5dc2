//! Everything that runs on the server alone; none of it is compiled for the browser.

pub mod access;
pub mod app;
pub mod backups;
pub mod batches;
pub mod catalog_file;
pub mod clock;
pub mod commands;
pub mod config;
pub mod dashboard;
pub mod demo;
pub mod files;
pub mod folds;
pub mod http;
pub mod jobs;
pub mod log_limit;
pub mod logging;
pub mod machine;
pub mod metrics;
pub mod pace;
pub mod quiet_thread;
pub mod recorder;
pub mod request_ids;
pub mod rng;
pub mod router;
pub mod runtime;
pub mod secret;
pub mod service;
pub mod serving;
pub mod store;
pub mod tasks;
pub mod write_behind;

/// Requests are many small pieces of memory, and their rows of the log are freed on another thread than they were made.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
