//! The request log: a row for each request made with a key.

pub mod read;
pub mod write;
