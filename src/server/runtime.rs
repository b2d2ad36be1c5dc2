//! What the process runs on. Nothing here knows the product's tables or use cases.

pub mod bucket;
pub mod byte_budget;
pub mod turns;
pub mod window;
