//! Passwords and keys: what is computed from them before anything is stored.

pub mod fair_queue;
mod judge;
pub mod key_hash;
pub mod known_browser;
pub mod password;
pub mod pepper;
