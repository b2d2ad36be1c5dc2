//! Facts for the dialogs that end keys: how much the keys were used lately.
//!
//! Bounded in rows and in time (docs/security.md, S87). A dialog that opens late is worse than one without
//! these numbers.

use crate::{
    domain::key::{
        Key,
        recent_use::{DAYS, RecentUse},
    },
    server::{
        access::AccountReader,
        app::App,
        error::ServiceError,
        runtime::log_limit::LogLimit,
        service::long_reads::{self, LongReadError},
        store::{StoreError, Tables as _},
    },
};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// Maximum number of rows of the request log that one dialog reads. Several keys share them.
pub const MOST_ROWS: u64 = 10_000;
/// How long a dialog waits for queued log rows.
const FLUSH: Duration = Duration::from_millis(100);

/// Waits until queued requests and last uses are written, for a short time; whether they are. If not, the last
/// use that is read may be older than the real one.
pub async fn flush(app: &App) -> bool {
    timeout(FLUSH, app.recorder.flush()).await.unwrap_or(false)
}

/// Recent use of each key, in their order; `None` for keys that could not be counted in time, or at all. Counts
/// at most [`MOST_ROWS`] rows, the latest ones of each key. `is_flushed`: result of [`flush`].
pub async fn recent_use(
    app: &App,
    reader: &AccountReader,
    keys: &[Key],
    is_flushed: bool,
) -> Vec<Option<RecentUse>> {
    static LINES: LogLimit = LogLimit::new();
    if !is_flushed {
        return vec![None; keys.len()];
    }
    let limit = MOST_ROWS / u64::try_from(keys.len().max(1)).unwrap_or(u64::MAX);
    let days = DAYS.min(app.config.log_retention.as_secs() / 86_400);
    let since = app.now().minus(Duration::from_hours(24 * days));
    let ids: Vec<_> = keys.iter().map(|key| key.id).collect();
    let counted = long_reads::run(app, reader.account.id, long_reads::DIALOG, |read| {
        Box::pin(async move {
            let started = Instant::now();
            let has_gaps = read.logs().has_gaps(since).await?;
            let mut counted = Vec::new();
            for id in ids {
                // PostgreSQL limits each statement; this limits all of them.
                if started.elapsed() >= long_reads::DIALOG.run {
                    break;
                }
                match read.logs().recent_of_key(id, since, limit).await {
                    Ok(recent) => counted.push(RecentUse {
                        limit,
                        days,
                        has_gaps,
                        ..recent
                    }),
                    // The keys before it have their numbers.
                    Err(StoreError::TooLong) => break,
                    Err(error) => return Err(error),
                }
            }
            Ok(counted)
        })
    });
    let counted = match counted.await {
        Ok(counted) => counted,
        Err(LongReadError::Busy | LongReadError::TooLong) => Vec::new(),
        Err(LongReadError::Store(error)) => {
            if LINES.allows() {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "the use of keys could not be counted");
            }
            Vec::new()
        }
    };
    let mut counted: Vec<_> = counted.into_iter().map(Some).collect();
    counted.resize(keys.len(), None);
    counted
}

/// The key that replaces `key`, unless it was deleted.
///
/// # Errors
/// When the database fails.
pub async fn replacement(app: &App, reader: &AccountReader, key: &Key) -> Result<Option<Key>, ServiceError> {
    /// Keys that are searched, newest first. At most two of a chain work.
    const NEWEST: u32 = 20;
    let mut store = app.store.read().await?;
    let chain = store.keys().chain(reader.account.id, key.id, NEWEST).await?;
    Ok(chain.into_iter().find(|other| other.replaces == Some(key.id)))
}
