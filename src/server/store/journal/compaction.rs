//! Compaction: of several entries about one key, membership or person, only the last is kept. The new file is
//! written beside the journal while changes are still appended, and replaces it under the lock.

use super::{
    Journal, aside,
    copy::next_lines,
    file::{Known, Lines, Locked, Trouble, read_state},
    line::{self, Entry, Key, Member, Person, Subject},
};
use crate::server::runtime::{
    files,
    tasks::{End, Tasks},
};
use sqlx::SqlitePool;
use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufWriter, Seek as _, SeekFrom, Write as _},
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::time::sleep;

/// Size below which the journal is not compacted, in bytes.
const SMALL: u64 = 4 * 1024 * 1024;
/// Growth since the last compaction, as a factor, at which it is compacted again.
const GROWTH: u64 = 2;
const CHECK_EVERY: Duration = Duration::from_secs(10);

/// Starts the task that compacts the journal.
pub(super) fn start(tasks: &Tasks, journal: &Arc<Journal>, read: &SqlitePool) {
    let (weak, pool) = (Arc::downgrade(journal), read.clone());
    tasks.watch("journal_compaction", move || {
        let compacting = keep_compacting(weak.clone(), pool.clone());
        async {
            compacting.await;
            End::Done
        }
    });
}

async fn keep_compacting(journal: Weak<Journal>, read: SqlitePool) {
    let mut most = SMALL;
    while let Some(journal) = Weak::upgrade(&journal) {
        if read.is_closed() {
            return;
        }
        if let Some(known) = journal.known().filter(|known| known.end > most) {
            let bytes = known.end;
            let compacting = Arc::clone(&journal);
            let done = aside::run(move || compacting.compact(&known)).await;
            match done.unwrap_or_else(|error| Err(error.into())) {
                Ok(now) => {
                    most = SMALL.max(now * GROWTH);
                    tracing::info!("the journal was compacted from {bytes} to {now} bytes");
                }
                Err(trouble) => {
                    most = most.max(bytes) * GROWTH;
                    tracing::warn!("the journal could not be compacted: {trouble}");
                }
            }
        }
        drop(journal);
        sleep(CHECK_EVERY).await;
    }
}

impl Journal {
    /// Compacts the known part of the journal; returns its new size in bytes.
    pub(super) fn compact(&self, known: &Known) -> Result<u64, Trouble> {
        let file = files::open(&self.path)?;
        let next = files::make_next(&self.path)?;
        write_last(&file, known, next.as_file())?;
        let compacted = read_state(next.as_file(), self.database(), None)?;
        let locked = Locked::open(&self.path, self.database(), Some(known.clone()))?;
        if !locked.known.is_of(known) {
            return Err(io::Error::other("another process has replaced it").into());
        }
        // Append the entries that were added meanwhile.
        let mut lines = Lines::from(locked.file(), known.end)?;
        let mut file = next.as_file();
        file.seek(SeekFrom::End(0))?;
        while let Some(later) = next_lines(&mut lines, known.last, locked.known.end)? {
            write(file, &later)?;
        }
        let compacted = read_state(file, self.database(), Some(compacted))?;
        let bytes = compacted.end;
        files::put_in_place(next, &self.path)?;
        *super::lock(&self.known) = Some(compacted);
        drop(locked);
        Ok(bytes)
    }
}

fn write(mut file: &File, lines: &[(i64, String)]) -> io::Result<()> {
    for (_, json) in lines {
        file.write_all(line::sealed(json).as_bytes())?;
    }
    Ok(())
}

/// Calls `each` for every entry of the known part of a file.
fn entries(file: &File, known: &Known, mut each: impl FnMut(Entry) -> io::Result<()>) -> Result<(), Trouble> {
    let mut lines = Lines::from(file, 0)?;
    while let Some(next) = next_lines(&mut lines, i64::MIN, known.end)? {
        for (_, json) in next {
            each(serde_json::from_str(&json).map_err(io::Error::from)?)?;
        }
    }
    Ok(())
}

/// Writes the header and the last entry of each subject. The very last entry stays in any case, because its
/// number is the journal's position.
fn write_last(file: &File, known: &Known, to: &File) -> Result<(), Trouble> {
    let mut last: HashMap<Subject, i64> = HashMap::new();
    entries(file, known, |entry| {
        let subjects = entry.keys.iter().map(Key::subject);
        let subjects = subjects.chain(entry.members.iter().map(Member::subject));
        let subjects = subjects.chain(entry.people.iter().map(Person::subject));
        last.extend(subjects.map(|subject| (subject, entry.number)));
        Ok(())
    })?;
    let mut to = BufWriter::new(to);
    let header = serde_json::to_string(&known.header).map_err(io::Error::from)?;
    to.write_all(line::sealed(&header).as_bytes())?;
    entries(file, known, |mut entry| {
        let number = entry.number;
        let is_last = |subject: Subject| last.get(&subject) == Some(&number);
        entry.keys.retain(|key| is_last(key.subject()));
        entry.members.retain(|member| is_last(member.subject()));
        entry.people.retain(|person| is_last(person.subject()));
        let is_empty = entry.keys.is_empty() && entry.members.is_empty() && entry.people.is_empty();
        if is_empty && number != known.last {
            return Ok(());
        }
        to.write_all(line::sealed(&serde_json::to_string(&entry)?).as_bytes())
    })?;
    Ok(to.flush()?)
}
