//! One file or folder per page.

pub mod activity;
pub mod create_team;
pub mod error;
pub mod guard;
pub mod key;
pub mod keys;
pub mod scopes;
pub mod sign_in;
pub mod sign_up;
