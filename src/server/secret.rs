//! What is computed from passwords and keys before anything of them is stored.

pub mod password;
pub mod pepper;
