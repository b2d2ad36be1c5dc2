//! What a change has ended, narrowed or undone, written in its transaction. From here it goes to the journal beside the
//! SQLite file ([`super::journal`]; docs/security.md, S83, and docs/decisions/0009). PostgreSQL has point-in-time recovery.
//!
//! A row holds the whole state, after the change, of each key, membership and person that it was about: whatever a new
//! kind of change does to one of [`KEY_COLUMNS`], it is in the row.

use super::StoreError;
use crate::domain::ids::{AccountId, KeyId, UserId};
use sqlx::SqliteConnection;
use std::{collections::BTreeSet, fmt::Display};

/// The columns of a key that the journal keeps. A statement that writes one belongs to [`super::key_changes`], which a test
/// checks for every statement.
pub const KEY_COLUMNS: [&str; 8] = [
    "revoked_at",
    "leak_reported_at",
    "deleted_at",
    "rotated_at",
    "grace_ends_at",
    "prefix",
    "hash",
    "pepper_version",
];

/// Rows that one transaction removes, and that are read at a time.
pub(super) const STEP: i64 = 256;

/// One row for a change. Who is in no team any more is in it without a role.
const WRITE: &str = "INSERT INTO outbox (number, entry) VALUES ($1, json_object(
    'number', $1,
    'at', CAST(unixepoch('subsec') * 1000 AS INTEGER),
    'keys', json((SELECT json_group_array(json_object('id', k.id, 'account', k.account_id, 'revoked', k.revoked_at,
            'leaked', k.leak_reported_at, 'deleted', k.deleted_at, 'rotated', k.rotated_at, 'grace', k.grace_ends_at,
            'prefix', k.prefix, 'hash', HEX(k.hash), 'pepper', k.pepper_version, 'check', HEX(p.check_value)))
        FROM api_keys k JOIN pepper_checks p ON p.version = k.pepper_version
        WHERE k.id IN (SELECT value FROM json_each($2)))),
    'members', json((SELECT json_group_array(json_object('account', s.value ->> 0, 'user', s.value ->> 1,
            'role', m.role, 'since', m.created_at))
        FROM json_each($3) s
        LEFT JOIN memberships m ON m.account_id = s.value ->> 0 AND m.user_id = s.value ->> 1)),
    'people', json((SELECT json_group_array(json_object('user', u.id, 'password', u.password_hash))
        FROM users u WHERE u.id IN (SELECT value FROM json_each($4))))))";
const FORGET: &str = "DELETE FROM outbox WHERE number IN
    (SELECT number FROM outbox WHERE number <= $1 ORDER BY number LIMIT $2)";
const AFTER: &str = "SELECT number, entry FROM outbox WHERE number > $1 ORDER BY number LIMIT $2";

/// What a transaction is about that ends, narrows or undoes something.
#[derive(Debug, Default)]
pub(super) struct Subjects {
    pub(super) keys: BTreeSet<KeyId>,
    pub(super) members: BTreeSet<(AccountId, UserId)>,
    pub(super) people: BTreeSet<UserId>,
}

impl Subjects {
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.members.is_empty() && self.people.is_empty()
    }
}

/// Writes the row of the change `number`, whose statements have run, and removes rows that are in the journal: those up to
/// `written`.
pub(super) async fn write(
    conn: &mut SqliteConnection,
    number: i64,
    subjects: &Subjects,
    written: i64,
) -> Result<(), StoreError> {
    let members = subjects
        .members
        .iter()
        .map(|(account, user)| [account.to_string(), user.to_string()]);
    sqlx::query(WRITE)
        .bind(number)
        .bind(list(&subjects.keys))
        .bind(serde_json::json!(members.collect::<Vec<_>>()).to_string())
        .bind(list(&subjects.people))
        .execute(&mut *conn)
        .await?;
    sqlx::query(FORGET).bind(written).bind(STEP).execute(conn).await?;
    Ok(())
}

/// The rows after a change, the first [`STEP`] of them: number and entry.
pub(super) async fn after(
    conn: &mut SqliteConnection,
    number: i64,
) -> Result<Vec<(i64, String)>, sqlx::Error> {
    sqlx::query_as(AFTER)
        .bind(number)
        .bind(STEP)
        .fetch_all(conn)
        .await
}

fn list<T: Display>(ids: &BTreeSet<T>) -> String {
    serde_json::json!(ids.iter().map(ToString::to_string).collect::<Vec<_>>()).to_string()
}
