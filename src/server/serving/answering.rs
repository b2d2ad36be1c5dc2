//! The service between a connection and the router. It handles a request body that the handler has not read,
//! and decides whether the connection is kept alive after the response.

use super::connection::Connection;
use crate::server::app::App;
use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{ConnectInfo, Request},
    http::{HeaderValue, header, request::Parts},
    response::Response,
};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, Incoming, SizeHint};
use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{sync::Semaphore, time::timeout};
use tower::Service;

/// Maximum size of an unread body, in bytes, that is read to its end before the response, so that the
/// connection can be kept alive.
const SMALL: usize = 64 * 1024;
/// Time limit for reading it.
const AT_ONCE: Duration = Duration::from_millis(20);
/// Maximum number of connections that do so at a time, which bounds their buffers to 16 MiB
/// (docs/security.md, S88). Other connections are closed after their response.
static READING: Semaphore = Semaphore::const_new(256);
/// Extension of a request in a reserved slot that is not about health: the router must refuse it without reading its body
/// or asking the database, because the server has too many connections.
#[derive(Clone, Copy, Debug)]
pub struct TurnedAway;

/// Answers the requests of a connection.
pub struct Answering<S> {
    /// The router. It refuses requests with the extension [`TurnedAway`].
    pub service: S,
    /// The application.
    pub app: App,
    /// Peer address.
    pub peer: SocketAddr,
    /// The connection.
    pub connection: Arc<Connection>,
}

impl<S> hyper::service::Service<hyper::Request<Incoming>> for Answering<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone,
    S::Future: Send + 'static,
{
    type Response = hyper::Response<Sent>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        self.connection.request_arrived();
        let connection = Arc::clone(&self.connection);
        let answered = Answered(Arc::clone(&connection));
        let app = self.app.clone();
        let (mut parts, body) = request.into_parts();
        let is_health = is_of_health(parts.uri.path());
        if is_health {
            connection.mark_health_check();
        }
        if connection.is_reserve && !is_health {
            parts.extensions.insert(TurnedAway);
        }
        let rest = (!body.is_end_stream()).then(|| Rest::new(body, &parts));
        let body = rest.clone().map_or_else(Body::empty, Body::new);
        parts.extensions.insert(ConnectInfo(self.peer));
        // No `poll_ready`: both services are always ready.
        let answer = self.service.clone().call(Request::from_parts(parts, body));
        Box::pin(async move {
            let mut response = answer.await?;
            let is_read = match &rest {
                None => true,
                Some(rest) => rest.finish().await,
            };
            if !is_read || connection.is_reserve || app.stopping.load(Ordering::SeqCst) {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
            }
            Ok(response.map(|body| Sent {
                body,
                _answered: answered,
            }))
        })
    }
}

/// Requests for which reserved slots exist beyond the caps.
fn is_of_health(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// Marks the connection as idle on drop.
struct Answered(Arc<Connection>);

impl Drop for Answered {
    fn drop(&mut self) {
        self.0.answered();
    }
}

/// Body of a response, until its last byte is handed over.
pub struct Sent {
    body: Body,
    _answered: Answered,
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a request. It is shared with the handler, to detect whether the handler read it to its end.
#[derive(Clone)]
struct Rest(Arc<Shared>);

struct Shared {
    body: Mutex<Incoming>,
    is_read: AtomicBool,
    is_small: bool,
}

impl Rest {
    fn new(body: Incoming, parts: &Parts) -> Self {
        let most = u64::try_from(SMALL).unwrap_or(u64::MAX);
        let is_small = body.size_hint().exact().is_some_and(|length| length <= most)
            // Reading would send `100 Continue`, which the client waits for.
            && !parts.headers.contains_key(header::EXPECT)
            // Some proxies send the `Content-Length` of the original request in a subrequest without a body.
            && !parts.uri.path().starts_with("/forward-auth");
        Self(Arc::new(Shared {
            body: Mutex::new(body),
            is_read: AtomicBool::new(false),
            is_small,
        }))
    }

    /// Reads the rest; returns whether the body ended.
    async fn finish(&self) -> bool {
        let is_read = || self.0.is_read.load(Ordering::Relaxed);
        if !is_read()
            && self.0.is_small
            && let Ok(_reading) = READING.try_acquire()
        {
            let mut rest = self.clone();
            let end = async { while let Some(Ok(_)) = rest.frame().await {} };
            // The rest of a slow body is discarded after the response.
            let _ = timeout(AT_ONCE, end).await;
        }
        is_read()
    }
}

impl HttpBody for Rest {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let mut body = self.0.body.lock().unwrap_or_else(PoisonError::into_inner);
        let frame = Pin::new(&mut *body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) || body.is_end_stream() {
            self.0.is_read.store(true, Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        let body = self.0.body.lock().unwrap_or_else(PoisonError::into_inner);
        body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let body = self.0.body.lock().unwrap_or_else(PoisonError::into_inner);
        body.size_hint()
    }
}
