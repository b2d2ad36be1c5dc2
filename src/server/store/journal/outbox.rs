//! The outbox: what a change has ended, restricted or undone, written in its transaction. From here it is
//! appended to the journal of the SQLite file ([`super`]; docs/security.md, S83, and docs/decisions/0009).
//! PostgreSQL has point-in-time recovery instead.
//!
//! A row has the complete new state of each key, membership and person of the change. So a new kind of change
//! to one of [`KEY_COLUMNS`] is in the row without further code.

use crate::{
    domain::ids::{AccountId, KeyId, UserId},
    server::store::StoreError,
};
use futures_util::TryStreamExt as _;
use sqlx::SqliteConnection;
use std::{collections::BTreeSet, fmt::Display};

/// The columns of a key that the journal keeps. A statement that writes one belongs to [`crate::server::store::keys::changes`], which a test
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

/// Rows that one transaction deletes, and that one query reads.
const STEP: i64 = 256;
/// Bytes of entries after which a batch ends: a row of a command has 50 keys, which are 20,000 bytes.
const BYTES: usize = 1024 * 1024;

/// One row for a change. A removed membership has no role.
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
/// The number of the newest change, and the rows after a given one; in one statement, so that both are of one
/// snapshot.
const AFTER: &str = "SELECT c.epoch, o.number, o.entry FROM key_changes c LEFT JOIN outbox o ON o.number > $1
    WHERE c.id = 1 ORDER BY o.number LIMIT $2";
/// The number of the newest change, and how many changes after a given one have a row.
const LEFT: &str =
    "SELECT epoch, (SELECT COUNT(*) FROM outbox WHERE number > $1) FROM key_changes WHERE id = 1";

const FIRST: &str = "SELECT MIN(number) FROM outbox";

/// Rows of the outbox.
pub(in crate::server::store) struct Rows {
    /// Number and entry of each.
    pub(in crate::server::store) entries: Vec<(i64, String)>,
    /// Number of the last change that these rows cover; a change without a row is covered too.
    pub(in crate::server::store) last: i64,
    /// Number of the newest change of the database, which can be later.
    pub(in crate::server::store) newest: i64,
    /// Whether there may be more rows.
    pub(in crate::server::store) may_be_more: bool,
}

/// Keys, memberships and people that a transaction ends, restricts or restores.
#[derive(Debug, Default)]
pub(in crate::server::store) struct Subjects {
    pub(in crate::server::store) keys: BTreeSet<KeyId>,
    pub(in crate::server::store) members: BTreeSet<(AccountId, UserId)>,
    pub(in crate::server::store) people: BTreeSet<UserId>,
}

impl Subjects {
    pub(in crate::server::store) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.members.is_empty() && self.people.is_empty()
    }
}

/// Writes the row of the change `number`, whose statements have run, and deletes rows that are in the
/// journal, up to `written`.
pub(in crate::server::store) async fn write(
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

/// The rows after a change: the first [`STEP`] of them, or fewer where they are large.
pub(in crate::server::store) async fn after(
    conn: &mut SqliteConnection,
    number: i64,
) -> Result<Rows, sqlx::Error> {
    let mut found = sqlx::query_as::<_, (i64, Option<i64>, Option<String>)>(AFTER)
        .bind(number)
        .bind(STEP)
        .fetch(conn);
    let (mut entries, mut bytes, mut newest) = (Vec::new(), 0, number);
    let most = usize::try_from(STEP).unwrap_or(usize::MAX);
    let mut may_be_more = false;
    while let Some((epoch, number, entry)) = found.try_next().await? {
        newest = newest.max(epoch);
        let Some((number, entry)) = number.zip(entry) else {
            break;
        };
        bytes += entry.len();
        entries.push((number, entry));
        may_be_more = entries.len() >= most || bytes >= BYTES;
        if may_be_more {
            break;
        }
    }
    let last = match entries.last() {
        Some((last, _)) if may_be_more => *last,
        _ => newest,
    };
    Ok(Rows {
        entries,
        last,
        newest,
        may_be_more,
    })
}

/// The number of the newest change, and whether each change after `number` has a row.
pub(in crate::server::store) async fn has_all_after(
    conn: &mut SqliteConnection,
    number: i64,
) -> Result<(i64, bool), sqlx::Error> {
    let (epoch, rows): (i64, i64) = sqlx::query_as(LEFT).bind(number).fetch_one(conn).await?;
    Ok((epoch, rows >= epoch - number))
}

/// The change after which a new journal starts: rows that are still in the outbox belong into it.
pub(in crate::server::store) async fn begins_after(conn: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    let first: Option<i64> = sqlx::query_scalar(FIRST).fetch_one(&mut *conn).await?;
    let before = first.map_or(i64::MAX, |first| first - 1);
    match has_all_after(conn, before.min(i64::MAX / 2)).await? {
        (epoch, true) if before < epoch => Ok(before),
        (epoch, _) => Ok(epoch),
    }
}

fn list<T: Display>(ids: &BTreeSet<T>) -> String {
    serde_json::json!(ids.iter().map(ToString::to_string).collect::<Vec<_>>()).to_string()
}
