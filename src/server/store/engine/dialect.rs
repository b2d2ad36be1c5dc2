//! Differences between the two engines: how transactions begin, connection settings, names of conflicts.

use crate::server::store::Unique;
use sqlx::{
    Executor as _, PgConnection,
    error::DatabaseError,
    sqlite::{SqliteConnectOptions, SqliteError, SqliteJournalMode, SqliteSynchronous},
};
use std::{path::Path, time::Duration};

/// Takes the write lock at the start, so that two writers wait for each other instead of failing half-way.
pub const SQLITE_BEGIN: &str = "BEGIN IMMEDIATE";

/// Fails if the file cannot be written, and changes nothing.
pub const SQLITE_TRY_WRITE: &str = "BEGIN IMMEDIATE; CREATE TABLE babysea_write_test (n INTEGER); ROLLBACK";

/// Limits of the serving pools: 2 s for a lock, 5 s for a statement, 1 s between the statements of a
/// transaction (docs/security.md, S76). So a server that hangs inside a change holds its row locks for a
/// second at most.
const LIMITS: &str = "SET jit = off; SET lock_timeout = 2000; SET statement_timeout = 5000; \
    SET idle_in_transaction_session_timeout = 1000";

/// The oldest SQLite that does not lose data when it resets its write-ahead log (docs/security.md, S69).
pub const SQLITE_OLDEST: (u32, u32, u32) = (3, 51, 3);

/// Options of every connection to the SQLite file (S69).
pub fn sqlite_options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        // The file is created before, for its owner only; SQLite gives the files beside it the same mode.
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(2))
        .foreign_keys(true)
        // The write-ahead log grows during long reads. When SQLite restarts it, the file is truncated to this
        // size.
        .pragma("journal_size_limit", "67108864")
}

/// Sets up a connection to PostgreSQL: its time limits, and no JIT. On a large request log the planner's cost estimate
/// passes `jit_above_cost`, and JIT compilation then takes longer than the query.
pub async fn set_up(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(LIMITS).execute(conn).await.map(|_| ())
}

/// Sets up a connection for long reads, in addition to [`set_up`]: a statement ends when its client is gone. PostgreSQL
/// checks that twice a second (since PostgreSQL 14; earlier versions run to the time limit).
pub async fn set_up_long(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    set_up(conn).await?;
    match conn
        .execute("SET client_connection_check_interval = '500ms'")
        .await
    {
        Ok(_) | Err(sqlx::Error::Database(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether a statement was cancelled, by its time limit or by its caller. PostgreSQL: 57014, query_canceled. SQLite: 9,
/// SQLITE_INTERRUPT.
pub fn was_interrupted(error: &dyn DatabaseError) -> bool {
    error.code().is_some_and(|code| code == "57014" || code == "9")
}

/// Whether the database refuses the values of a statement, so that the same statement with others can
/// succeed. PostgreSQL: all errors except the classes of connections (08), missing features (0A),
/// transactions (25, 40), statements (26), privileges (28), names (3D, 3F, 42), resources (53), locks (55),
/// operators (57) and the system (58). SQLite: constraint, too big, or type mismatch.
pub fn is_of_values(error: &dyn DatabaseError, code: &str) -> bool {
    const OTHERS: [&str; 13] = [
        "08", "0A", "25", "26", "28", "3D", "3F", "40", "42", "53", "55", "57", "58",
    ];
    const TOO_BIG: u32 = 18;
    const CONSTRAINT: u32 = 19;
    const MISMATCH: u32 = 20;
    const RANGE: u32 = 25;
    if error.try_downcast_ref::<SqliteError>().is_some() {
        // The lowest byte is the primary code.
        let kind = code.parse::<u32>().map(|code| code & 0xFF);
        return matches!(kind, Ok(TOO_BIG | CONSTRAINT | MISMATCH | RANGE));
    }
    !OTHERS.iter().any(|class| code.starts_with(class))
}

/// Which unique constraint was violated. PostgreSQL names the constraint; SQLite names the columns, and only
/// in its message.
pub fn unique(error: &dyn DatabaseError) -> Unique {
    let rule = error.constraint().unwrap_or_else(|| error.message());
    let is = |constraint: &str, columns: &str| rule == constraint || rule.ends_with(columns);
    if is("users_email", "users.email_key") {
        Unique::Email
    } else if is("accounts_slug", "accounts.slug") {
        Unique::Slug
    } else if is("api_keys_form_token", "api_keys.account_id, api_keys.form_token")
        || is("sent_forms_token", "sent_forms.account_id, sent_forms.form_token")
    {
        Unique::FormToken
    } else if is(
        "memberships_person",
        "memberships.account_id, memberships.user_id",
    ) {
        Unique::Membership
    } else {
        Unique::Other
    }
}

/// Reads `3.51.3`.
pub fn parse_version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(parse_version("3.51.3"), Some((3, 51, 3)));
        assert!(parse_version("3.9.10") < Some(SQLITE_OLDEST));
        assert_eq!(parse_version("3.51"), None);
    }
}
