//! Connections: accepting, bounding and closing them (docs/security.md, S28, S80, S88 and S96).

mod answering;
pub mod bounds;
mod connection;
mod connections;
mod patience;
pub mod stop;
mod stream;

use super::app::App;
use crate::domain::{head_limits::LIBRARY, network::canonical};
use answering::Answering;
pub use answering::TurnedAway;
use axum::{extract::Request, response::Response};
use bounds::Bounds;
use connections::{Connections, Slot};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use stop::Stop;
use stream::Stream;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tower::Service;

/// Maximum read and write buffer of a connection, in bytes.
const BUFFER_BYTES: usize = 64 * 1024;
/// Send buffer of a connection in the kernel, in bytes (Linux doubles it). By default Linux grows it to 4 MiB
/// and reports progress only after a third of that, so that a slow client would look like one that reads
/// nothing.
const SEND_BUFFER: usize = 64 * 1024;
/// Pause before the next attempt when no more connections can be opened.
const NO_ROOM: Duration = Duration::from_millis(100);
/// Interval at which that is logged.
const REPORT_EVERY: Duration = Duration::from_mins(1);

/// Serves until `stop` ends, within the bounds of the configuration. See [`serve_within`].
pub async fn serve<S>(app: &App, listener: TcpListener, service: S, stop: impl Future<Output = ()>) -> Stop
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    serve_within(app, listener, service, Bounds::of(&app.config), stop).await
}

/// Serves until `stop` ends. Then every response announces the end of its connection. New connections are
/// accepted during the drain time, in which load balancers notice the stop. Afterwards the listener is
/// closed, requests in its queue and in flight are answered, and idle connections are closed. Returns the
/// time left for the other stages of the stop.
pub async fn serve_within<S>(
    app: &App,
    listener: TcpListener,
    service: S,
    bounds: Bounds,
    stop: impl Future<Output = ()>,
) -> Stop
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    // Accepted connections inherit the setting.
    if let Err(error) = SockRef::from(&listener).set_send_buffer_size(SEND_BUFFER) {
        tracing::debug!(error = %error, "the size of the send buffer could not be set");
    }
    let mut serving = Serving {
        app: app.clone(),
        service,
        connections: Connections::new(app.clone(), bounds),
        tasks: JoinSet::new(),
        reported: None,
    };
    tokio::select! {
        () = serving.accept_from(&listener) => {}
        () = stop => {}
    }
    let stop = Stop::begin(bounds.drain);
    app.stopping.store(true, Ordering::SeqCst);
    stop.stage(bounds.drain, serving.accept_from(&listener)).await;
    serving.empty_the_queue(listener);
    serving.connections.close_idle();
    let answered = async { while serving.tasks.join_next().await.is_some() {} };
    if stop.stage(bounds.in_flight, answered).await.is_none() {
        tracing::warn!("some requests were not answered in time and were aborted");
    }
    // No request may be answered after the final write of the log (docs/security.md, S81).
    serving.tasks.shutdown().await;
    stop
}

/// State of a listener.
struct Serving<S> {
    app: App,
    service: S,
    connections: Arc<Connections>,
    tasks: JoinSet<()>,
    /// When the last failure to accept was logged.
    reported: Option<Instant>,
}

impl<S> Serving<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    /// Accepts connections until it is cancelled.
    async fn accept_from(&mut self, listener: &TcpListener) {
        let bounds = self.connections.bounds;
        loop {
            // Waits for the tasks of closed connections, so that their files are released before more are
            // opened.
            while self.tasks.len() > bounds.connections.saturating_add(bounds.reserve) {
                self.tasks.join_next().await;
            }
            match listener.accept().await {
                Ok((tcp, peer)) => self.accept(tcp, peer),
                Err(error) if is_of_connection(&error) => {}
                Err(error) => {
                    if self
                        .reported
                        .is_none_or(|reported| reported.elapsed() > REPORT_EVERY)
                    {
                        tracing::error!(error = %error, "no connection can be accepted");
                        self.reported = Some(Instant::now());
                    }
                    self.connections.close_oldest();
                    sleep(NO_ROOM).await;
                }
            }
        }
    }

    /// Accepts the connections in the listener's queue, then closes the listener.
    fn empty_the_queue(&mut self, listener: TcpListener) {
        let Ok(listener) = listener.into_std() else { return };
        // The listener is non-blocking: an error means that its queue is empty.
        loop {
            match listener.accept() {
                Ok((tcp, peer)) => {
                    let tcp = tcp.set_nonblocking(true).and_then(|()| TcpStream::from_std(tcp));
                    match tcp {
                        Ok(tcp) => self.accept(tcp, peer),
                        Err(error) => tracing::debug!(error = %error, "a connection was lost"),
                    }
                }
                Err(error) if is_of_connection(&error) => {}
                Err(_) => return,
            }
        }
    }

    /// Serves a connection in a task, if there is a slot for it.
    fn accept(&mut self, tcp: TcpStream, peer: SocketAddr) {
        while self.tasks.try_join_next().is_some() {}
        let Some(slot) = self.connections.admit(peer.ip()) else {
            return;
        };
        // A response is sent in several writes. With Nagle's algorithm, the last one would wait for the
        // client's delayed acknowledgement.
        if let Err(error) = tcp.set_nodelay(true) {
            tracing::debug!(error = %error, "TCP_NODELAY could not be set on a connection");
        }
        let connection = Arc::clone(&slot.connection);
        let stream = Stream::new(tcp, Arc::clone(&connection), Arc::clone(&self.connections));
        let answering = Answering {
            service: self.service.clone(),
            app: self.app.clone(),
            peer,
            connection: Arc::clone(&connection),
        };
        let bounds = self.connections.bounds;
        let is_trusted = self.app.trusted_proxies().trusts(peer.ip());
        let terms = Terms {
            head_bytes: bounds.head_bytes(canonical(peer.ip()), is_trusted),
            time: connection.is_reserve.then_some(bounds.reserve_time),
        };
        let task = self.tasks.spawn(converse(stream, answering, slot, terms));
        connection.served_by(task);
    }
}

/// Limits of one connection.
struct Terms {
    /// Maximum size of request line and headers that are read, in bytes; for more, the library answers 431 by itself.
    head_bytes: usize,
    /// Maximum lifetime of the connection.
    time: Option<Duration>,
}

/// Serves a connection until it ends. Its errors are the client's.
async fn converse<S>(stream: Stream, answering: Answering<S>, slot: Slot, terms: Terms)
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let mut http = http1::Builder::new();
    // The stream enforces the header time-out, from the first byte of a request on.
    http.timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_header_size(terms.head_bytes)
        .max_headers(LIBRARY.headers)
        .max_buf_size(BUFFER_BYTES);
    let mut connection = http.serve_connection(TokioIo::new(stream), answering);
    let served = async {
        // After an error the connection is gone, so the error cannot be reported to the client.
        let _ = (&mut connection).await;
        let http1::Parts {
            io,
            read_buf,
            service,
            ..
        } = connection.into_parts();
        // Free the buffers first: thousands of connections may linger at once.
        drop((read_buf, service));
        io.into_inner().linger().await;
    };
    match terms.time {
        None => served.await,
        // Cuts off a connection that is not done in time.
        Some(time) => drop(timeout(time, served).await),
    }
    drop(slot);
}

/// Whether accepting failed because the connection was already lost.
fn is_of_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
