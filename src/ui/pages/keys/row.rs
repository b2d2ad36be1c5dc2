//! A row of the table of keys.

use crate::{
    domain::{
        key::{KeyStatus, Transition},
        time::Timestamp,
    },
    ui::kit::moment::Phrase,
};

/// What a row shows.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// Id.
    pub id: String,
    /// Whether the page points it out.
    pub is_new: bool,
    /// Name.
    pub name: String,
    /// What explains the name: preset, and when the key stops by itself or did.
    pub about: Phrase,
    /// First 9 characters of the key.
    pub prefix: String,
    /// When it was last accepted.
    pub last_used_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// At the moment the page is drawn.
    pub status: KeyStatus,
    /// Requests a minute that it may make, where that is limited beside its account's.
    pub rate_limit: Option<u32>,
    /// Each entry of the allowlist.
    pub allowlist: Vec<String>,
    /// What can be done with it now.
    pub allows: Vec<Transition>,
    /// Whether another was made to replace it.
    pub was_rotated: bool,
    /// What it did since the rotation that it is part of, while both keys work.
    pub usage: Option<Phrase>,
    /// Path of the page about it.
    pub href: String,
}
