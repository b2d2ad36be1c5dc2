//! The schema of a backup, by the migrations that created it, and whether this release supports it.

use super::super::engine::migrations;
use super::Applied;
use serde::{Deserialize, Serialize};
use sqlx::migrate::Migrator;
use std::fmt;

/// A database engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// An SQLite file.
    Sqlite,
    /// A PostgreSQL database.
    Postgres,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// Why this release does not support a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// This migration belongs to a later release.
    Later(i64),
    /// This migration has a different content.
    Other(i64),
    /// No migration was applied, or one in between is missing.
    Incomplete,
}

/// Whether the applied migrations are the first ones of this release, each with the same content.
///
/// # Errors
/// Why not.
pub fn judge(engine: Engine, applied: &[Applied]) -> Result<(), Unknown> {
    let known: &Migrator = match engine {
        Engine::Sqlite => &migrations::SQLITE,
        Engine::Postgres => &migrations::POSTGRES,
    };
    let known: Vec<_> = known
        .iter()
        .map(|migration| (migration.version, &*migration.checksum))
        .collect();
    judge_by(&known, applied)
}

fn judge_by(known: &[(i64, &[u8])], applied: &[Applied]) -> Result<(), Unknown> {
    for applied in applied {
        match known.iter().find(|(version, _)| *version == applied.version) {
            None => return Err(Unknown::Later(applied.version)),
            Some((_, checksum)) if *checksum != applied.checksum => {
                return Err(Unknown::Other(applied.version));
            }
            Some(_) => {}
        }
    }
    let is_prefix = known
        .iter()
        .zip(applied)
        .all(|((version, _), applied)| *version == applied.version);
    if is_prefix && !applied.is_empty() {
        Ok(())
    } else {
        Err(Unknown::Incomplete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_migrations_of_this_release_are_known() {
        let known: [(i64, &[u8]); 3] = [(1, &[1]), (2, &[2]), (3, &[3])];
        let applied = |list: &[(i64, u8)]| -> Vec<Applied> {
            let all = list.iter();
            all.map(|&(version, sum)| Applied {
                version,
                checksum: vec![sum],
            })
            .collect()
        };
        for (list, expected) in [
            (&[(1, 1), (2, 2), (3, 3)][..], Ok(())),
            (&[(1, 1), (2, 2)], Ok(())),
            (&[(1, 1), (2, 2), (3, 3), (4, 4)], Err(Unknown::Later(4))),
            (&[(1, 1), (2, 9)], Err(Unknown::Other(2))),
            (&[(1, 1), (3, 3)], Err(Unknown::Incomplete)),
            (&[], Err(Unknown::Incomplete)),
        ] {
            assert_eq!(judge_by(&known, &applied(list)), expected, "{list:?}");
        }
    }
}
