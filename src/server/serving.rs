//! Connections: accepted, kept within bounds, and ended in order (docs/security.md, S28, S80, S88 and S96).

mod answering;
pub mod bounds;
mod connection;
mod connections;
mod patience;
pub mod stop;
mod stream;

use super::app::App;
use answering::Answering;
use axum::{extract::Request, response::Response};
use bounds::Bounds;
use connections::{Connections, Place};
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

/// Most bytes of a request line and headers; more is 431.
const HEADER_BYTES: usize = 16 * 1024;
/// Most bytes of a connection that are read ahead, or wait to be written in pieces.
const BUFFER_BYTES: usize = 64 * 1024;
/// Bytes of responses that the system keeps for a connection (Linux doubles it). Left to itself it takes up to 4 MiB,
/// and reports progress only after a third of that, so a slow client would seem to take nothing.
const SEND_BUFFER: usize = 64 * 1024;
/// How long to wait when no more connections can be opened, before the next try.
const NO_ROOM: Duration = Duration::from_millis(100);
/// How often it is logged.
const REPORT_EVERY: Duration = Duration::from_mins(1);

/// Serves until `stop` ends, within the bounds of the configuration. See [`serve_within`].
pub async fn serve<S>(app: &App, listener: TcpListener, service: S, stop: impl Future<Output = ()>) -> Stop
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    serve_within(app, listener, service, Bounds::of(&app.config), stop).await
}

/// Serves until `stop` ends. From then on every answer announces the end of its connection. New ones are accepted for
/// the drain time, in which balancers learn of the stop; then the listener is closed, what stands in its queue and what
/// is being answered is answered, and connections that wait are closed. Returns the time that is left for what else
/// belongs to the stop.
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
    // Connections inherit it.
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
    // No request is answered after the final write of the log (docs/security.md, S81).
    serving.tasks.shutdown().await;
    stop
}

/// What serves connections.
struct Serving<S> {
    app: App,
    service: S,
    connections: Arc<Connections>,
    tasks: JoinSet<()>,
    /// When the log last reported that no connection can be accepted.
    reported: Option<Instant>,
}

impl<S> Serving<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    /// Accepts connections for ever.
    async fn accept_from(&mut self, listener: &TcpListener) {
        let bounds = self.connections.bounds;
        loop {
            // Those beyond are closed already, and give their files back before others are opened.
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

    /// Accepts the connections in the listener's queue, and closes the listener.
    fn empty_the_queue(&mut self, listener: TcpListener) {
        let Ok(listener) = listener.into_std() else { return };
        // The listener does not block: an error is the end of its queue.
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

    /// Serves a connection among the others, if there is a place for it.
    fn accept(&mut self, tcp: TcpStream, peer: SocketAddr) {
        while self.tasks.try_join_next().is_some() {}
        let Some(place) = self.connections.admit(peer.ip()) else {
            return;
        };
        // An answer is sent in several writes; with Nagle on, the last would wait for the client's delayed
        // acknowledgement.
        if let Err(error) = tcp.set_nodelay(true) {
            tracing::debug!(error = %error, "TCP_NODELAY could not be set on a connection");
        }
        let connection = Arc::clone(&place.connection);
        let stream = Stream::new(tcp, Arc::clone(&connection), Arc::clone(&self.connections));
        let answering = Answering {
            service: self.service.clone(),
            app: self.app.clone(),
            peer,
            connection: Arc::clone(&connection),
        };
        let time = connection
            .is_reserve
            .then_some(self.connections.bounds.reserve_time);
        let task = self.tasks.spawn(converse(stream, answering, place, time));
        connection.served_by(task);
    }
}

/// Serves a connection to its end. What goes wrong on one is its client's doing.
async fn converse<S>(stream: Stream, answering: Answering<S>, place: Place, time: Option<Duration>)
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let mut http = http1::Builder::new();
    // The stream keeps the time, from the first byte of a request on.
    http.timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_header_size(HEADER_BYTES)
        .max_buf_size(BUFFER_BYTES);
    let mut connection = http.serve_connection(TokioIo::new(stream), answering);
    let served = async {
        // An error has ended the connection, so it cannot be reported to the client.
        let _ = (&mut connection).await;
        let http1::Parts {
            io,
            read_buf,
            service,
            ..
        } = connection.into_parts();
        // Thousands of connections may linger at once: each frees its buffer first.
        drop((read_buf, service));
        io.into_inner().linger().await;
    };
    match time {
        None => served.await,
        // One that is not done by then is cut off.
        Some(time) => drop(timeout(time, served).await),
    }
    drop(place);
}

/// Whether an error is that of a connection that was lost before it was accepted.
fn is_of_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
