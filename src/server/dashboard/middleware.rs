//! What every answer goes through.

pub mod same_origin;
pub mod session_cookie;
