//! A semaphore with a fair queue: callers get permits in turn, however many requests each of them has
//! waiting. Tokio's semaphore is first come, first served, so one caller could fill it.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::oneshot;

/// The queue is full; retry in this many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked at once")]
pub struct Busy;

/// A semaphore with a fair queue.
pub struct FairQueue<K: Clone + Eq + Hash>(Arc<Inner<K>>);

struct Inner<K: Clone + Eq + Hash> {
    state: Mutex<State<K>>,
    /// Maximum number of waiters.
    queue: usize,
}

struct State<K: Clone + Eq + Hash> {
    free: usize,
    waiting: HashMap<K, VecDeque<Waiter<K>>>,
    /// Callers with waiters, the next one first.
    turns: VecDeque<K>,
    next_id: u64,
}

struct Waiter<K: Clone + Eq + Hash> {
    id: u64,
    permit: oneshot::Sender<Permit<K>>,
}

impl<K: Clone + Eq + Hash> State<K> {
    fn waiting(&self) -> usize {
        self.waiting.values().map(VecDeque::len).sum()
    }

    fn waiting_of(&self, key: &K) -> usize {
        self.waiting.get(key).map_or(0, VecDeque::len)
    }

    /// Removes the newest waiter of the caller with the most waiters, if that caller still has more than `key` then.
    fn make_room(&mut self, key: &K) -> Result<(), Busy> {
        let least = self.waiting_of(key) + 2;
        let most = self.waiting.values_mut().max_by_key(|waiters| waiters.len());
        let most = most.filter(|waiters| waiters.len() >= least).ok_or(Busy)?;
        most.pop_back();
        Ok(())
    }

    /// The oldest waiter of the next caller.
    fn next(&mut self) -> Option<Waiter<K>> {
        let key = self.turns.pop_front()?;
        let waiters = self.waiting.get_mut(&key)?;
        let next = waiters.pop_front();
        if waiters.is_empty() {
            self.waiting.remove(&key);
        } else {
            self.turns.push_back(key);
        }
        next
    }

    fn leave(&mut self, key: &K, id: u64) {
        let Some(waiters) = self.waiting.get_mut(key) else {
            return;
        };
        waiters.retain(|waiter| waiter.id != id);
        if waiters.is_empty() {
            self.waiting.remove(key);
            self.turns.retain(|other| other != key);
        }
    }
}

impl<K: Clone + Eq + Hash> Inner<K> {
    fn lock(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A permit. Dropping it gives it to the next caller.
pub struct Permit<K: Clone + Eq + Hash>(Option<Arc<Inner<K>>>);

impl<K: Clone + Eq + Hash> Drop for Permit<K> {
    fn drop(&mut self) {
        let Some(inner) = self.0.take() else { return };
        let mut state = inner.lock();
        while let Some(next) = state.next() {
            match next.permit.send(Self(Some(Arc::clone(&inner)))) {
                Ok(()) => return,
                // The waiter was dropped. Disarmed, because dropping a permit would lock the mutex that is
                // held here.
                Err(mut unwanted) => unwanted.0 = None,
            }
        }
        state.free += 1;
    }
}

/// Removes a waiter from the queue when its future is dropped.
struct Leaving<'a, K: Clone + Eq + Hash> {
    inner: &'a Inner<K>,
    key: K,
    id: u64,
}

impl<K: Clone + Eq + Hash> Drop for Leaving<'_, K> {
    fn drop(&mut self) {
        self.inner.lock().leave(&self.key, self.id);
    }
}

impl<K: Clone + Eq + Hash> FairQueue<K> {
    /// A semaphore with `permits` permits and a queue of length `queue`.
    pub fn new(permits: usize, queue: usize) -> Self {
        let state = State {
            free: permits,
            waiting: HashMap::new(),
            turns: VecDeque::new(),
            next_id: 0,
        };
        Self(Arc::new(Inner {
            state: Mutex::new(state),
            queue,
        }))
    }

