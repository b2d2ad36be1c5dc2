//! The manifest of a backup: what the backup contains, and how to verify it.

use super::{BackupError, refuse};
use crate::{
    domain::time::Timestamp,
    server::{
        runtime::files,
        secret::key_hash::StoredVersion,
        store::backup::{Applied, Engine, Facts, Unknown, judge},
    },
};
use serde::{Deserialize, Serialize};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Version of the manifest's format. A higher one was written by a later release.
const FORMAT: u32 = 1;
/// Name of the manifest's file.
pub(super) const MANIFEST: &str = "manifest.json";
/// Name of the SQLite database in a backup.
pub(super) const DATABASE: &str = "babysea.db";
/// Name of the pepper's file, in a backup that includes it.
pub(super) const PEPPER: &str = "pepper";
/// Extension of the files with the rows of a PostgreSQL table.
pub(super) const ROWS: &str = ".rows";
/// Maximum size of a manifest, in bytes.
const MOST: u64 = 1024 * 1024;

/// The content of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    format: u32,
    /// Release that created it.
    pub product: String,
    /// Engine of the database.
    pub engine: Engine,
    /// Time at which it was started: UTC with milliseconds.
    pub made_at: String,
    /// The same in milliseconds since 1970.
    pub made_at_millis: i64,
    /// Change number of the newest change in it.
    pub newest_change: i64,
    migrations: Vec<Migration>,
    /// Versions of the pepper under which its keys are stored.
    pepper: Vec<PepperVersion>,
    /// Tables, in an order that satisfies the foreign keys on restore.
    pub tables: Vec<Table>,
    /// All other files.
    pub files: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Migration {
    version: i64,
    checksum: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PepperVersion {
    version: i64,
    check_value: String,
    keys: i64,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Number of rows.
    pub rows: u64,
    /// Columns in the order of the row file; empty for SQLite, whose database is one file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its name in the folder.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// The manifest of a database with these facts.
    pub(super) fn new(
        engine: Engine,
        at: Timestamp,
        facts: &Facts,
        tables: Vec<Table>,
        files: Vec<Part>,
    ) -> Self {
        Self {
            format: FORMAT,
            product: env!("CARGO_PKG_VERSION").to_owned(),
            engine,
            made_at: at.iso(),
            made_at_millis: at.millis(),
            newest_change: facts.newest_change,
            migrations: facts.migrations.iter().map(Migration::of).collect(),
            pepper: facts.peppers.iter().map(PepperVersion::of).collect(),
            tables,
            files,
        }
    }

    /// Its JSON text.
    pub(super) fn text(&self) -> String {
        // Cannot fail: numbers, texts and lists are always valid JSON.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads the manifest of a folder.
    ///
    /// # Errors
    /// One sentence: the folder is no backup, or one of a later release.
    pub fn read(folder: &Path) -> Result<Self, BackupError> {
        let path = folder.join(MANIFEST);
        let shown = folder.display();
        let text = match files::open(&path).and_then(|file| files::text_of(&file, MOST)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return refuse(format!(
                    "{shown} is not a backup: it has no {MANIFEST}, which is written last. Name the folder of a \
                     complete backup"
                ));
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidData | io::ErrorKind::FileTooLarge
                ) =>
            {
                return damaged(&path, "it is not a manifest");
            }
            Err(error) => return Err(BackupError::of_file(&path, &error)),
        };
        let Ok(found) = serde_json::from_str::<serde_json::Value>(&text) else {
            return damaged(&path, "it is no JSON");
        };
        match found["format"].as_u64() {
            Some(format) if format > u64::from(FORMAT) => refuse(format!(
                "{shown} was made by a later release (format {format}; this one knows {FORMAT}): use that release"
            )),
            Some(_) => match serde_json::from_value::<Self>(found) {
                Ok(manifest) => manifest.check(folder),
                Err(error) => damaged(&path, &error.to_string()),
            },
            None => damaged(&path, "it has no format"),
        }
    }

    /// Validates it: all file names must be plain names inside the folder.
    fn check(self, folder: &Path) -> Result<Self, BackupError> {
        let is_name = |name: &str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        let tables = self.tables.iter();
        let names: Vec<&str> = tables
            .flat_map(|table| table.columns.iter().chain([&table.name]))
            .map(String::as_str)
            .collect();
        let mut expected: Vec<String> = match self.engine {
            Engine::Sqlite => vec![DATABASE.to_owned()],
            Engine::Postgres => self.tables.iter().map(Table::file).collect(),
        };
        expected.push(PEPPER.to_owned());
        let are_known = self.files.iter().all(|part| expected.contains(&part.name));
        let has_all = expected
            .iter()
            .filter(|&name| name != PEPPER)
            .all(|name| self.part(name).is_some());
        if names.into_iter().all(is_name) && are_known && has_all {
            Ok(self)
        } else {
            damaged(
                &folder.join(MANIFEST),
                "it lists other files and tables than a backup has",
            )
        }
    }

    /// The file with this name.
    pub(super) fn part(&self, name: &str) -> Option<&Part> {
        self.files.iter().find(|part| part.name == name)
    }

    /// Whether the backup includes the pepper.
    #[must_use]
    pub fn has_pepper(&self) -> bool {
        self.part(PEPPER).is_some()
    }

    /// Number of the last migration.
    pub(super) fn version(&self) -> i64 {
        self.migrations
            .iter()
            .map(|migration| migration.version)
            .max()
            .unwrap_or_default()
    }

    /// Number of rows of a table.
    #[must_use]
    pub fn rows(&self, table: &str) -> u64 {
        let found = self.tables.iter().find(|found| found.name == table);
        found.map_or(0, |found| found.rows)
    }

    /// Refuses tables that this release does not know.
    pub(super) fn check_schema(&self, folder: &Path) -> Result<(), BackupError> {
        let applied: Vec<_> = self.migrations.iter().map(Migration::applied).collect();
        let (folder, product) = (folder.display(), &self.product);
        refuse(match judge(self.engine, &applied) {
            Ok(()) => return Ok(()),
            Err(Unknown::Later(version)) => format!(
                "{folder} was made by a later release ({product}): its tables have migration {version}, which this one ({}) \
                 does not know. Restore it with that release",
                env!("CARGO_PKG_VERSION")
            ),
            Err(Unknown::Other(version)) => format!(
                "{folder} was made by another build ({product}): its migration {version} differs. Restore it with \
                 that build"
            ),
            Err(Unknown::Incomplete) => {
                format!("{folder} lists no complete migrations: it is damaged. Restore another backup")
            }
        })
    }

    /// The versions of the pepper, for the comparison with a file.
    pub(super) fn peppers(&self) -> Vec<StoredVersion> {
        let all = self.pepper.iter();
        all.map(|found| StoredVersion {
            version: found.version,
            check_value: hex::decode(&found.check_value).unwrap_or_default(),
            keys: found.keys,
        })
        .collect()
    }

    /// The differences between a database and the manifest.
    pub(super) fn differences(&self, facts: &Facts) -> Vec<String> {
        let mut differences = Vec::new();
        for table in &self.tables {
            let found = facts.rows.iter().find(|(name, _)| *name == table.name);
            if let Some(&(name, rows)) = found
                && rows != table.rows
            {
                differences.push(format!("{name} has {rows} rows instead of {}", table.rows));
            }
        }
        if facts.newest_change != self.newest_change {
            differences.push(format!(
                "its newest change is {} instead of {}",
                facts.newest_change, self.newest_change
            ));
        }
        if self.migrations != facts.migrations.iter().map(Migration::of).collect::<Vec<_>>() {
            differences.push("it has other migrations".to_owned());
        }
        if self.pepper != facts.peppers.iter().map(PepperVersion::of).collect::<Vec<_>>() {
            differences.push("it has other check values of the pepper".to_owned());
        }
        differences
    }

    /// Summary for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let counted = |table: &str, one: &str, many: &str| {
            let rows = self.rows(table);
            format!("{rows} {}", if rows == 1 { one } else { many })
        };
        format!(
            "{} of {}, change {}: {}, {}, {}, {}",
            self.engine,
            self.made_at,
            self.newest_change,
            counted("users", "person", "people"),
            counted("accounts", "account", "accounts"),
            counted("api_keys", "key", "keys"),
            counted(
                "request_logs",
                "row of the request log",
                "rows of the request log"
            ),
        )
    }
}

