//! Creating a backup while servers use the database.

use super::{
    BackupError,
    folder::{Digest, Unfinished, digest},
    manifest::{DATABASE, Manifest, PEPPER, Part, Table},
    quietly, refuse,
};
use crate::{
    domain::time::Timestamp,
    server::{
        runtime::{files, quiet_thread::Stopped},
        secret::{
            key_hash::StoredVersion,
            pepper::{self, Pepper},
        },
        store::{
            Store,
            backup::{CopiedFile, Engine, Facts, Snapshot, copy_sqlite, tables},
        },
    },
};
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::mpsc::{self, Receiver};

/// Capacity of the channel to the file writer, in chunks of rows.
const PIECES: usize = 4;

/// Request for a backup.
#[derive(Clone, Debug)]
pub struct Order {
    /// Folder for the backup; it must not exist yet, or be empty.
    pub dir: PathBuf,
    /// File of the pepper, to include it.
    pub pepper: Option<PathBuf>,
    /// Time of the request.
    pub at: Timestamp,
}

/// A copied database: facts about it, its tables, its files.
struct Copied(Facts, Vec<Table>, Vec<Part>);

/// Creates a backup. If it fails, or the future is dropped, all of its files are removed.
pub async fn make(store: &Store, order: &Order) -> Result<Manifest, BackupError> {
    let dir = order.dir.clone();
    let unfinished = Arc::new(quietly(move |_| Unfinished::begin(&dir)).await?);
    let Copied(facts, tables, mut parts) = match store.kind() {
        Engine::Sqlite => sqlite(store, &unfinished).await?,
        Engine::Postgres => postgres(store, &unfinished).await?,
    };
    if let Some(pepper) = &order.pepper {
        parts.push(with_pepper(&unfinished, pepper, &facts.peppers)?);
    }
    let manifest = Manifest::new(store.kind(), order.at, &facts, tables, parts);
    let text = manifest.clone();
    quietly(move |_| match Arc::try_unwrap(unfinished) {
        Ok(unfinished) => unfinished.put_in_place(&text),
        Err(_) => refuse("a part of the backup is still being written".to_owned()),
    })
    .await?;
    Ok(manifest)
}

async fn sqlite(store: &Store, unfinished: &Arc<Unfinished>) -> Result<Copied, BackupError> {
    // If the database file was replaced, later commits go to another file than the one that is copied.
    store.check_file()?;
    let Some(from) = store.sqlite_file() else {
        return refuse("this is not an SQLite database".to_owned());
    };
    let copy = unfinished.folder().join(DATABASE);
    copy_sqlite(from, copy.clone(), unfinished.shown(DATABASE)).await?;
    let mut copied = CopiedFile::open(&copy).await?;
    let facts = copied.facts().await?;
    copied.close().await?;
    let unfinished = Arc::clone(unfinished);
    let part = quietly(move |stopped| unfinished.describe(DATABASE, stopped)).await?;
    let tables = facts.rows.iter().map(|&(name, rows)| Table {
        name: name.to_owned(),
        rows,
        columns: Vec::new(),
    });
    let tables = tables.collect();
    Ok(Copied(facts, tables, vec![part]))
}

async fn postgres(store: &Store, unfinished: &Arc<Unfinished>) -> Result<Copied, BackupError> {
    let Some(mut snapshot) = Snapshot::begin(store).await? else {
        return refuse("this is not a PostgreSQL database".to_owned());
    };
    let facts = snapshot.facts(false).await?;
    let (mut all, mut parts) = (Vec::new(), Vec::new());
    for name in tables().0 {
        let columns = snapshot.columns(name).await?;
        let mut table = Table {
            name: name.to_owned(),
            rows: 0,
            columns,
        };
        let (sender, receiver) = mpsc::channel(PIECES);
        let (writing, file) = (Arc::clone(unfinished), table.file());
        let writes = quietly(move |_| write_rows(&writing, &file, receiver));
        let copies = async {
            let rows = snapshot.copy(name, &table.columns, &sender).await;
            // Closes the channel, which ends the file.
            drop(sender);
            rows
        };
        let (written, rows) = tokio::join!(writes, copies);
        // If the channel was closed early, the writer's error is the cause.
        parts.push(written?);
        table.rows = rows?;
        all.push(table);
    }
    Ok(Copied(facts, all, parts))
}

/// Writes rows as they arrive, and returns the description of the file.
fn write_rows(unfinished: &Unfinished, name: &str, mut rows: Receiver<Vec<u8>>) -> Result<Part, BackupError> {
    let failed = |error: std::io::Error| BackupError::of_file(&unfinished.shown(name), &error);
    let path = unfinished.folder().join(name);
    let mut file = files::open_or_make(&path).map_err(failed)?;
    let mut writing = Digest::default();
    while let Some(piece) = rows.blocking_recv() {
        file.write_all(&piece).map_err(failed)?;
        writing.add(&piece);
    }
    file.sync_all().map_err(failed)?;
    Ok(writing.part(name))
}

/// Adds the pepper, if it is the one under which the copied keys are stored.
fn with_pepper(unfinished: &Unfinished, file: &Path, stored: &[StoredVersion]) -> Result<Part, BackupError> {
    Pepper::verify(file, stored)?;
    unfinished.write(PEPPER, pepper::contents(file)?.as_bytes())
}

/// Compares a file of a backup with its description; returns the difference.
pub(super) fn compare(folder: &Path, part: &Part, stopped: &Stopped) -> Result<Option<String>, BackupError> {
    let path = folder.join(&part.name);
    if !path.exists() {
        return Ok(Some(format!("{} is missing", path.display())));
    }
    let found = digest(&path, stopped, |_| Ok(()))?;
    Ok(if found.bytes != part.bytes {
        Some(format!(
            "{} has {} bytes instead of {}",
            path.display(),
            found.bytes,
            part.bytes
        ))
    } else if found.sha256 != part.sha256 {
        Some(format!(
            "{} has changed since the backup was made",
            path.display()
        ))
    } else {
        None
    })
}