    /// Waits for a permit. If the queue is full, the caller with the most waiters loses one to a caller with
    /// fewer.
    ///
    /// # Errors
    /// `Busy` immediately when the queue is full, later when the waiter is displaced, and after `patience`.
    pub async fn acquire(&self, key: K, patience: Duration) -> Result<Permit<K>, Busy> {
        let (waiter, id) = {
            let mut state = self.0.lock();
            if state.free > 0 {
                state.free -= 1;
                return Ok(Permit(Some(Arc::clone(&self.0))));
            }
            if state.waiting() >= self.0.queue {
                state.make_room(&key)?;
            }
            let (permit, waiter) = oneshot::channel();
            let id = state.next_id;
            state.next_id += 1;
            if state.waiting_of(&key) == 0 {
                state.turns.push_back(key.clone());
            }
            state
                .waiting
                .entry(key.clone())
                .or_default()
                .push_back(Waiter { id, permit });
            (waiter, id)
        };
        let _leaving = Leaving {
            inner: &self.0,
            key,
            id,
        };
        let permit = tokio::time::timeout(patience, waiter).await;
        permit.map_err(|_| Busy)?.map_err(|_| Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt as _, future::BoxFuture};

    const PATIENCE: Duration = Duration::from_hours(1);

    type Waiting = BoxFuture<'static, Result<Permit<&'static str>, Busy>>;

    /// Adds a waiter and polls it once.
    fn wait(turns: &Arc<FairQueue<&'static str>>, key: &'static str) -> Waiting {
        let turns = Arc::clone(turns);
        let mut waiting = async move { turns.acquire(key, PATIENCE).await }.boxed();
        assert!((&mut waiting).now_or_never().is_none(), "{key} waits");
        waiting
    }

    /// The waiter's result, if it has one.
    fn got(waiting: &mut Waiting) -> Option<Result<Permit<&'static str>, Busy>> {
        waiting.now_or_never()
    }

    async fn full(queue: usize) -> (Arc<FairQueue<&'static str>>, Permit<&'static str>) {
        let turns = Arc::new(FairQueue::new(1, queue));
        let permit = turns.acquire("first", PATIENCE).await.expect("the only permit");
        (turns, permit)
    }

    #[tokio::test]
    async fn callers_take_turns_however_many_requests_one_has() {
        let (turns, permit) = full(10).await;
        let mut many: Vec<_> = (0..4).map(|_| wait(&turns, "many")).collect();
        let mut one = wait(&turns, "one");
        drop(permit);
        let first = got(&mut many[0]).expect("the first who waits").expect("a permit");
        assert!(got(&mut one).is_none());
        drop(first);
        let second = got(&mut one).expect("one's turn").expect("a permit");
        assert!(got(&mut many[1]).is_none());
        drop(second);
        for waiting in &mut many[1..] {
            drop(got(waiting).expect("their turn").expect("a permit"));
        }
        assert!(
            turns.acquire("later", PATIENCE).now_or_never().is_some(),
            "it is free"
        );
    }

    #[tokio::test]
    async fn the_caller_with_the_most_waiters_makes_room_for_others() {
        let (turns, permit) = full(3).await;
        let mut many: Vec<_> = (0..3).map(|_| wait(&turns, "many")).collect();
        assert_eq!(
            turns.acquire("many", PATIENCE).await.err(),
            Some(Busy),
            "more of the same are refused at once"
        );
        let mut one = wait(&turns, "one");
        assert!(
            matches!(got(&mut many[2]), Some(Err(Busy))),
            "the newest of the many"
        );
        assert!(got(&mut many[1]).is_none());
        assert_eq!(
            turns.acquire("one", PATIENCE).await.err(),
            Some(Busy),
            "one has as much as another would keep"
        );
        let mut other = wait(&turns, "other");
        assert!(matches!(got(&mut many[1]), Some(Err(Busy))));
        assert_eq!(
            turns.acquire("third", PATIENCE).await.err(),
            Some(Busy),
            "all have one each"
        );
        drop(permit);
        for waiting in [&mut many[0], &mut one, &mut other] {
            drop(got(waiting).expect("their turn").expect("a permit"));
        }
    }

    #[tokio::test]
    async fn a_dropped_waiter_leaves_the_queue() {
        let (turns, permit) = full(2).await;
        let (gone, mut stays) = (wait(&turns, "gone"), wait(&turns, "stays"));
        drop(gone);
        let served_and_gone = wait(&turns, "served");
        drop(permit);
        drop(got(&mut stays).expect("their turn").expect("a permit"));
        // It has a permit, but is dropped before it is polled.
        drop(served_and_gone);
        assert!(
            turns.acquire("later", PATIENCE).now_or_never().is_some(),
            "it is free again"
        );
        let state = turns.0.lock();
        assert!(state.waiting.is_empty() && state.turns.is_empty());
    }

    #[tokio::test]
    async fn waiting_ends() {
        let (turns, _place) = full(2).await;
        assert_eq!(turns.acquire("late", Duration::ZERO).await.err(), Some(Busy));
        assert_eq!(turns.0.lock().waiting(), 0);
    }
}
