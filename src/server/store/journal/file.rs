//! The file of a journal. Processes that append to it or replace it lock it (`flock`): the server and the commands
//! beside it.

use super::line::{self, FORMAT, Header};
use crate::server::runtime::files;
use std::{
    fs::{self, File, Metadata, TryLockError},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::MetadataExt as _,
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

/// How long to wait for another process's lock.
const PATIENCE: Duration = Duration::from_millis(800);
const AGAIN: Duration = Duration::from_millis(2);
/// Maximum number of attempts, as the file can be replaced between opening and locking it.
const TRIES: u32 = 20;
/// Maximum length of a line in bytes; a change of 1,000 keys has 400,000.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It does not exist, or is empty.
    #[error("it is gone")]
    Missing,
    /// A line in the middle is damaged; carries the number of the last entry after it.
    #[error("its line {line} is damaged")]
    Damaged { line: u64, last: i64 },
    /// It was written by a later release.
    #[error("it was written by a later release")]
    Later,
    /// It belongs to another database.
    #[error("it belongs to another database")]
    Foreign,
}

/// Known state of a file: its identity, and the part of it that is complete.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// Device and inode.
    identity: (u64, u64),
    pub(super) header: Header,
    /// Offset of the end of the last complete line.
    pub(super) end: u64,
    lines: u64,
    /// Number of the last entry; without one, the header's.
    pub(super) last: i64,
}

/// A locked journal: no other process writes to it.
pub(super) struct Locked {
    file: File,
    pub(super) known: Known,
}

fn identity(found: &Metadata) -> (u64, u64) {
    (found.dev(), found.ino())
}

/// Opens and locks the file at a path; with `make`, creates an empty one if it does not exist.
fn lock(path: &Path, make: bool) -> Result<File, Trouble> {
    let began = Instant::now();
    for _ in 0..TRIES {
        let found = fs::symlink_metadata(path);
        if !make && matches!(&found, Err(error) if error.kind() == io::ErrorKind::NotFound) {
            return Err(Trouble::Missing);
        }
        let file = files::open_or_make(path)?;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => sleep(AGAIN),
                Err(TryLockError::WouldBlock) => {
                    return Err(
                        io::Error::new(io::ErrorKind::TimedOut, "another process holds it locked").into(),
                    );
                }
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
        let own = identity(&file.metadata()?);
        if fs::symlink_metadata(path).is_ok_and(|now| identity(&now) == own) {
            return Ok(file);
        }
    }
    Err(io::Error::other("it is replaced all the time").into())
}

/// Complete lines of a file, from an offset on.
pub(super) struct Lines {
    reader: BufReader<File>,
    line: Vec<u8>,
    /// Offset of the end of the last complete line.
    pub(super) end: u64,
}

impl Lines {
    pub(super) fn from(file: &File, offset: u64) -> io::Result<Self> {
        let mut file = file.try_clone()?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self {
            reader: BufReader::new(file),
            line: Vec::new(),
            end: offset,
        })
    }

    /// The JSON of the next line; `None` at the end, `Some(Err(()))` for an incomplete or damaged line.
    pub(super) fn next(&mut self) -> io::Result<Option<Result<&str, ()>>> {
        self.line.clear();
        let mut limited = (&mut self.reader).take(LONGEST);
        if limited.read_until(b'\n', &mut self.line)? == 0 {
            return Ok(None);
        }
        Ok(Some(match line::opened(&self.line) {
            Some(json) => {
                self.end += self.line.len() as u64;
                Ok(json)
            }
            None => Err(()),
        }))
    }
}

/// Reads the header of a file.
fn header(file: &File, database: &str) -> Result<Known, Trouble> {
    let found = file.metadata()?;
    let mut lines = Lines::from(file, 0)?;
    let header: Header = match lines.next()? {
        None => return Err(Trouble::Missing),
        Some(Ok(json)) => match serde_json::from_str::<Header>(json) {
            Ok(header) if header.babysea_journal == FORMAT => header,
            Ok(_) => return Err(Trouble::Later),
            Err(_) => return Err(Trouble::Foreign),
        },
        // A process was killed, or the power failed, before the first line was complete. No entry can follow
        // it.
        Some(Err(())) => match last_number(&mut lines)? {
            None => return Err(Trouble::Missing),
            Some(last) => return Err(Trouble::Damaged { line: 1, last }),
        },
    };
    if header.database != database {
        return Err(Trouble::Foreign);
    }
    Ok(Known {
        identity: identity(&found),
        end: lines.end,
        lines: 1,
        last: header.begun_after,
        header,
    })
}

