//! What every answer goes through.

pub mod bodies;
pub mod headers;
pub mod request_id;
pub mod same_origin;
pub mod session_cookie;
