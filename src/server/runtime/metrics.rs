//! Metrics for Prometheus: verdicts, durations, and gauges of queues and pools.

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};
use std::{fmt, sync::Arc, time::Duration};

/// Labels of a check.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Decided {
    door: &'static str,
    route: Arc<str>,
    verdict: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Door {
    door: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Pool {
    pool: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Rows {
    rows: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Task {
    task: &'static str,
}

/// Gauges.
#[derive(Clone, Debug, Default)]
pub struct Gauges {
    /// Cached keys.
    pub keys_in_memory: usize,
    /// Request log rows that wait to be written.
    pub log_queue: usize,
    /// Request log rows that were dropped since the start.
    pub log_dropped: u64,
    /// Checks that used a cached key while the database was unavailable, since the start.
    pub stale_uses: u64,
    /// Refused sign-ins without an account, since the start.
    pub unowned_refusals: u64,
    /// Rows that the database refused since the start, by kind.
    pub rows_refused: Vec<(&'static str, u64)>,
    /// Supervised tasks, and how often each was restarted.
    pub task_restarts: Vec<(&'static str, u64)>,
    /// Log lines that were lost since the start.
    pub lines_lost: u64,
    /// Seconds since the newest complete backup; `None` without one.
    pub backup_age: Option<u64>,
    /// Failed backups since the start.
    pub backup_failures: u64,
    /// Size of the journal of an SQLite file, in bytes.
    pub journal_bytes: u64,
    /// Flushes of the journal since the start.
    pub journal_flushes: u64,
    /// Failed writes of the journal since the start.
    pub journal_failures: u64,
    /// Failed writes of the journal's copy since the start.
    pub journal_copy_failures: u64,
    /// Database connection pools: name, open connections, connections in use.
    pub pools: Vec<(&'static str, u32, u32)>,
}

/// The metrics of this process.
pub struct Metrics {
    registry: Registry,
    nowhere: Arc<str>,
    requests: Family<Decided, Counter>,
    decisions: Family<Door, Histogram>,
    from_memory: Counter,
    from_database: Counter,
    keys_in_memory: Gauge,
    log_queue: Gauge,
    log_dropped: Counter,
    stale_uses: Counter,
    unowned_refusals: Counter,
    rows_refused: Family<Rows, Counter>,
    task_restarts: Family<Task, Counter>,
    lines_lost: Counter,
    backups: Backups,
    journal: JournalMetrics,
    open: Family<Pool, Gauge>,
    in_use: Family<Pool, Gauge>,
    connections: Gauge,
    connections_refused: Counter,
}

/// Metrics of the journal of an SQLite file.
#[derive(Default)]
struct JournalMetrics {
    bytes: Gauge,
    flushes: Counter,
    failures: Counter,
    copy_failures: Counter,
}

impl JournalMetrics {
    fn register(&self, all: &mut Registering<'_>) {
        all.add(
            "journal_bytes",
            "Size of the journal of an SQLite file",
            &self.bytes,
        );
        all.add("journal_flushes", "Flushes of the journal", &self.flushes);
        all.add("journal_failures", "Failed writes of the journal", &self.failures);
        all.add(
            "journal_copy_failures",
            "Failed writes of the copy of the journal",
            &self.copy_failures,
        );
    }

    fn set(&self, gauges: &Gauges) {
        self.bytes
            .set(i64::try_from(gauges.journal_bytes).unwrap_or(i64::MAX));
        raise(&self.flushes, gauges.journal_flushes);
        raise(&self.failures, gauges.journal_failures);
        raise(&self.copy_failures, gauges.journal_copy_failures);
    }
}

/// Buckets from 10 microseconds to about two thirds of a second.
fn histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.000_01, 4.0, 9))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("babysea"),
            nowhere: "".into(),
            requests: Family::default(),
            decisions: Family::new_with_constructor(histogram),
            from_memory: Counter::default(),
            from_database: Counter::default(),
            keys_in_memory: Gauge::default(),
            log_queue: Gauge::default(),
            log_dropped: Counter::default(),
            stale_uses: Counter::default(),
            unowned_refusals: Counter::default(),
            rows_refused: Family::default(),
            task_restarts: Family::default(),
            lines_lost: Counter::default(),
            backups: Backups::default(),
            journal: JournalMetrics::default(),
            open: Family::default(),
            in_use: Family::default(),
            connections: Gauge::default(),
            connections_refused: Counter::default(),
        };
        let Self {
            registry,
            requests,
            decisions,
            from_memory,
            from_database,
            keys_in_memory,
            log_queue,
            log_dropped,
            stale_uses,
            unowned_refusals,
            rows_refused,
            task_restarts,
            lines_lost,
            backups,
            journal,
            open,
            in_use,
            connections,
            connections_refused,
            ..
        } = &mut metrics;
        let mut all = Registering(registry);
        all.add("requests", "Checked requests", requests);
        all.add("decision_seconds", "Duration of a check", decisions);
        all.add("keys_from_memory", "Keys found in the cache", from_memory);
        all.add(
            "keys_from_database",
            "Keys looked up in the database",
            from_database,
        );
        all.add("keys_in_memory", "Cached keys", keys_in_memory);
        all.add(
            "log_queue",
            "Rows of the request log that wait to be written",
            log_queue,
        );
        all.add(
            "log_dropped",
            "Rows of the request log that were dropped",
            log_dropped,
        );
        all.add("stale_uses", "Keys checked by their last known state", stale_uses);
        all.add(
            "unowned_refusals",
            "Refused sign-ins that belong to no account",
            unowned_refusals,
        );
        all.add(
            "rows_refused",
            "Rows dropped because the database refused them",
            rows_refused,
        );
        all.add(
            "task_restarts",
            "Restarts of tasks that panicked or ended early",
            task_restarts,
        );
        all.add(
            "output_lines_lost",
            "Log lines that could not be written",
            lines_lost,
        );
        backups.register(&mut all);
        journal.register(&mut all);
        all.add("pool_open", "Open connections to the database", open);
        all.add("pool_in_use", "Connections to the database in use", in_use);
        all.add("connections_open", "Open connections of clients", connections);
        all.add(
            "connections_refused",
            "Connections closed at once because there were too many",
            connections_refused,
        );
        metrics
    }
}

struct Registering<'r>(&'r mut Registry);