/// Number of the last complete entry among the remaining lines.
fn last_number(lines: &mut Lines) -> io::Result<Option<i64>> {
    let mut last = None;
    while let Some(line) = lines.next()? {
        last = line.ok().and_then(line::number).or(last);
    }
    Ok(last)
}

/// Reads from the known state to the end of the file. An incomplete last line is ignored: its writer was
/// stopped before a response could depend on it.
fn read_on(file: &File, mut known: Known) -> Result<Known, Trouble> {
    let mut lines = Lines::from(file, known.end)?;
    while let Some(line) = lines.next()? {
        known.lines += 1;
        let is_whole = line.is_ok();
        match line.ok().and_then(line::number) {
            Some(number) if number > known.last => {
                known.last = number;
                known.end = lines.end;
            }
            number => {
                return match last_number(&mut lines)?.or(number) {
                    None if !is_whole => Ok(known),
                    last => Err(Trouble::Damaged {
                        line: known.lines,
                        last: last.unwrap_or(known.last).max(known.last),
                    }),
                };
            }
        }
    }
    Ok(known)
}

/// Reads the state of a file of the database `database`, starting from a known state.
pub(super) fn read_state(file: &File, database: &str, known: Option<Known>) -> Result<Known, Trouble> {
    let found = file.metadata()?;
    let known = match known {
        Some(known) if known.identity == identity(&found) && known.end <= found.len() => known,
        _ => header(file, database)?,
    };
    if known.end == found.len() {
        return Ok(known);
    }
    read_on(file, known)
}

impl Known {
    /// Whether both are states of the same file, which was not replaced in between.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        self.identity == other.identity
    }
}

impl Locked {
    /// Opens and locks the journal of a database.
    pub(super) fn open(path: &Path, database: &str, before: Option<Known>) -> Result<Self, Trouble> {
        let file = lock(path, false)?;
        let before_end = before.as_ref().map(|known| known.end);
        let known = read_state(&file, database, before)?;
        if before_end != Some(known.end) {
            // Flush: another process may have written it and stopped before flushing.
            file.sync_data()?;
        }
        Ok(Self { file, known })
    }

    /// Starts a journal, if the file does not exist or is empty.
    pub(super) fn begin(path: &Path, header: Header) -> Result<Self, Trouble> {
        let mut file = lock(path, true)?;
        // Another process may have been first.
        if let Ok(known) = read_state(&file, &header.database, None) {
            return Ok(Self { file, known });
        }
        let line = line::sealed(&serde_json::to_string(&header).map_err(io::Error::other)?);
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(line.as_bytes())?;
        file.sync_all()?;
        let known = Known {
            identity: identity(&file.metadata()?),
            end: line.len() as u64,
            lines: 1,
            last: header.begun_after,
            header,
        };
        Ok(Self { file, known })
    }

    /// The file, for reading.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Appends entries and flushes them. Entries that are there already are skipped.
    pub(super) fn append(&mut self, entries: &[(i64, String)]) -> Result<(), Trouble> {
        let (mut last, mut lines, mut text) = (self.known.last, self.known.lines, String::new());
        for (number, json) in entries {
            if *number > last {
                text.push_str(&line::sealed(json));
                (last, lines) = (*number, lines + 1);
            }
        }
        if text.is_empty() {
            return Ok(());
        }
        let end = self.known.end;
        // Truncates a partial line of another process: no response depends on it.
        if self.file.metadata()?.len() != end {
            self.file.set_len(end)?;
        }
        self.file.seek(SeekFrom::Start(end))?;
        let written = self
            .file
            .write_all(text.as_bytes())
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // If this fails too, the next append truncates the partial line.
            let _ = self.file.set_len(end);
            return Err(error.into());
        }
        self.known.end = end + text.len() as u64;
        self.known.lines = lines;
        self.known.last = last;
        Ok(())
    }
}
