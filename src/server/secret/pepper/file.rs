//! The pepper's file: one version on each line.

use super::{BYTES, Pepper, PepperError, Secret};
use crate::server::runtime::{
    files::{self, Held, ReplaceError},
    rng::Rng,
};
use std::{fs::File, io, path::Path};
use zeroize::Zeroizing;

/// Line of a version that was removed.
const REMOVED: &str = "-";
/// Maximum size of the file in bytes, which is about a thousand versions.
const MOST: u64 = 64 * 1024;

/// Versions in the order of the lines; `None` for a removed one.
type Lines = Vec<Option<Secret>>;

/// Adds a version to the file and returns its number. Servers use it for new keys after their next start.
pub fn add_version(path: &Path, rng: &dyn Rng) -> Result<usize, PepperError> {
    let held = hold(path)?;
    let mut lines = lines_of(held.file(), path)?;
    lines.push(Some(rng.bytes().into()));
    held.prepare(text(&lines).as_bytes())
        .and_then(files::Replacement::put_in_place)
        .map_err(|source| not_replaced(path, source))?;
    Ok(lines.len())
}

/// Removal of a version; the file is locked meanwhile.
pub struct Removal<'p> {
    path: &'p Path,
    held: Held,
    without: Lines,
}

impl<'p> Removal<'p> {
    /// Locks the file.
    ///
    /// # Errors
    /// `NotThere` if the file lacks the version, or it is the current one; otherwise a sentence for the
    /// server operator.
    pub fn begin(path: &'p Path, version: i64) -> Result<Self, PepperError> {
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
        Ok(Self {
            path,
            held,
            without: lines,
        })
    }

    /// Writes the new file beside the old one, for [`PreparedRemoval::put_in_place`].
    pub fn prepare(&self) -> Result<PreparedRemoval<'_>, PepperError> {
        let next = self.held.prepare(text(&self.without).as_bytes());
        Ok(PreparedRemoval {
            path: self.path,
            next: next.map_err(|source| not_replaced(self.path, source))?,
        })
    }
}

/// A file without the version, beside the current file.
pub struct PreparedRemoval<'r> {
    path: &'r Path,
    next: files::Replacement<'r>,
}

impl PreparedRemoval<'_> {
    /// Replaces the current file.
    pub fn put_in_place(self) -> Result<(), PepperError> {
        let path = self.path;
        self.next
            .put_in_place()
            .map_err(|source| not_replaced(path, source))
    }
}

/// Content of the file.
#[derive(PartialEq, Eq)]
pub struct PepperFile(Lines);

impl PepperFile {
    /// Reads the file, if there is one.
    pub fn read(path: &Path) -> Result<Option<Self>, PepperError> {
        Ok(read(path)?.map(Self))
    }

    /// Creates the file, unless another process has created it first.
    pub fn make(path: &Path, secret: Secret) -> Result<Self, PepperError> {
        make(path, secret).map(Self)
    }

    /// The pepper in the file.
    ///
    /// # Errors
    /// `Malformed` if all versions are removed.
    pub fn pepper(&self, path: &Path) -> Result<Pepper, PepperError> {
        Pepper::from_lines(&self.0).ok_or_else(|| PepperError::Malformed(path.to_owned()))
    }
}

/// Text of the file, to copy it.
pub fn contents(path: &Path) -> Result<Zeroizing<String>, PepperError> {
    let lines = read(path)?.ok_or_else(|| PepperError::Missing(path.to_owned()))?;
    Ok(text(&lines))
}

/// Reads the file, if there is one.
fn read(path: &Path) -> Result<Option<Lines>, PepperError> {
    match files::open(path) {
        Ok(file) => lines_of(&file, path).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unusable(path, error)),
    }
}

/// Creates the file, unless another process has created it first; returns the file's content.
fn make(path: &Path, secret: Secret) -> Result<Lines, PepperError> {
    files::make_once(path, text(&[Some(secret)]).as_bytes()).map_err(|error| unusable(path, error))?;
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
        text => Some(Zeroizing::new(text.map_err(failed)?)),
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

fn text(lines: &[Option<Secret>]) -> Zeroizing<String> {
    // Allocated in full at once: a reallocation would leave a copy of the secret in freed memory.
    let mut text = Zeroizing::new(String::with_capacity(lines.len() * (2 * BYTES + 1)));
    for line in lines {
        match line {
            Some(secret) => text.push_str(&Zeroizing::new(hex::encode(secret.as_slice()))),
            None => text.push_str(REMOVED),
        }
        text.push('\n');
    }
    text
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

fn from_hex(text: &str) -> Option<Secret> {
    let mut secret = Secret::default();
    hex::decode_to_slice(text, secret.as_mut_slice()).ok()?;
    Some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_the_lines_has_these_lines() {
        let line = |byte| Some(Secret::from([byte; BYTES]));
        let lines = vec![line(7), None, line(8)];
        assert_eq!(parse(&text(&lines)), Some(lines));
        assert_eq!(parse(&text(&[line(7), None])), None, "no present version");
    }

    #[test]
    fn hexadecimal() {
        assert_eq!(from_hex(&"0a".repeat(32)), Some([10; 32].into()));
        for bad in ["", &"0a".repeat(31), &"0g".repeat(32), &"ä".repeat(32)] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
    }
}
