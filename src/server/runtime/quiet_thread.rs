//! Low-priority threads for work of seconds to minutes that must not take the CPU from requests: copying, reading and
//! verifying whole databases (docs/security.md, S82).

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};
use tokio::{
    sync::oneshot,
    time::{sleep, timeout},
};

/// Added to the priority of the thread: 19 is the lowest that Linux has.
const NICE: i32 = 19;
/// Polling interval of [`all_ended`].
const POLL_EVERY: Duration = Duration::from_millis(10);

/// Number of running threads.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Counts a running thread until it is dropped.
struct Running;

impl Running {
    fn begin() -> Self {
        RUNNING.fetch_add(1, SeqCst);
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, SeqCst);
    }
}

/// Waits until all threads have ended, and removed what they were making; for `limit` at most.
pub async fn all_ended(limit: Duration) {
    let all = async {
        while RUNNING.load(SeqCst) > 0 {
            sleep(POLL_EVERY).await;
        }
    };
    let _ = timeout(limit, all).await;
}

/// Cancellation flag of the work.
#[derive(Clone, Debug, Default)]
pub struct Stopped(Arc<AtomicBool>);

impl Stopped {
    /// Whether it should end.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Relaxed)
    }
}

/// Sets the flag when the future that waits is dropped.
struct Waiting(Stopped);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.0.store(true, Relaxed);
    }
}

/// Runs `work` in a thread of its own with the lowest priority, and returns its result. Long work must check
/// [`Stopped`] between its steps: the flag is set once the returned future is dropped.
///
/// # Errors
/// When the thread cannot be started, or panicked.
pub async fn run<T, F>(work: F) -> io::Result<T>
where
    T: Send + 'static,
    F: FnOnce(&Stopped) -> T + Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    let waiting = Waiting(Stopped::default());
    let stopped = waiting.0.clone();
    let running = Running::begin();
    thread::Builder::new().name("backup".to_owned()).spawn(move || {
        let _running = running;
        // On Linux this sets the priority of the calling thread only. If it fails, the work runs with normal priority.
        let _ = rustix::process::nice(NICE);
        // This fails only if the receiver is gone.
        let _ = sender.send(work(&stopped));
    })?;
    let done = receiver.await;
    drop(waiting);
    done.map_err(|_| io::Error::other("a thread ended early"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test]
    async fn it_returns_what_the_work_returns() {
        assert_eq!(run(|_| 7).await.ok(), Some(7));
        assert!(run(|_| panic!("on purpose")).await.is_err());
    }

    #[tokio::test]
    async fn work_is_cancelled_when_its_caller_is_dropped() {
        let (ended, ends) = oneshot::channel();
        let work = run(move |stopped| {
            while !stopped.is_set() {
                thread::yield_now();
            }
            ended.send(())
        });
        assert!(timeout(Duration::from_millis(1), work).await.is_err());
        assert!(timeout(Duration::from_mins(1), ends).await.is_ok());
    }
}
