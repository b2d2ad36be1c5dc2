//! The driver's errors at a start, as sentences for the server operator: what happened, and what to do. None
//! of them contains the password of the URL (docs/security.md, S68 and S95).

use sqlx::{error::DatabaseError, migrate::MigrateError, postgres::PgConnectOptions};
use std::{
    fmt,
    io::{self, ErrorKind},
    path::Path,
};

/// Why a pooler in transaction mode is refused.
pub(in crate::server::store) struct PoolerSentence;

impl fmt::Display for PoolerSentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a connection pooler shares sessions between connections (transaction or statement mode), which would mix up \
             settings and prepared statements: set it to session mode (pgbouncer: pool_mode = session), or name \
             PostgreSQL itself",
        )
    }
}

/// A sentence about an error of a PostgreSQL connection or query.
pub(in crate::server::store) fn postgres(error: &sqlx::Error, options: &PgConnectOptions) -> String {
    let (host, port, person) = (options.get_host(), options.get_port(), options.get_username());
    let database = options.get_database().unwrap_or(person);
    match error {
        sqlx::Error::Database(error) => refused(error.as_ref(), person, database),
        sqlx::Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused => {
                format!("nothing listens on {host} port {port}: start PostgreSQL, or correct host and port")
            }
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::UnexpectedEof
            | ErrorKind::BrokenPipe => {
                format!(
                    "{host} port {port} closed the connection ({error}): is it PostgreSQL, and does it accept more connections?"
                )
            }
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::TimedOut => {
                format!(
                    "{host} port {port} cannot be reached ({error}): correct the host, or open the network to it"
                )
            }
            _ => format!(
                "{host} port {port} cannot be reached ({error}): correct the host name, its DNS entry, or the port"
            ),
        },
        sqlx::Error::Tls(error) => format!(
            "no TLS connection to {host} port {port} ({error}): turn TLS on in PostgreSQL, correct the certificate \
             (sslrootcert=FILE in the URL), or choose another sslmode in the URL"
        ),
        sqlx::Error::PoolTimedOut => {
            format!(
                "{host} port {port} did not answer in time: is PostgreSQL running, and does it have free connections?"
            )
        }
        sqlx::Error::Protocol(_) => {
            format!("{host} port {port} does not speak PostgreSQL's protocol: correct host and port")
        }
        // The driver's own message may quote the URL.
        sqlx::Error::Configuration(_) => {
            "not a PostgreSQL address of the form postgres://user:password@host:port/database".to_owned()
        }
        other => format!("PostgreSQL on {host} port {port} cannot be used: {other}"),
    }
}

fn refused(error: &dyn DatabaseError, person: &str, database: &str) -> String {
    let code = error.code().unwrap_or_default();
    let found = error.message();
    match &*code {
        "3D000" => format!(
            "there is no database {database}: create it (createdb -E UTF8 -T template0 {database}), or correct its name"
        ),
        "28P01" => format!("the password of the user {person} is not accepted: correct user and password"),
        "28000" => format!(
            "the user {person} is refused ({found}): create the user, or allow the connection in pg_hba.conf"
        ),
        "42501" => format!(
            "the user {person} lacks a privilege ({found}): grant it, or start as the owner of the database"
        ),
        "22P05" | "22021" => format!(
            "the database cannot store every character ({found}): use a database with the encoding UTF8"
        ),
        "53300" => format!(
            "PostgreSQL has no free connection ({found}): raise max_connections; each server uses up to 24"
        ),
        "53100" => format!("the disk of PostgreSQL is full ({found}): free some space"),
        "57P03" => format!("PostgreSQL does not accept connections now ({found}): wait until it has started"),
        "25006" => "the database is read-only: name a primary that can be written".to_owned(),
        "42P05" | "26000" => PoolerSentence.to_string(),
        "55P03" => {
            "another session holds a lock on the tables: end it (pg_stat_activity shows it)".to_owned()
        }
        _ => format!("PostgreSQL refused ({code}): {found}"),
    }
}

/// A sentence about a file that cannot be opened or created.
pub(in crate::server::store) fn file(path: &Path, error: &io::Error) -> String {
    let path = path.display();
    match error.kind() {
        ErrorKind::ReadOnlyFilesystem => format!(
            "{path} cannot be written, because its file system is mounted read-only: mount it writable, or choose \
             another DATA_DIR"
        ),
        ErrorKind::PermissionDenied => format!(
            "this user may not read and write {path}: change its owner, or start as the user who owns it"
        ),
        _ => format!("cannot use {path}: {error}"),
    }
}

/// The primary result code of SQLite (sqlite.org/rescode.html).
pub(in crate::server::store) fn sqlite_code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<u32>().ok().map(|code| code & 0xff)
}

/// A sentence about an error while opening an SQLite file.
pub(in crate::server::store) fn sqlite(error: &sqlx::Error, file: &Path) -> String {
    sqlite_sentence(sqlite_code(error), error, file)
}

/// A sentence about a primary result code.
pub(in crate::server::store) fn sqlite_sentence(
    code: Option<u32>,
    error: &dyn fmt::Display,
    file: &Path,
) -> String {
    let file = file.display();
    match code {
        Some(5 | 6) => format!("another program has locked {file}: stop it"),
        Some(8) => format!(
            "{file} is read-only: let this user write the file and its folder, on a file system that is mounted writable"
        ),
        Some(10) => format!("{file} cannot be read or written ({error}): check the disk and the file system"),
        Some(11) => format!("{file} is damaged: restore a backup"),
        Some(13) => format!("the disk of {file} is full: free some space"),
        Some(14) => format!(
            "{file} cannot be opened: its folder must exist, this user must be allowed to write both, and their file \
             system must be mounted writable"
        ),
        Some(26) => format!("{file} is not an SQLite database: name another file, or restore a backup"),
        _ => format!("{file} cannot be used: {error}"),
    }
}

/// A sentence about an error of the migrations.
pub(in crate::server::store) fn migration(error: &MigrateError) -> String {
    match error {
        MigrateError::VersionMissing(version) => format!(
            "the tables are those of a later release (migration {version} is unknown to this one): start that release, or \
             restore the backup made before the upgrade"
        ),
        MigrateError::VersionMismatch(version) => format!(
            "migration {version} was applied with another content: the database belongs to another build. Start that one"
        ),
        MigrateError::Dirty(version) => {
            format!("migration {version} was applied in part: restore the backup made before the upgrade")
        }
        other => format!("the tables cannot be migrated to this release: {other}"),
    }
}
