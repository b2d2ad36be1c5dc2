//! The byte stream of a connection, with deadlines for its client (docs/security.md, S88 and S96).

use super::{connection::Connection, connections::Connections, patience::Patience};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until, timeout},
};

/// Size of a read that is discarded, in bytes.
const THROWN_AWAY: usize = 16 * 1024;

/// A connection's stream. Reading ends if the client does not start a request, or complete its headers, in
/// time. Writing fails if the client reads too little in time.
pub struct Stream {
    tcp: TcpStream,
    connection: Arc<Connection>,
    connections: Arc<Connections>,
    reading: Timer,
    writing: Timer,
    patience: Patience,
    /// Whether a deadline passed while nothing was in progress: then there is no response to protect by
    /// lingering.
    gave_up: bool,
    /// Whether the write side was shut down cleanly, after the last response.
    is_shut_down: bool,
}

/// A timer that is reset only if it would fire too late: most deadlines move before they are reached.
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
    /// The stream of an accepted connection.
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
            is_shut_down: false,
        }
    }

    /// Reads and discards what the client still sends after its last response, for a bounded time and number
    /// of bytes (docs/security.md, S96). Unread bytes would make the kernel reset the connection, which
    /// destroys a response in transit. The buffers of the HTTP connection are freed before, because thousands
    /// of connections may linger at once.
    pub async fn linger(self) {
        if !self.is_shut_down || self.gave_up {
            return;
        }
        self.connection.lingers();
        let bounds = &self.connections.bounds;
        // The result does not matter: the connection ends.
        let _ = timeout(bounds.linger, discard(&self.tcp, bounds.linger_bytes)).await;
    }

    /// Handles the result of a write: whether the client keeps the response waiting, and for too long.
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
        // Registered before the last check for bytes, so that no wake-up is lost between the two.
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
                // Reports end of file, as if the client had closed the connection.
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
        ready!(Pin::new(&mut this.tcp).poll_shutdown(cx))?;
        this.is_shut_down = true;
        Poll::Ready(Ok(()))
    }
}

/// Reads and discards up to `left` bytes, until the client's end or an error.
async fn discard(tcp: &TcpStream, mut left: usize) {
    while tcp.readable().await.is_ok() {
        match read_once(tcp) {
            Ok(0) => return,
            Ok(length) if length > left => return,
            Ok(length) => left -= length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

/// A function of its own, so that the future of a waiting connection does not contain the buffer.
fn read_once(tcp: &TcpStream) -> io::Result<usize> {
    tcp.try_read(&mut [0; THROWN_AWAY])
}
