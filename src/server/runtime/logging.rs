//! Standard output and standard error. A failed write loses a line and has no other effect (docs/security.md,
//! S93): log lines go through a bounded queue to a thread, which may block on a slow reader.

use crate::server::runtime::log_limit::LogLimit;
use clap::ValueEnum;
use std::{
    collections::VecDeque,
    env, fmt,
    io::{self, ErrorKind, IsTerminal as _, Write},
    panic,
    sync::{
        Condvar, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// Default of `RUST_LOG`. tower-sessions warns about every unknown cookie, and any client can send one.
const LOGGED: &str = "info,tower_sessions=error,tower_sessions_core=error";
/// Capacity of the queue, in bytes.
const MOST_BYTES: usize = 1024 * 1024;
/// How long a line waits for room in the queue. After one time-out, further lines are dropped at once until
/// the reader continues.
const ROOM: Duration = Duration::from_millis(100);
/// How long the thread retries when a non-blocking standard error accepts nothing.
const WOULD_BLOCK: Duration = Duration::from_secs(1);
/// Time limit for the last lines at exit.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// A JSON object on each line, for programs.
    Json,
}

/// Queued lines.
#[derive(Default)]
struct Queue {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Whether a line has timed out waiting for room.
    is_stuck: bool,
    /// Whether the thread is writing a line.
    is_writing: bool,
    /// Whether the thread runs.
    has_thread: bool,
}

/// The queue to standard error.
#[derive(Default)]
struct Output {
    queue: Mutex<Queue>,
    /// Wakes the thread.
    filled: Condvar,
    /// Wakes callers that wait for room, or for the last line.
    emptied: Condvar,
    lost: AtomicU64,
}

static STDERR: LazyLock<Output> = LazyLock::new(Output::default);

impl Output {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a line. Never fails: a line without room is counted as lost.
    fn push(&self, line: &[u8]) {
        let mut queue = self.lock();
        let is_full = |queue: &mut Queue| queue.bytes > 0 && queue.bytes + line.len() > MOST_BYTES;
        if is_full(&mut queue) && !queue.is_stuck {
            let waited = self.emptied.wait_timeout_while(queue, ROOM, is_full);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
            queue.is_stuck = is_full(&mut queue);
        }
        if is_full(&mut queue) {
            drop(queue);
            self.lost.fetch_add(1, Relaxed);
            return;
        }
        queue.bytes += line.len();
        queue.lines.push_back(line.to_vec());
        drop(queue);
        self.filled.notify_one();
    }

    /// Writes queued lines, for the lifetime of the process.
    fn write_for_ever(&self, mut to: impl Write) {
        let mut reported = 0;
        loop {
            let mut queue = self.lock();
            let line = loop {
                if let Some(line) = queue.lines.pop_front() {
                    queue.bytes -= line.len();
                    queue.is_writing = true;
                    break line;
                }
                queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
            };
            drop(queue);
            let is_written = write_whole(&mut to, &line).is_ok();
            if !is_written {
                self.lost.fetch_add(1, Relaxed);
            }
            let mut queue = self.lock();
            queue.is_writing = false;
            queue.is_stuck = false;
            drop(queue);
            self.emptied.notify_all();
            let lost = self.lost.load(Relaxed);
            if is_written && lost > reported {
                let more = lost - reported;
                reported = lost;
                tracing::warn!(lost = more, "log lines could not be written and are lost");
            }
        }
    }

    /// Waits until every line is written, for at most `most`.
    fn flush(&self, most: Duration) {
        let queue = self.lock();
        if queue.has_thread {
            let waits = |queue: &mut Queue| queue.is_writing || !queue.lines.is_empty();
            drop(self.emptied.wait_timeout_while(queue, most, waits));
        }
    }
}

/// Writes a whole line, even to a non-blocking descriptor.
fn write_whole(to: &mut impl Write, mut line: &[u8]) -> io::Result<()> {
    let began = Instant::now();
    while !line.is_empty() {
        match to.write(line) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => line = &line[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock && began.elapsed() < WOULD_BLOCK => {
                thread::sleep(Duration::from_millis(10));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A writer of log lines that always succeeds.
#[derive(Clone, Copy, Debug)]
struct Lines;

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        STDERR.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}

/// The log of this process. Dropping it waits for the last lines, for a second at most.
#[derive(Debug)]
pub struct Log {
    format: LogFormat,
}

impl Log {
    /// Starts logging, and logs panics. It does not use the parsed configuration, so that errors in the
    /// configuration are logged in the format of `LOG_FORMAT` or `--log-format` too.
    #[must_use]
    pub fn start() -> Self {
        let mut queue = STDERR.lock();
        if !queue.has_thread {
            let thread = thread::Builder::new().name("log".to_owned());
            queue.has_thread = thread.spawn(|| STDERR.write_for_ever(io::stderr())).is_ok();
        }
        drop(queue);
        let format = wanted(env::args(), env::var("LOG_FORMAT").ok());
        let filter = std::env::var(EnvFilter::DEFAULT_ENV)
            .ok()
            // An empty variable counts as not set.
            .filter(|filter| !filter.is_empty())
            .and_then(|filter| EnvFilter::try_new(filter).ok())
            .unwrap_or_else(|| LOGGED.into());
        let log = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(has_colours())
            .log_internal_errors(false)
            .with_writer(Lines);
        // Fails if a subscriber is set already, which is then used.
        let _ = match format {
            LogFormat::Text => log.try_init(),
            LogFormat::Json => log.json().try_init(),
        };
        panic::set_hook(Box::new(log_panic));
        Self { format }
    }

    /// Logs the error that ends the process, regardless of `RUST_LOG`.
    pub fn refuse(&self, sentence: &dyn fmt::Display) {
        match self.format {
            LogFormat::Text => STDERR.push(format!("babysea: {sentence}\n").as_bytes()),
            LogFormat::Json => {
                let log = tracing_subscriber::fmt().json().with_writer(Lines).finish();
                tracing::subscriber::with_default(log, || tracing::error!("{sentence}"));
            }
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        flush();
    }
}

/// Waits for the last lines, for a second at most. For exits that run no destructors.
pub fn flush() {
    STDERR.flush(LAST_LINES);
}

/// Number of log lines that were lost since the start.
#[must_use]
pub fn lost() -> u64 {
    STDERR.lost.load(Relaxed)
}

/// Prints the result of a command to standard output. If the reader stops reading, as `head` does, the rest
/// is lost.
pub fn print(text: &dyn fmt::Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Colours are for a terminal, unless `NO_COLOR` has a value (no-color.org).
fn has_colours() -> bool {
    io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The requested format: the last flag on the command line, then the variable.
fn wanted(arguments: impl Iterator<Item = String>, variable: Option<String>) -> LogFormat {
    let (mut wanted, mut is_next) = (variable, false);
    for argument in arguments {
        if is_next {
            wanted = Some(argument);
            is_next = false;
        } else if let Some(format) = argument.strip_prefix("--log-format=") {
            wanted = Some(format.to_owned());
        } else {
            is_next = argument == "--log-format";
        }
    }
    match wanted.as_deref() {
        Some("json") => LogFormat::Json,
        _ => LogFormat::Text,
    }
}

/// Logs a panic with its location and message. Rate-limited, because clients may be able to cause one.
fn log_panic(panic: &panic::PanicHookInfo<'_>) {
    static LINES: LogLimit = LogLimit::new();
    if LINES.allows() {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("no message");
        tracing::error!(place, thread = thread::current().name(), "a panic: {message}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(arguments: &[&str], variable: Option<&str>) -> LogFormat {
        wanted(
            arguments.iter().map(|&argument| argument.to_owned()),
            variable.map(str::to_owned),
        )
    }

    #[test]
    fn the_format_is_known_before_the_configuration() {
        for arguments in [
            &["babysea", "--log-format", "json"][..],
            &["babysea", "--log-format=json", "--listen", "x"],
            &["babysea", "--log-format", "text", "--log-format", "json"],
        ] {
            assert_eq!(format(arguments, None), LogFormat::Json, "{arguments:?}");
        }
        assert_eq!(format(&["babysea"], Some("json")), LogFormat::Json);
        for (arguments, variable) in [
            (&["babysea"][..], None),
            (&["babysea"], Some("xml")),
            (&["babysea", "--log-format"], None),
            (&["babysea", "--log-format=text"], Some("json")),
        ] {
            assert_eq!(format(arguments, variable), LogFormat::Text, "{arguments:?}");
        }
    }

    #[test]
    fn lines_without_room_are_counted_and_no_caller_waits_for_ever() {
        // Without a thread the queue fills, as with a stalled reader.
        let output = Output::default();
        let line = vec![b'x'; MOST_BYTES / 4];
        for _ in 0..10 {
            output.push(&line);
        }
        assert_eq!(output.lost.load(Relaxed), 6);
        assert_eq!(output.lock().lines.len(), 4);
        assert!(output.lock().is_stuck);
        output.flush(Duration::from_mins(10));
    }

    #[test]
    fn one_line_longer_than_the_queue_is_taken_when_it_is_empty() {
        let output = Output::default();
        output.push(&vec![b'x'; 2 * MOST_BYTES]);
        assert_eq!(output.lock().lines.len(), 1);
    }

    /// A writer that accepts a few bytes at a time, and sometimes none.
    struct Odd(Vec<u8>, u32);

    impl Write for Odd {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            match self.1 % 3 {
                0 => Err(ErrorKind::WouldBlock.into()),
                1 => Err(ErrorKind::Interrupted.into()),
                _ => {
                    self.0.extend(&bytes[..bytes.len().min(2)]);
                    Ok(bytes.len().min(2))
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_written_whole_or_not_at_all() {
        let mut odd = Odd(Vec::new(), 0);
        write_whole(&mut odd, b"a line\n").expect("written");
        assert_eq!(odd.0, b"a line\n");
        assert!(write_whole(&mut Gone, b"a line\n").is_err());
    }
}