impl Registering<'_> {
    fn add<M: prometheus_client::registry::Metric + Clone>(&mut self, name: &str, help: &str, metric: &M) {
        self.0.register(name, help, metric.clone());
    }
}

impl Metrics {
    /// Counts a check by entry point, pattern of the route (if it is in the catalogue) and verdict.
    pub fn decided(
        &self,
        door: &'static str,
        route: Option<&Arc<str>>,
        verdict: &'static str,
        took: Duration,
    ) {
        let route = Arc::clone(route.unwrap_or(&self.nowhere));
        let decided = Decided { door, route, verdict };
        self.requests.get_or_create(&decided).inc();
        self.decisions
            .get_or_create(&Door { door })
            .observe(took.as_secs_f64());
    }

    /// Counts a request that was refused without a check, by entry point.
    pub fn refused(&self, door: &'static str, verdict: &'static str) {
        let refused = Decided {
            door,
            route: Arc::clone(&self.nowhere),
            verdict,
        };
        self.requests.get_or_create(&refused).inc();
    }

    /// Counts a cache hit.
    pub fn found_in_memory(&self) {
        self.from_memory.inc();
    }

    /// Counts a look-up in the database.
    pub fn looked_up(&self) {
        self.from_database.inc();
    }

    /// Counts a connection that was accepted.
    pub fn connection_opened(&self) {
        self.connections.inc();
    }

    /// Counts its end.
    pub fn connection_closed(&self) {
        self.connections.dec();
    }

    /// Counts a connection for which there was no slot.
    pub fn connection_refused(&self) {
        self.connections_refused.inc();
    }

    /// All metrics in the text format of Prometheus.
    ///
    /// # Errors
    /// When a metric cannot be formatted.
    pub fn text(&self, gauges: &Gauges) -> Result<String, fmt::Error> {
        let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        self.keys_in_memory.set(whole(gauges.keys_in_memory));
        self.log_queue.set(whole(gauges.log_queue));
        raise(&self.log_dropped, gauges.log_dropped);
        raise(&self.stale_uses, gauges.stale_uses);
        raise(&self.unowned_refusals, gauges.unowned_refusals);
        raise(&self.lines_lost, gauges.lines_lost);
        self.backups.set(gauges);
        self.journal.set(gauges);
        for &(rows, refused) in &gauges.rows_refused {
            raise(&self.rows_refused.get_or_create(&Rows { rows }), refused);
        }
        for &(task, restarts) in &gauges.task_restarts {
            raise(&self.task_restarts.get_or_create(&Task { task }), restarts);
        }
        for &(pool, open, in_use) in &gauges.pools {
            self.open.get_or_create(&Pool { pool }).set(open.into());
            self.in_use.get_or_create(&Pool { pool }).set(in_use.into());
        }
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// The metrics of scheduled backups.
#[derive(Default)]
struct Backups {
    age: Family<[(&'static str, &'static str); 0], Gauge>,
    failures: Counter,
}

impl Backups {
    fn register(&self, all: &mut Registering<'_>) {
        all.add("backup_age_seconds", "Age of the newest good backup", &self.age);
        all.add("backup_failures", "Scheduled backups that failed", &self.failures);
    }

    /// Without a backup, the metric of its age is left out.
    fn set(&self, gauges: &Gauges) {
        raise(&self.failures, gauges.backup_failures);
        if let Some(age) = gauges.backup_age {
            let age = i64::try_from(age).unwrap_or(i64::MAX);
            self.age.get_or_create(&[]).set(age);
        } else {
            self.age.remove(&[]);
        }
    }
}

/// Raises a counter to a total that was counted elsewhere.
fn raise(counter: &Counter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}
