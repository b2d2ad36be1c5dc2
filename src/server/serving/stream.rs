//! The bytes of a connection, with an end to waiting for its client (docs/security.md, S88 and S96).

use super::{connection::Connection, connections::Connections, patience::Patience};
use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};

/// How much of what is thrown away is read at a time.
const THROWN_AWAY: usize = 16 * 1024;

/// A connection's stream. Reading ends where the client does not begin a request, or finish its headers, in time;
/// writing fails where it takes too little in time; and closing reads and discards what the client still sends, since
/// bytes that were not read make the system destroy the answer on its way.
pub struct Stream {
    tcp: TcpStream,
    connection: Arc<Connection>,
    connections: Arc<Connections>,
    reading: Timer,
    writing: Timer,
    patience: Patience,
    /// Whether it waited in vain while nothing was under way: then there is no answer to protect.
    gave_up: bool,
    ending: Option<Ending>,
}

/// What is left of a connection whose answers are all sent.
struct Ending {
    time: Timer,
    until: Instant,
    bytes: usize,
}

/// A timer that is set anew only where it would go off too late: most deadlines are met, and move.
#[derive(Default)]
struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Ready once `deadline` has passed.
    fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                self.0 = None;
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

impl Stream {
    /// The stream of a connection that was accepted.
    #[must_use]
    pub fn new(tcp: TcpStream, connection: Arc<Connection>, connections: Arc<Connections>) -> Self {
        let bounds = &connections.bounds;
        let patience = Patience::new(bounds.stalled, bounds.stalled_bytes);
        Self {
            tcp,
            connection,
            connections,
            reading: Timer::default(),
            writing: Timer::default(),
            patience,
            gave_up: false,
            ending: None,
        }
    }

    /// What became of writing: whether the client keeps the answer waiting, and for too long.
    fn wrote(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = written {
            let bytes = written.as_ref().copied().unwrap_or_default();
            self.patience.took(bytes, Instant::now());
            self.writing.0 = None;
            self.connection.writes(false);
            return Poll::Ready(written);
        }
        self.connection.writes(true);
        while let Some(deadline) = self.patience.waits(Instant::now()) {
            ready!(self.writing.poll(cx, deadline));
        }
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // Before the last look for bytes, so that nobody is woken in vain between the two.
        this.connection.wakes(cx.waker());
        let before = buffer.filled().len();
        match Pin::new(&mut this.tcp).poll_read(cx, buffer) {
            Poll::Ready(Ok(())) => {
                if buffer.filled().len() > before {
                    this.connection.received();
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let Some(deadline) = this.connection.waits_until() else {
                    return Poll::Pending;
                };
                ready!(this.reading.poll(cx, deadline));
                this.gave_up = this.connection.is_quiet();
                // As if the client had ended it.
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.tcp).poll_write(cx, bytes);
        this.wrote(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.tcp).poll_write_vectored(cx, slices);
        this.wrote(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ending.is_none() {
            ready!(Pin::new(&mut this.tcp).poll_shutdown(cx))?;
            this.ending = (!this.gave_up).then(|| Ending {
                time: Timer::default(),
                until: Instant::now() + this.connections.bounds.linger,
                bytes: this.connections.bounds.linger_bytes,
            });
            this.connection.lingers();
        }
        let Some(ending) = &mut this.ending else {
            return Poll::Ready(Ok(()));
        };
        loop {
            let mut space = [MaybeUninit::uninit(); THROWN_AWAY];
            let mut buffer = ReadBuf::uninit(&mut space);
            match Pin::new(&mut this.tcp).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) => match ending.bytes.checked_sub(buffer.filled().len()) {
                    Some(left) => ending.bytes = left,
                    None => return Poll::Ready(Ok(())),
                },
                // The client has gone.
                Poll::Ready(Err(_)) => return Poll::Ready(Ok(())),
                Poll::Pending => return ending.time.poll(cx, ending.until).map(Ok),
            }
        }
    }
}
