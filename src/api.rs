//! Server functions: the entry point for forms that an island sends. Each is a public endpoint and checks its caller
//! itself. The other entry point, for plain form posts, is `server::dashboard::pages`. Both call the same use case.

pub mod keys;
pub mod session;
pub mod teams;
pub mod wire;
