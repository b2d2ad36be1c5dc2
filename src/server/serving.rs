//! Connections: accepted, kept within limits, and ended in order (docs/security.md, S28 and S80).

use super::app::App;
use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use std::{convert::Infallible, io, net::SocketAddr, sync::atomic::Ordering, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};
use tower::Service;

/// Most bytes of a request's line and headers; more is 431.
const HEAD_BYTES: usize = 16 * 1024;
/// How long a client may take to send them. A connection on which nothing is asked is closed after as long.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long answers may take that are being made when the server is told to stop.
pub const IN_FLIGHT: Duration = Duration::from_secs(10);
/// How long to wait when no more connections can be opened, before the next try.
const NO_ROOM: Duration = Duration::from_millis(100);

/// Serves until `stop` ends. What is being answered then is finished within [`IN_FLIGHT`], connections that wait are
/// closed, and whoever connects meanwhile is answered once, so that a probe hears of it.
pub async fn serve<S>(app: &App, listener: TcpListener, service: S, stop: impl Future<Output = ()>)
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_header_size(HEAD_BYTES);
    let open = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let answering = |peer| Answering {
        service: service.clone(),
        peer,
    };
    let accepting = async {
        loop {
            let (stream, peer) = accept(&listener).await;
            let connection = open.watch(http.serve_connection(TokioIo::new(stream), answering(peer)));
            keep(&mut connections, connection);
        }
    };
    tokio::select! {
        () = accepting => {}
        () = stop => {}
    }
    app.stopping.store(true, Ordering::SeqCst);
    http.keep_alive(false);
    let last_words = async {
        loop {
            let (stream, peer) = accept(&listener).await;
            let connection = http.serve_connection(TokioIo::new(stream), answering(peer));
            keep(&mut connections, connection);
        }
    };
    tokio::select! {
        () = last_words => {}
        ended = timeout(IN_FLIGHT, open.shutdown()) => {
            if ended.is_err() {
                tracing::warn!("some requests were not answered in time, and are given up");
            }
        }
    }
    // Nobody is answered after the log is written for the last time (docs/security.md, S81).
    connections.shutdown().await;
}

/// Serves a connection among the others. What goes wrong on one is its client's doing.
fn keep(connections: &mut JoinSet<()>, connection: impl Future<Output = hyper::Result<()>> + Send + 'static) {
    while connections.try_join_next().is_some() {}
    connections.spawn(async move {
        let _ = connection.await;
    });
}

/// The next connection.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // An answer is sent in several writes; with Nagle on, the last would wait for the client's delayed
                // acknowledgement.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(error = %error, "a connection stays without TCP_NODELAY");
                }
                return (stream, peer);
            }
            Err(error) if is_of_connection(&error) => {}
            Err(error) => {
                tracing::error!(error = %error, "no connection can be accepted");
                sleep(NO_ROOM).await;
            }
        }
    }
}

/// Whether an error is that of a connection that was lost before it was accepted.
fn is_of_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

/// Answers the requests of a connection.
struct Answering<S> {
    service: S,
    peer: SocketAddr,
}

impl<S> hyper::service::Service<hyper::Request<Incoming>> for Answering<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone,
{
    type Response = Response;
    type Error = Infallible;
    type Future = S::Future;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        // Both services that are served are always ready.
        self.service.clone().call(request)
    }
}
