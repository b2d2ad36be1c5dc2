//! The state of one connection, and since when.

use super::bounds::Bounds;
use futures_util::task::AtomicWaker;
use std::{
    net::IpAddr,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
    task::Waker,
    time::Duration,
};
use tokio::{task::AbortHandle, time::Instant};

/// Incomplete request headers older than this make a connection one that may be closed for another.
const SLOW_HEADERS: Duration = Duration::from_secs(1);

/// What happens on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum State {
    /// No request yet.
    New,
    /// A request is being answered.
    Idle,
    /// A request has begun, and its headers are not complete.
    Headers,
    /// A request is being answered.
    Answering,
    /// All is answered; what the client still sends is thrown away.
    Lingering,
}

impl State {
    const fn of(number: u8) -> Self {
        match number {
            0 => Self::New,
            1 => Self::Idle,
            2 => Self::Headers,
            3 => Self::Answering,
            _ => Self::Lingering,
        }
    }
}

/// Since when something may be closed: the kinds in the order in which they go, the oldest of each first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age(u8, Instant);

/// A connection, as its task and the list of all connections share it.
#[derive(Debug)]
pub struct Connection {
    /// Which one.
    pub id: u64,
    /// Whose it is.
    pub address: IpAddr,
    /// Whether it is in a place that is kept for health checks.
    pub is_reserve: bool,
    /// Whether its request is a health check.
    is_of_health: AtomicBool,
    state: AtomicU8,
    accepted: Instant,
    /// When the state began, in nanoseconds after it was accepted.
    since: AtomicU64,
    /// When the listener was closed, in the same way, or 0.
    closing: AtomicU64,
    /// Whether a part of an answer waits for the client.
    is_writing: AtomicBool,
    /// Whether the task waits for bytes without an end, since an answer is under way.
    is_patient: AtomicBool,
    /// Wakes the task.
    waker: AtomicWaker,
    task: OnceLock<AbortHandle>,
    idle: Duration,
    headers: Duration,
    first: Duration,
}

impl Connection {
    /// One that was accepted now.
    #[must_use]
    pub fn new(id: u64, address: IpAddr, is_reserve: bool, bounds: &Bounds) -> Self {
        Self {
            id,
            address,
            is_reserve,
            is_of_health: AtomicBool::new(false),
            state: AtomicU8::new(State::New as u8),
            accepted: Instant::now(),
            since: AtomicU64::new(0),
            closing: AtomicU64::new(0),
            is_writing: AtomicBool::new(false),
            is_patient: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            task: OnceLock::new(),
            idle: bounds.idle,
            headers: bounds.headers,
            first: bounds.first,
        }
    }

    fn state(&self) -> State {
        State::of(self.state.load(Ordering::Acquire))
    }

    fn since(&self) -> Duration {
        Duration::from_nanos(self.since.load(Ordering::Acquire))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.accepted.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn enter(&self, state: State) {
        self.since.store(self.now(), Ordering::Release);
        self.state.store(state as u8, Ordering::Release);
    }

    /// The client sent something.
    pub fn received(&self) {
        if matches!(self.state(), State::New | State::Idle) {
            self.enter(State::Headers);
        }
    }

    /// A request is there.
    pub fn asked(&self) {
        self.enter(State::Answering);
    }

    /// The request is a health check.
    pub fn asked_for_health(&self) {
        self.is_of_health.store(true, Ordering::Release);
    }

    /// Whether it has its reserved place for a health check that is not answered yet; any other may have to leave it.
    #[must_use]
    pub fn keeps_its_place(&self) -> bool {
        self.is_of_health.load(Ordering::Acquire) && self.state() != State::Lingering
    }

    /// Its answer is made, to its last byte.
    pub fn answered(&self) {
        if self.state() == State::Answering {
            self.enter(State::Idle);
            self.waits_again();
        }
    }

    /// From here on waiting for bytes has an end again, which the task has to learn.
    fn waits_again(&self) {
        if self.is_patient.swap(false, Ordering::AcqRel) {
            self.waker.wake();
        }
    }

    /// Nothing is answered any more.
    pub fn lingers(&self) {
        self.enter(State::Lingering);
    }

    /// Whether a part of an answer waits for the client.
    pub fn writes(&self, waits: bool) {
        if self.is_writing.load(Ordering::Relaxed) != waits {
            self.is_writing.store(waits, Ordering::Release);
            // An answer ends when its last byte was taken.
            if !waits && self.state() == State::Idle {
                self.enter(State::Idle);
                self.waits_again();
            }
        }
    }

    /// Until when to wait for the client's next byte; nothing while an answer is being made or taken.
    #[must_use]
    pub fn waits_until(&self) -> Option<Instant> {
        let until = self.ends_waiting();
        if until.is_none() {
            self.is_patient.store(true, Ordering::Release);
        }
        until
    }

    fn ends_waiting(&self) -> Option<Instant> {
        if self.is_writing.load(Ordering::Acquire) {
            return None;
        }
        let since = self.since();
        let closing = self.closing.load(Ordering::Acquire);
        let after = match self.state() {
            State::Answering | State::Lingering => return None,
            State::Headers => since + self.headers,
            State::Idle if closing > 0 => Duration::ZERO,
            State::New if closing > 0 => Duration::from_nanos(closing) + self.first,
            State::New | State::Idle => since + self.idle,
        };
        Some(self.accepted + after)
    }

    /// Whether neither a request nor an answer is under way.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        matches!(self.state(), State::New | State::Idle)
    }

    /// Ends the connection when nothing is being answered on it. What is there to read is read first.
    pub fn close_when_idle(&self) {
        self.closing.store(self.now().max(1), Ordering::Release);
        self.waker.wake();
    }

    /// Registers the task that [`Self::close_when_idle`] and the end of an answer wake.
    pub fn wakes(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Since when it may be closed for another, if it may: nothing is being answered or taken.
    #[must_use]
    pub fn closable(&self) -> Option<Age> {
        let since = self.accepted + self.since();
        let kind = match self.state() {
            _ if self.is_writing.load(Ordering::Acquire) => return None,
            State::Answering => return None,
            State::Lingering => 0,
            State::New | State::Idle => 1,
            State::Headers if since.elapsed() < SLOW_HEADERS => return None,
            State::Headers => 2,
        };
        Some(Age(kind, since))
    }

    /// The task that serves it.
    pub fn served_by(&self, task: AbortHandle) {
        // Set once, by the code that spawns it.
        let _ = self.task.set(task);
    }

    /// Ends its task.
    pub fn abort(&self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}
