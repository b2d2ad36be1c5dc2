//! Middleware of the dashboard.

pub mod same_origin;
pub mod session_cookie;
