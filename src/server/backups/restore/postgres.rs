//! Restores a PostgreSQL database from a backup, in one transaction.

use super::{Restore, Source, stamp};
use crate::server::{
    backups::{BackupError, folder::digest, make::compare, manifest::Table, quietly, refuse},
    store::backup::{CopyError, Emptied, Load, tables},
};
use tokio::sync::mpsc;

/// Capacity of the channel to the sender, in chunks of rows.
const PIECES: usize = 4;

pub(super) async fn restore(source: &Source, wanted: &Restore) -> Result<Vec<String>, BackupError> {
    if !wanted.without_journal {
        return refuse(format!(
            "a backup of PostgreSQL has no journal of what was revoked or removed after {}: keys that were revoked \
             since then would work again. Use point-in-time recovery (docs/operations.md), or add --without-journal",
            source.manifest.made_at
        ));
    }
    let (folder, all) = (source.folder.clone(), source.manifest.files.clone());
    let fault = quietly(move |stopped| {
        for part in &all {
            if let Some(fault) = compare(&folder, part, stopped)? {
                return Ok(Some(fault));
            }
        }
        Ok(None)
    });
    if let Some(fault) = fault.await? {
        return refuse(format!("{fault}: the backup is damaged. Restore another one"));
    }
    let mut load = Load::begin(&wanted.database).await?;
    let kept = format!("before_restore_{}", stamp(wanted.at).to_lowercase());
    let emptied = load.make_room(wanted.replace, &kept).await?;
    load.make_tables(source.manifest.version()).await?;
    let known = tables().0;
    for table in &source.manifest.tables {
        if !known.contains(&table.name.as_str()) {
            return refuse(format!(
                "{} has a table {} that this release does not know",
                source.folder.display(),
                table.name
            ));
        }
        fill(&mut load, source, table).await?;
    }
    let mut wrong = source.manifest.differences(&load.facts().await?);
    wrong.extend(load.orphans().await?);
    if !wrong.is_empty() {
        return refuse(format!(
            "{} does not match its manifest: {}. Restore another backup",
            source.folder.display(),
            wrong.join("; ")
        ));
    }
    source.put_pepper(&wanted.pepper_file)?;
    load.commit().await?;
    let mut report = vec![format!("{}, to the database of DATABASE_URL", source.done())];
    if let Emptied::Kept(schema) = emptied {
        report.push(format!("the previous tables are kept in the schema {schema}"));
    }
    report.push("everyone has to sign in again".to_owned());
    report.push(source.lost());
    Ok(report)
}

async fn fill(load: &mut Load, source: &Source, table: &Table) -> Result<(), BackupError> {
    let (sender, receiver) = mpsc::channel(PIECES);
    let path = source.folder.join(table.file());
    let reads = quietly(move |stopped| {
        let sent = digest(&path, stopped, |piece| {
            let sent = sender.blocking_send(Ok(piece.to_vec()));
            sent.map_err(|_| CopyError::Stopped.into())
        });
        if sent.is_err() {
            // Fails only if the receiver was dropped because PostgreSQL refused a row.
            let _ = sender.blocking_send(Err(std::io::ErrorKind::Other.into()));
        }
        sent.map(drop)
    });
    let (read, rows) = tokio::join!(reads, load.fill(&table.name, &table.columns, receiver));
    // If both failed, the read error is the cause. Only `Stopped` is not: it follows when PostgreSQL has refused a row
    // and the receiver was dropped.
    let rows = match (read, rows) {
        (Err(error), _) if !matches!(error, BackupError::Copy(CopyError::Stopped)) => return Err(error),
        (_, rows) => rows?,
    };
    if rows == table.rows {
        Ok(())
    } else {
        refuse(format!(
            "{} of {} has {rows} rows instead of {}: it is damaged. Restore another backup",
            table.file(),
            source.folder.display(),
            table.rows
        ))
    }
}
