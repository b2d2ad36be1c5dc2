//! A row of the table of keys.

use crate::{
    domain::{
        key::{KeyStatus, Transition},
        time::Timestamp,
    },
    ui::kit::moment::Phrase,
};

/// Data of a row.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// Id.
    pub id: String,
    /// Whether it is highlighted.
    pub is_new: bool,
    /// Name.
    pub name: String,
    /// Line below the name: the preset, and when the key expires or expired.
    pub about: Phrase,
    /// The shown part of its text: the prefix and five random characters.
    pub prefix: String,
    /// When it was last accepted.
    pub last_used_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Its status when the page is rendered.
    pub status: KeyStatus,
    /// Its own rate limit, in requests a minute, if it has one.
    pub rate_limit: Option<u32>,
    /// Each entry of the allowlist.
    pub allowlist: Vec<String>,
    /// Actions that its state allows.
    pub allows: Vec<Transition>,
    /// Whether it has a replacement.
    pub was_rotated: bool,
    /// Requests since the rotation, while the old key and its replacement both work.
    pub usage: Option<Phrase>,
    /// Name of its creator, where it is shown and known.
    pub creator: Option<String>,
    /// Path of its page.
    pub href: String,
}
