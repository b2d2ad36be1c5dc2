//! What the process runs on. Nothing here knows the product's tables or use cases.

pub mod bucket;
pub mod byte_budget;
pub mod clock;
pub mod files;
pub mod log_limit;
pub mod logging;
pub mod metrics;
pub mod quiet_thread;
pub mod request_ids;
pub mod rng;
pub mod tasks;
pub mod turns;
pub mod window;