impl Migration {
    fn of(applied: &Applied) -> Self {
        Self {
            version: applied.version,
            checksum: hex::encode(&applied.checksum),
        }
    }

    fn applied(&self) -> Applied {
        Applied {
            version: self.version,
            checksum: hex::decode(&self.checksum).unwrap_or_default(),
        }
    }
}

impl PepperVersion {
    fn of(stored: &StoredVersion) -> Self {
        Self {
            version: stored.version,
            check_value: hex::encode(&stored.check_value),
            keys: stored.keys,
        }
    }
}

impl Table {
    /// Name of the file with its rows.
    pub(super) fn file(&self) -> String {
        format!("{}{ROWS}", self.name)
    }
}

fn damaged<T>(path: &Path, why: &str) -> Result<T, BackupError> {
    refuse(format!(
        "{} is damaged ({why}): use another backup",
        path.display()
    ))
}

/// A time in the format of folder names: `20261129T100000_123Z`.
#[must_use]
pub fn stamp(at: Timestamp) -> String {
    at.iso().replace([':', '-'], "").replace('.', "_")
}

/// Absolute path of a backup's folder.
pub(super) fn folder_of(named: &Path) -> Result<PathBuf, BackupError> {
    std::fs::canonicalize(named).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => BackupError::Refused(format!(
            "there is no folder {}: name the folder of a backup",
            named.display()
        )),
        _ => BackupError::of_file(named, &error),
    })
}
