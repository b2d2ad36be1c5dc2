//! Server functions: the door for forms that an island has taken over. Each is a public endpoint and says itself who
//! may use it; the other door, for plain form posts, is `server::dashboard::pages`. Both call the same use case.

pub mod keys;
pub mod session;
pub mod teams;
pub mod wire;
