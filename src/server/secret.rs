//! What is computed from passwords and keys before anything of them is stored.

pub mod fair_queue;
mod judge;
pub mod key_hash;
pub mod known_browser;
pub mod password;
pub mod pepper;
