//! Forward-auth: a proxy sends a subrequest before it passes a request on. It is the same check as on `/v1`, for the
//! method and path that the proxy names (docs/security.md, S47 to S49).
//!
//! Caddy and Traefik use `/forward-auth`, Envoy `/forward-auth/{the path}`, nginx `/forward-auth/nginx`.

mod names;
mod original;

use super::{
    call::{Call, EntryPoint, Sent},
    error::V1Error,
};
use crate::{
    domain::{key::Key, network::canonical},
    server::{app::App, http::client_ip, service::verify::cache::Known},
};
use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use original::Original;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::{
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicI64, Ordering},
};

/// The caller's identity for the protected API. Every accepting response has all of these headers, so that they replace
/// copies sent by the client (S48).
const IDENTITY: [HeaderName; 4] = [
    HeaderName::from_static("x-account-id"),
    HeaderName::from_static("x-api-key-id"),
    HeaderName::from_static("x-api-key-name"),
    HeaderName::from_static("x-api-key-scopes"),
];

/// Names are entered by people: characters that a header cannot contain are percent-encoded.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%');

const AUTH_STATUS: HeaderName = HeaderName::from_static("x-auth-status");
const AUTH_BODY: HeaderName = HeaderName::from_static("x-auth-body");
const AUTH_RETRY_AFTER: HeaderName = HeaderName::from_static("x-auth-retry-after");

/// Handles Caddy and Traefik, which name the request in `X-Forwarded-Method` and `X-Forwarded-Uri`.
pub async fn handle(app: &App, id: &str, request: Request) -> Response {
    let parts = request.into_parts().0;
    let original = original::of_headers(&parts.headers, original::FORWARDED, original::NGINX);
    respond(app, id, &parts, original).await
}

/// Handles Envoy, whose subrequest has the original method, and the original path after a prefix.
pub async fn handle_envoy(app: &App, id: &str, request: Request) -> Response {
    let parts = request.into_parts().0;
    let original = original::of_envoy(&parts);
    respond(app, id, &parts, original).await
}

/// Handles nginx, which names the request in headers of the shipped configuration. [`for_nginx`] converts the response.
pub async fn handle_nginx(app: &App, id: &str, request: Request) -> Response {
    let parts = request.into_parts().0;
    let original = original::of_headers(&parts.headers, original::NGINX, original::FORWARDED);
    respond(app, id, &parts, original).await
}

/// Converts a response for nginx, which passes on neither a body nor every status: the actual response is in headers,
/// and the shipped configuration rebuilds it (S49).
pub async fn for_nginx(answer: Response) -> Response {
    let status = match answer.status() {
        passed if passed.is_success() => return answer,
        StatusCode::UNAUTHORIZED => StatusCode::UNAUTHORIZED,
        _ => StatusCode::FORBIDDEN,
    };
    let (mut head, body) = answer.into_parts();
    head.headers
        .insert(AUTH_STATUS, HeaderValue::from(head.status.as_u16()));
    if let Some(after) = head.headers.remove(header::RETRY_AFTER) {
        head.headers.insert(AUTH_RETRY_AFTER, after);
    }
    head.headers.remove(header::CONTENT_TYPE);
    head.headers.remove(header::CONTENT_LENGTH);
    let envelope = axum::body::to_bytes(body, LONGEST_ENVELOPE)
        .await
        .unwrap_or_default();
    if let Ok(envelope) = HeaderValue::from_bytes(&envelope) {
        head.headers.insert(AUTH_BODY, envelope);
    }
    head.status = status;
    Response::from_parts(head, Body::empty())
}

/// Maximum size of a refusal's body in bytes; larger than any.
const LONGEST_ENVELOPE: usize = 4 * 1024;

/// A response that accepts the request, or the refusal for its client.
async fn respond(app: &App, request_id: &str, parts: &Parts, original: Option<Original>) -> Response {
    let client = client_ip::of(app, &parts.headers, &parts.extensions);
    let is_read = original.is_some();
    let original = original.unwrap_or_default();
    let sent = Sent {
        method: &original.method,
        path: &original.path,
        query: &original.query,
        headers: &parts.headers,
    };
    let mut call = Call::new(app, request_id, EntryPoint::ForwardAuth, client, sent);
    let answered = async {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|ConnectInfo(peer)| peer.ip());
        if !peer.is_some_and(|peer| app.trusted_proxies().trusts(peer)) {
            warn_of_untrusted(app, peer);
            return Err(V1Error::UntrustedProxy);
        }
        if !is_read || names::are_misleading(&parts.headers) {
            return Err(V1Error::UnclearRequest);
        }
        call.judge().await?;
        call.accepted().map(|(known, _)| passed(known))
    }
    .await;
    call.finish(answered)
}

/// Logs a subrequest from an untrusted address, which is usually a proxy that is missing in
/// `TRUSTED_PROXIES`. At most once a minute, because it may send one for every request.
fn warn_of_untrusted(app: &App, peer: Option<IpAddr>) {
    static WARNED: AtomicI64 = AtomicI64::new(i64::MIN);
    let now = app.now().millis();
    let warned = WARNED.load(Ordering::Relaxed);
    let is_due = now.abs_diff(warned) >= 60_000;
    if is_due
        && WARNED
            .compare_exchange(warned, now, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    {
        let peer = peer.map(|peer| shown(app, peer)).unwrap_or_default();
        tracing::warn!(
            peer,
            "forward-auth was called from an address that is not in TRUSTED_PROXIES"
        );
    }
}

/// The address for the log: in clear text if it is private; otherwise, since it can be a person's, as its
/// hash.
fn shown(app: &App, address: IpAddr) -> String {
    let is_own = match canonical(address) {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    };
    if is_own {
        canonical(address).to_string()
    } else {
        format!("hash {}", app.pepper.address_hash(address))
    }
}

fn passed(known: &Known) -> Response {
    let mut headers = HeaderMap::with_capacity(16);
    for (name, value) in IDENTITY.into_iter().zip(known.identity(identity)) {
        let value = HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static(""));
        headers.insert(name, value);
    }
    let mut response = Response::new(Body::empty());
    *response.headers_mut() = headers;
    response
}

/// The values of [`IDENTITY`].
fn identity(key: &Key) -> [String; 4] {
    [
        key.account.to_string(),
        key.id.to_string(),
        utf8_percent_encode(key.name.as_str(), ENCODED).to_string(),
        key.scopes.to_string(),
    ]
}
