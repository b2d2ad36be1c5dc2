//! Checks of the database at the start, with a sentence for each failure (docs/security.md, S95).

use super::{dialect, driver_errors::PoolerSentence, migrations};
use crate::server::store::ConnectError;
use sqlx::{
    Connection as _, PgConnection, Row as _, SqliteConnection, postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};
use std::{collections::BTreeSet, path::Path};

/// The oldest PostgreSQL that has everything the statements use (`gen_random_uuid()` is built in since 13).
const POSTGRES_OLDEST: i32 = 130_000;
/// Number of queries for the backend of each of two sessions.
const ROUNDS: usize = 3;

const ABOUT: &str = "SELECT CAST(current_setting('server_version_num') AS INTEGER) AS number,
    current_setting('server_version') AS version, current_setting('server_encoding') AS encoding,
    pg_is_in_recovery() AS is_standby, current_setting('transaction_read_only') = 'on' AS is_read_only,
    CAST(current_user AS TEXT) AS person, CAST(current_schema() AS TEXT) AS schema,
    COALESCE(has_schema_privilege(current_schema(), 'CREATE'), FALSE) AS may_create";
/// Tables that this session may not use (`$2` is false) or not alter (true).
const NOT_OURS: &str =
    "SELECT CAST(c.relname AS TEXT) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND c.relname = ANY($1)
    AND CASE WHEN $2 THEN NOT pg_has_role(c.relowner, 'USAGE')
        ELSE NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
            AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')) END
    ORDER BY 1 LIMIT 1";

/// Checks PostgreSQL, before anything is changed.
pub(super) async fn check_postgres(
    conn: &mut PgConnection,
    options: &PgConnectOptions,
) -> Result<(), ConnectError> {
    one_session_each(conn, options).await?;
    let about = sqlx::raw_sql(ABOUT).fetch_one(&mut *conn).await?;
    let (number, version): (i32, String) = (about.try_get("number")?, about.try_get("version")?);
    if number < POSTGRES_OLDEST {
        return unfit(format!(
            "the server is PostgreSQL {version}; PostgreSQL 13 or later is needed: upgrade the server"
        ));
    }
    let encoding: String = about.try_get("encoding")?;
    if encoding != "UTF8" {
        return unfit(format!(
            "the database has the encoding {encoding}; UTF8 is needed: create one with \
             CREATE DATABASE ... TEMPLATE template0 ENCODING 'UTF8' and name it in DATABASE_URL"
        ));
    }
    if about.try_get("is_standby")? {
        return unfit(
            "the server is a standby, which only follows a primary: name the primary in DATABASE_URL"
                .to_owned(),
        );
    }
    if about.try_get("is_read_only")? {
        return unfit(
            "the database is read-only (default_transaction_read_only is on): turn that off, or name a primary that \
             can be written"
                .to_owned(),
        );
    }
    let person: String = about.try_get("person")?;
    let Some(schema) = about.try_get::<Option<String>, _>("schema")? else {
        return unfit(format!(
            "no schema of the user {person}'s search_path exists: create one (CREATE SCHEMA public)"
        ));
    };
    rights(conn, &person, &schema, about.try_get("may_create")?).await
}

async fn rights(
    conn: &mut PgConnection,
    person: &str,
    schema: &str,
    may_create: bool,
) -> Result<(), ConnectError> {
    if let Some(table) = without(conn, false).await? {
        return unfit(format!(
            "the user {person} may not read and write the table {schema}.{table}: \
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {person}"
        ));
    }
    if !migrations::is_due(conn).await? {
        return Ok(());
    }
    if !may_create {
        return unfit(format!(
            "the user {person} may not create tables in the schema {schema}, and this release has tables to create: \
             GRANT CREATE ON SCHEMA {schema} TO {person}"
        ));
    }
    if let Some(table) = without(conn, true).await? {
        return unfit(format!(
            "the user {person} does not own the table {schema}.{table}, and this release has tables to change: start \
             once as its owner, or ALTER TABLE {schema}.{table} OWNER TO {person}"
        ));
    }
    Ok(())
}

/// A table of the product that this session may not use, or not alter.
async fn without(conn: &mut PgConnection, altering: bool) -> Result<Option<String>, sqlx::Error> {
    let tables: Vec<_> = tables()
        .into_iter()
        .chain(["_sqlx_migrations"])
        .map(str::to_owned)
        .collect();
    sqlx::query_scalar(NOT_OURS)
        .bind(tables)
        .bind(altering)
        .fetch_optional(conn)
        .await
}

/// The tables that the migrations create.
fn tables() -> BTreeSet<&'static str> {
    let statements = migrations::POSTGRES
        .iter()
        .map(|migration| migration.sql.as_str());
    let created = statements.flat_map(|sql| sql.split("CREATE TABLE ").skip(1));
    let names = created.filter_map(|rest| rest.split([' ', '(', '\n']).next());
    names.filter(|name| !name.is_empty()).collect()
}

/// Detects poolers in transaction or statement mode. Settings and statements belong to a session, so each
/// connection needs one of its own: two connections must never show the same backend, and one connection
/// never two.
async fn one_session_each(conn: &mut PgConnection, options: &PgConnectOptions) -> Result<(), ConnectError> {
    let mut other = PgConnection::connect_with(options).await?;
    let (mut own, mut others) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..ROUNDS {
        own.insert(backend(conn).await?);
        others.insert(backend(&mut other).await?);
    }
    other.close().await?;
    if own.len() > 1 || others.len() > 1 || !own.is_disjoint(&others) {
        return unfit(PoolerSentence.to_string());
    }
    Ok(())
}

async fn backend(conn: &mut PgConnection) -> Result<i32, sqlx::Error> {
    let row = sqlx::raw_sql("SELECT pg_backend_pid()").fetch_one(conn).await?;
    row.try_get(0)
}

/// Checks SQLite. The file may be new.
pub(super) async fn check_sqlite(file: &Path, options: &SqliteConnectOptions) -> Result<(), ConnectError> {
    let mut conn = SqliteConnection::connect_with(options).await?;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(&mut conn)
        .await?;
    if dialect::parse_version(&version) < Some(dialect::SQLITE_OLDEST) {
        return Err(ConnectError::OldSqlite(version));
    }
    let encoding: String = sqlx::query_scalar("PRAGMA encoding").fetch_one(&mut conn).await?;
    if encoding != "UTF-8" {
        return unfit(format!(
            "{} has the encoding {encoding}; UTF-8 is needed: name another file",
            file.display()
        ));
    }
    sqlx::raw_sql(dialect::SQLITE_TRY_WRITE)
        .execute(&mut conn)
        .await?;
    conn.close().await?;
    Ok(())
}

fn unfit(sentence: String) -> Result<(), ConnectError> {
    Err(ConnectError::Unfit(sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_those_of_the_migrations() {
        let tables = tables();
        for name in [
            "users",
            "api_keys",
            "request_logs",
            "key_changes",
            "sign_in_waits",
        ] {
            assert!(tables.contains(name), "{name}: {tables:?}");
        }
        assert!(
            tables
                .iter()
                .all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')),
            "{tables:?}"
        );
    }
}
