//! Bodies of requests to the dashboard (docs/security.md, S28 and S89). No body is read before its sender is allowed to
//! send one: [`hold`] wraps every handler and gives it an empty body, and the gate of a form reads the whole body
//! first. So a handler without a gate has no body, and a handler behind a gate checks its caller once the body has
//! arrived.

use crate::server::{
    app::App,
    runtime::{
        byte_budget::{Sender, Share},
        log_limit::LogLimit,
    },
};
use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::Response,
};
use futures_util::StreamExt as _;
use std::{
    borrow::Cow,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::timeout;
use zeroize::Zeroizing;

/// Body limit of a form that needs no sign-in.
pub const OPEN_FORM: usize = 4 * 1024;
/// Body limit of any other form.
pub const FORM: usize = 64 * 1024;
/// Time limit of a body. It is shorter than the limit for the start of a response, so that a slow client gets a client
/// error.
const TIME: Duration = Duration::from_secs(20);

/// The body of a request, until a gate reads it.
#[derive(Clone)]
struct Held(Arc<Mutex<Option<Body>>>);

/// Takes the body out of every request.
pub async fn hold(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(Held(Arc::new(Mutex::new(Some(body)))));
    next.run(Request::from_parts(parts, Body::empty())).await
}

/// Takes the body out of a request; an empty one the second time.
pub fn release(request: &Request) -> Body {
    let held = request.extensions().get::<Held>();
    let body = held.and_then(|held| held.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    body.unwrap_or_default()
}

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It exceeds this limit, in bytes.
    TooLarge(usize),
    /// The budget is used up, of all senders or of this one.
    Busy,
    /// It did not arrive in time.
    Slow,
    /// The connection broke off.
    Broken,
}

impl Unread {
    /// Status of the response.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }

    /// Message of the response.
    #[must_use]
    pub fn sentence(self) -> Cow<'static, str> {
        match self {
            Self::TooLarge(most) => format!(
                "The form is too long: it may have {} KiB. Shorten what you typed and send it again.",
                most / 1024
            )
            .into(),
            Self::Busy => "The server is busy. Your entries are kept. Try again in a few seconds.".into(),
            Self::Slow => {
                "This form took too long to arrive. Check your connection and send it again.".into()
            }
            Self::Broken => "This form could not be read. Reload the page and try again.".into(),
        }
    }
}

/// A body in memory, and its share of the budget.
#[derive(Debug)]
pub struct Whole {
    /// The body; its memory is overwritten on drop, because bodies contain passwords and keys.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Released on drop.
    pub share: Share,
}

/// A refusal that the operator can prevent.
fn busy() -> Unread {
    static LINES: LogLimit = LogLimit::once_a_minute();
    if LINES.allows() {
        tracing::warn!(
            "a request body was refused because too many are in memory, of all senders or of one: MAX_BODY_BYTES is the limit"
        );
    }
    Unread::Busy
}

/// Reads a body of at most `most` bytes. A body with a larger `Content-Length` is not read at all.
///
/// # Errors
/// Why it was not read.
pub async fn read(
    app: &App,
    headers: &HeaderMap,
    body: Body,
    most: usize,
    sender: Sender,
) -> Result<Whole, Unread> {
    if announces_more(headers, &body, most) {
        return Err(Unread::TooLarge(most));
    }
    let mut share = app.bodies.share(sender).ok_or_else(busy)?;
    let mut bytes = Zeroizing::new(Vec::new());
    let mut chunks = body.into_data_stream();
    let read = async {
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| Unread::Broken)?;
            if bytes.len() + chunk.len() > most {
                return Err(Unread::TooLarge(most));
            }
            if !share.grow(chunk.len()) {
                return Err(busy());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(())
    };
    timeout(TIME, read).await.unwrap_or(Err(Unread::Slow))?;
    share.finish();
    Ok(Whole { bytes, share })
}

/// Whether the `Content-Length` is larger than `most` or invalid.
#[must_use]
pub fn announces_more(headers: &HeaderMap, body: &Body, most: usize) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    let is_long = length.is_some_and(|length| {
        let length = length.to_str().ok().and_then(|length| length.parse().ok());
        length.is_none_or(|length: usize| length > most)
    });
    is_long || usize::try_from(body.size_hint().lower()).is_ok_and(|least| least > most)
}

/// The request with its body in memory, for a handler.
///
/// # Errors
/// Why the body was not read.
pub async fn whole(
    app: &App,
    request: Request,
    most: usize,
    sender: Sender,
) -> Result<(Request, Share), Unread> {
    let body = release(&request);
    let Whole { bytes, share } = read(app, request.headers(), body, most, sender).await?;
    let (parts, _) = request.into_parts();
    Ok((
        Request::from_parts(parts, Body::from(Bytes::from_owner(bytes))),
        share,
    ))
}
