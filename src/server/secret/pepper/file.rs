//! The pepper's file: one version on each line.

use super::{BYTES, PepperError};
use crate::server::{
    runtime::{
        files::{self, Held, ReplaceError},
        rng::Rng,
    },
    store::{Store, Tables as _},
};
use std::{fs::File, io, path::Path};

/// Stands in the file for a version that is no longer needed.
const REMOVED: &str = "-";
/// A larger file is none of ours: it would have a thousand versions.
const MOST: u64 = 64 * 1024;

/// The lines of the file in their order; a removed version is none.
type Lines = Vec<Option<[u8; BYTES]>>;

/// Adds a version to the file; new keys are stored under it once the servers have been started again. Returns it.
///
/// # Errors
/// A sentence for the server operator.
pub fn add_version(path: &Path, rng: &dyn Rng) -> Result<usize, PepperError> {
    let held = hold(path)?;
    let mut lines = lines_of(held.file(), path)?;
    lines.push(Some(rng.bytes()));
    held.prepare(text(&lines).as_bytes())
        .and_then(files::Replacement::put_in_place)
        .map_err(|source| not_replaced(path, source))?;
    Ok(lines.len())
}

/// Takes a version out of the file that no stored key needs.
///
/// # Errors
/// `Removed` with the number of keys that need it, or another sentence for the server operator.
pub async fn remove_version(path: &Path, store: &Store, version: i64) -> Result<(), PepperError> {
    let held = hold(path)?;
    let mut lines = lines_of(held.file(), path)?;
    let last = i64::try_from(lines.len()).unwrap_or(i64::MAX);
    let line = usize::try_from(version).ok().and_then(|n| n.checked_sub(1));
    let line = line
        .and_then(|line| lines.get_mut(line))
        .filter(|line| line.is_some());
    let (Some(line), false) = (line, version == last) else {
        return Err(PepperError::NotThere {
            path: path.to_owned(),
            version,
        });
    };
    *line = None;
    let mut tx = store.write().await?;
    tx.peppers().take_turn().await?;
    let stored = tx.peppers().all().await?;
    let keys = stored
        .iter()
        .find(|stored| stored.version == version)
        .map_or(0, |stored| stored.keys);
    if keys > 0 {
        return Err(PepperError::Removed {
            path: path.to_owned(),
            version,
            keys: keys.unsigned_abs(),
        });
    }
    // Before anything is changed: what cannot be replaced is refused with the database as it was.
    let next = held
        .prepare(text(&lines).as_bytes())
        .map_err(|source| not_replaced(path, source))?;
    // Keys name their version with a foreign key: a server that stores one under it meanwhile makes this fail.
    tx.peppers().delete(version).await?;
    tx.commit().await?;
    next.put_in_place().map_err(|source| not_replaced(path, source))
}

/// What the file holds, for a copy of it.
///
/// # Errors
/// A sentence for the server operator.
pub fn contents(path: &Path) -> Result<String, PepperError> {
    let lines = read(path)?.ok_or_else(|| PepperError::Missing(path.to_owned()))?;
    Ok(text(&lines))
}

/// Reads the file, if there is one.
pub(super) fn read(path: &Path) -> Result<Option<Lines>, PepperError> {
    match files::open(path) {
        Ok(file) => lines_of(&file, path).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unusable(path, error)),
    }
}

/// Makes the file, unless another process has made it first; returns what it holds.
pub(super) fn make(path: &Path, bytes: [u8; BYTES]) -> Result<Lines, PepperError> {
    files::make_once(path, text(&[Some(bytes)]).as_bytes()).map_err(|error| unusable(path, error))?;
    read(path)?.ok_or_else(|| unusable(path, io::ErrorKind::NotFound.into()))
}

fn hold(path: &Path) -> Result<Held, PepperError> {
    Held::open(path).map_err(|error| match error {
        ReplaceError::Io(error) if error.kind() == io::ErrorKind::NotFound => {
            PepperError::Missing(path.to_owned())
        }
        error => not_replaced(path, error),
    })
}

fn lines_of(file: &File, path: &Path) -> Result<Lines, PepperError> {
    let failed = |error| unusable(path, error);
    if let Some(advice) = files::exposed(file).map_err(failed)? {
        return Err(PepperError::Exposed {
            path: path.to_owned(),
            advice,
        });
    }
    let text = match files::text_of(file, MOST) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::FileTooLarge
            ) =>
        {
            None
        }
        text => Some(text.map_err(failed)?),
    };
    text.and_then(|text| parse(&text))
        .ok_or_else(|| PepperError::Malformed(path.to_owned()))
}

fn parse(text: &str) -> Option<Lines> {
    let lines = text.trim_end().lines().map(|line| match line.trim() {
        REMOVED => Some(None),
        line => from_hex(line).map(Some),
    });
    lines
        .collect::<Option<Vec<_>>>()
        .filter(|lines| matches!(lines.last(), Some(Some(_))))
}

fn text(lines: &[Option<[u8; BYTES]>]) -> String {
    let lines = lines.iter().map(|line| {
        let mut line = line.map_or_else(|| REMOVED.to_owned(), hex::encode);
        line.push('\n');
        line
    });
    lines.collect()
}

fn unusable(path: &Path, source: io::Error) -> PepperError {
    PepperError::File {
        path: path.to_owned(),
        source,
    }
}

fn not_replaced(path: &Path, source: ReplaceError) -> PepperError {
    PepperError::Replace {
        path: path.to_owned(),
        source,
    }
}

fn from_hex(text: &str) -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    hex::decode_to_slice(text, &mut bytes).ok().map(|()| bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_the_lines_has_these_lines() {
        let lines = vec![Some([7; BYTES]), None, Some([8; BYTES])];
        assert_eq!(parse(&text(&lines)), Some(lines));
        assert_eq!(
            parse(&text(&[Some([7; BYTES]), None])),
            None,
            "no present version"
        );
    }

    #[test]
    fn hexadecimal() {
        assert_eq!(from_hex(&"0a".repeat(32)), Some([10; 32]));
        for bad in ["", &"0a".repeat(31), &"0g".repeat(32), &"ä".repeat(32)] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
    }
}
