//! Forward-auth: a proxy asks whether a request may pass before it passes it on. The same decision as on `/v1`, about
//! the method and the path that the proxy names (docs/security.md, S47 to S49).
//!
//! Caddy and Traefik ask at `/forward-auth`, Envoy at `/forward-auth/{the path}`, nginx at `/forward-auth/nginx`.

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

/// What the guarded API learns of a caller. Each is in every answer that lets a request pass, so that a copy which the
/// client sent cannot take its place (S48).
const IDENTITY: [HeaderName; 4] = [
    HeaderName::from_static("x-account-id"),
    HeaderName::from_static("x-api-key-id"),
    HeaderName::from_static("x-api-key-name"),
    HeaderName::from_static("x-api-key-scopes"),
];

/// Names are given by people: what a header cannot hold is percent-encoded.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%');

const AUTH_STATUS: HeaderName = HeaderName::from_static("x-auth-status");
const AUTH_BODY: HeaderName = HeaderName::from_static("x-auth-body");
const AUTH_RETRY_AFTER: HeaderName = HeaderName::from_static("x-auth-retry-after");

/// Answers Caddy and Traefik, which name the request in `X-Forwarded-Method` and `X-Forwarded-Uri`.
pub async fn handle(app: &App, id: &str, request: Request) -> Response {
    let parts = request.into_parts().0;
    let original = original::of_headers(&parts.headers, original::FORWARDED, original::NGINX);
    tell(app, id, &parts, original).await
}

/// Answers Envoy, which asks with the request's own method and its path after a prefix.
pub async fn handle_envoy(app: &App, id: &str, request: Request) -> Response {
    let parts = request.into_parts().0;
    let original = original::of_envoy(&parts);
    tell(app, id, &parts, original).await
}

/// Answers nginx, which names the request in headers of its own configuration. [`for_nginx`] gives the answer its form.
pub async fn handle_nginx(app: &App, id: &str, request: Request) -> Response {
    let parts = request.into_parts().0;
    let original = original::of_headers(&parts.headers, original::NGINX, original::FORWARDED);
    tell(app, id, &parts, original).await
}

/// An answer as nginx takes it, whatever went wrong. nginx passes on neither a body nor every status: the answer proper
/// is in headers, and the shipped configuration makes it one again (S49).
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

/// More than any refusal has.
const LONGEST_ENVELOPE: usize = 4 * 1024;

/// A response that accepts the request, or the refusal for its client.
async fn tell(app: &App, request_id: &str, parts: &Parts, original: Option<Original>) -> Response {
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
            warn_of_stranger(app, peer);
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

/// Says in the log who asks without being trusted: most often a proxy that `TRUSTED_PROXIES` forgot. It may ask about
/// each of many requests, hence once a minute.
fn warn_of_stranger(app: &App, peer: Option<IpAddr>) {
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

/// An address of a network of one's own as it is; of any other, which can be a person's, its hash.
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
