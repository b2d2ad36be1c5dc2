//! State of one connection, and when it began.

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

/// Age at which incomplete request headers make a connection closable for another.
const SLOW_HEADERS: Duration = Duration::from_secs(1);

/// State of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum State {
    /// No request yet.
    New,
    /// All responses are complete; it waits for the next request.
    Idle,
    /// A request has started; its headers are incomplete.
    Headers,
    /// A request is being answered.
    Answering,
    /// Everything is answered; remaining input is discarded.
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

/// Sort key for closing connections: the kind, then the time since when it is closable. The smallest is
/// closed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age(u8, Instant);

/// A connection, shared by its task and the list of all connections.
#[derive(Debug)]
pub struct Connection {
    /// Its id.
    pub id: u64,
    /// Peer address, or its /64.
    pub address: IpAddr,
    /// Whether it is in a slot reserved for health checks.
    pub is_reserve: bool,
    /// Whether its current request is a health check.
    is_of_health: AtomicBool,
    state: AtomicU8,
    accepted: Instant,
    /// When the state began, in nanoseconds after the connection was accepted.
    since: AtomicU64,
    /// When the listener was closed, in the same unit, or 0.
    closing: AtomicU64,
    /// Whether a part of a response waits for the client.
    is_writing: AtomicBool,
    /// Whether its task waits for input without a deadline, because a response is in progress.
    is_patient: AtomicBool,
    /// Wakes its task.
    waker: AtomicWaker,
    task: OnceLock<AbortHandle>,
    idle: Duration,
    headers: Duration,
    first: Duration,
}

impl Connection {
    /// A connection that was just accepted.
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

    /// A request has arrived.
    pub fn request_arrived(&self) {
        self.enter(State::Answering);
    }

    /// The request is a health check.
    pub fn mark_health_check(&self) {
        self.is_of_health.store(true, Ordering::Release);
    }

    /// Whether it is in a reserved slot with an unanswered health check; any other connection can lose its
    /// reserved slot.
    #[must_use]
    pub fn keeps_its_slot(&self) -> bool {
        self.is_of_health.load(Ordering::Acquire) && self.state() != State::Lingering
    }

    /// The response is complete, up to its last byte.
    pub fn answered(&self) {
        if self.state() == State::Answering {
            self.enter(State::Idle);
            self.waits_again();
        }
    }

    /// Waiting for input has a deadline again, so the task is woken to set its timer.
    fn waits_again(&self) {
        if self.is_patient.swap(false, Ordering::AcqRel) {
            self.waker.wake();
        }
    }

    /// No more requests are answered.
    pub fn lingers(&self) {
        self.enter(State::Lingering);
    }

    /// Sets whether a part of a response waits for the client.
    pub fn writes(&self, waits: bool) {
        if self.is_writing.load(Ordering::Relaxed) != waits {
            self.is_writing.store(waits, Ordering::Release);
            // A response has ended once the client has read its last byte.
            if !waits && self.state() == State::Idle {
                self.enter(State::Idle);
                self.waits_again();
            }
        }
    }

    /// Deadline for the client's next byte; `None` while a response is being made or read.
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

    /// Whether neither a request nor a response is in progress.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        matches!(self.state(), State::New | State::Idle)
    }

    /// Closes the connection as soon as no response is in progress. Input that has arrived is read first.
    pub fn close_when_idle(&self) {
        self.closing.store(self.now().max(1), Ordering::Release);
        self.waker.wake();
    }

    /// Registers the task that is woken by [`Self::close_when_idle`] and by the end of a response.
    pub fn wakes(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Sort key for closing it for another connection; `None` while a response is being made or read.
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

    /// Sets the task that serves it.
    pub fn served_by(&self, task: AbortHandle) {
        // Set once, by the code that spawns it.
        let _ = self.task.set(task);
    }

    /// Aborts its task.
    pub fn abort(&self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}
