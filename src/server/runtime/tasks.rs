//! Supervised tasks, which live as long as the process: one that panics or ends early is logged, counted,
//! shown by `/readyz` and restarted (docs/security.md, S93).

use futures_util::FutureExt as _;
use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep, timeout};

/// Pause before the first restart. It doubles with each further one that follows soon.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause, as a multiple of the first.
const LONGEST_PAUSE: u32 = 60;
/// A task that has run for this long starts again with the first pause. As a multiple of that pause.
const WELL: u32 = 300;

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its work is done: it is not restarted.
    Done,
    /// It ended although it should run on.
    Early,
}

/// State of a task.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    restarts: u64,
    is_down: bool,
}

/// The supervised tasks of a process; cheap to clone.
#[derive(Clone, Debug)]
pub struct Tasks {
    states: Arc<Mutex<BTreeMap<&'static str, State>>>,
    /// Pause before the first restart. After running for this long, a task counts as running again.
    pause: Duration,
}

impl Default for Tasks {
    fn default() -> Self {
        Self::with_pause(FIRST_PAUSE)
    }
}

impl Tasks {
    fn with_pause(pause: Duration) -> Self {
        Self {
            states: Arc::default(),
            pause,
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts and supervises a task. `task` creates its future, again for each restart: state that must
    /// survive a restart belongs outside of the future.
    pub fn watch<F, Fut>(&self, name: &'static str, task: F)
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output = End> + Send + 'static,
    {
        self.lock().insert(name, State::default());
        tokio::spawn(keep_running(self.clone(), name, task));
    }

    /// The same for a task that never ends by itself.
    pub fn watch_endless<F, Fut>(&self, name: &'static str, mut task: F)
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.watch(name, move || {
            let running = task();
            async move {
                running.await;
                End::Early
            }
        });
    }

    /// A task that is not running, if there is one.
    #[must_use]
    pub fn down(&self) -> Option<&'static str> {
        let tasks = self.lock();
        let down = tasks.iter().find(|(_, state)| state.is_down);
        down.map(|(&name, _)| name)
    }

    /// All tasks, and how often each was restarted.
    #[must_use]
    pub fn restarts(&self) -> Vec<(&'static str, u64)> {
        let tasks = self.lock();
        let restarts = tasks.iter().map(|(&name, state)| (name, state.restarts));
        restarts.collect()
    }

    fn change(&self, name: &'static str, change: impl FnOnce(&mut State)) {
        if let Some(state) = self.lock().get_mut(name) {
            change(state);
        }
    }
}

async fn keep_running<F, Fut>(tasks: Tasks, name: &'static str, mut task: F)
where
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output = End> + Send + 'static,
{
    let first = tasks.pause;
    let mut pause = first;
    loop {
        let began = Instant::now();
        // Creating the future can panic too.
        let run = AssertUnwindSafe(async { task().await }).catch_unwind();
        let mut run = pin!(run);
        let ended = if let Ok(ended) = timeout(first, run.as_mut()).await {
            ended
        } else {
            tasks.change(name, |state| state.is_down = false);
            run.await
        };
        match ended {
            Ok(End::Done) => {
                tasks.change(name, |state| state.is_down = false);
                return;
            }
            Ok(End::Early) => tracing::error!(task = name, "a task ended and is restarted"),
            // The panic hook has logged the message.
            Err(_) => tracing::error!(task = name, "a task panicked and is restarted"),
        }
        if began.elapsed() >= first * WELL {
            pause = first;
        }
        tasks.change(name, |state| {
            state.is_down = true;
            state.restarts += 1;
        });
        sleep(pause).await;
        pause = (pause * 2).min(first * LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        future::pending,
        sync::atomic::{AtomicU32, Ordering::SeqCst},
    };

    /// Waits for a condition.
    async fn until(what: impl Fn() -> bool) {
        let comes = async {
            while !what() {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_mins(1), comes).await.expect("it comes");
    }

    fn quick() -> (Arc<AtomicU32>, Tasks) {
        (Arc::default(), Tasks::with_pause(Duration::from_millis(20)))
    }

    #[tokio::test]
    async fn a_panic_and_an_end_are_seen_and_the_task_goes_on() {
        let (count, tasks) = quick();
        let counted = Arc::clone(&count);
        tasks.watch("sample", move || {
            let run = counted.fetch_add(1, SeqCst);
            async move {
                match run {
                    0 => panic!("on purpose"),
                    1 => End::Early,
                    _ => pending().await,
                }
            }
        });
        assert_eq!(tasks.down(), None);
        until(|| tasks.down() == Some("sample")).await;
        until(|| tasks.down().is_none()).await;
        assert_eq!(count.load(SeqCst), 3);
        assert_eq!(tasks.restarts(), [("sample", 2)]);
    }

    #[tokio::test]
    async fn a_task_that_panics_when_created_is_restarted_and_down_meanwhile() {
        let (count, tasks) = quick();
        let counted = Arc::clone(&count);
        tasks.watch("sample", move || {
            assert!(counted.fetch_add(1, SeqCst) > 100, "on purpose");
            pending()
        });
        until(|| count.load(SeqCst) > 2).await;
        assert_eq!(tasks.down(), Some("sample"));
    }

    #[tokio::test]
    async fn a_task_that_is_done_is_not_restarted() {
        let (count, tasks) = quick();
        let counted = Arc::clone(&count);
        tasks.watch("sample", move || {
            counted.fetch_add(1, SeqCst);
            async { End::Done }
        });
        until(|| count.load(SeqCst) == 1).await;
        sleep(tasks.pause * 4).await;
        assert_eq!((tasks.down(), count.load(SeqCst)), (None, 1));
        assert_eq!(tasks.restarts(), [("sample", 0)]);
    }
}
