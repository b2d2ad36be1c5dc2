//! Server functions: the entry point for forms that an island sends. Each is a public endpoint and checks its caller
//! itself. The other entry point, for plain form posts, is `server::http::pages`. Both call the same use case.

pub mod error;
pub mod form;
pub mod keys;
pub mod session;
pub mod teams;
