//! Forward-auth: a proxy sends a subrequest before it passes a request on. It is the same check as on `/v1`, for the
//! method and path that the proxy names (docs/security.md, S47 to S49).
//!
//! Caddy and Traefik use `/forward-auth`, Envoy `/forward-auth/{the path}`, nginx `/forward-auth-nginx`.

mod names;
mod original;

use super::{
    call::{Call, EntryPoint, Sent},
    error::{V1Error, unclear::Unclear},
};
use crate::{
    domain::{key::Key, network::canonical},
    server::{app::App, http::client_ip, runtime::log_limit::LogLimit, service::verify::cache::Known},
};
use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use original::Original;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::net::{IpAddr, SocketAddr};

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

/// The nginx endpoint of earlier releases; now a path of the guarded API as Envoy sends it.
const FORMER_NGINX: &str = "/forward-auth/nginx";

const AUTH_STATUS: HeaderName = HeaderName::from_static("x-auth-status");
const AUTH_BODY: HeaderName = HeaderName::from_static("x-auth-body");
const AUTH_RETRY_AFTER: HeaderName = HeaderName::from_static("x-auth-retry-after");

/// Handles Caddy and Traefik, which name the request in `X-Forwarded-Method` and `X-Forwarded-Uri`.
pub async fn handle(app: &App, id: &str, request: Request) -> Response {
    let parts = request.into_parts().0;
    let original = original::of_headers(&parts.headers, &original::FORWARDED, &original::NGINX);
    respond(app, id, &parts, original).await
}

/// Handles Envoy, whose subrequest has the original method, and the original path after a prefix.
pub async fn handle_envoy(app: &App, id: &str, request: Request) -> Response {
    let parts = request.into_parts().0;
    if parts.uri.path() == FORMER_NGINX && parts.headers.contains_key(&original::NGINX[1]) {
        // Either nginx with an earlier configuration, or a client of Envoy that sends nginx's header.
        let refused = respond(app, id, &parts, Err(Unclear::FormerNginx)).await;
        return for_either(refused).await;
    }
    let original = original::of_envoy(&parts);
    respond(app, id, &parts, original).await
}

/// Handles nginx, which names the request in headers of the shipped configuration. [`for_nginx`] converts the response.
pub async fn handle_nginx(app: &App, id: &str, request: Request) -> Response {
    let parts = request.into_parts().0;
    let original = original::of_headers(&parts.headers, &original::NGINX, &original::FORWARDED);
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

/// Converts a response for nginx, and keeps its body, because the caller may be Envoy.
async fn for_either(answer: Response) -> Response {
    let mut response = for_nginx(answer).await;
    if let Some(envelope) = response.headers().get(AUTH_BODY).cloned() {
        *response.body_mut() = Body::from(envelope.as_bytes().to_vec());
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
    }
    response
}

/// A response that accepts the request, or the refusal for its client.
async fn respond(
    app: &App,
    request_id: &str,
    parts: &Parts,
    original: Result<Original, Unclear>,
) -> Response {
    let client = client_ip::of(app, &parts.headers, &parts.extensions);
    let (original, unread) = match original {
        Ok(original) => (original, None),
        Err(unclear) => (Original::default(), Some(unclear)),
    };
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
        if let Some(unclear) = unread.or_else(|| names::misleading(&parts.headers)) {
            warn_of_former(&unclear);
            return Err(V1Error::Unclear(unclear));
        }
        call.judge().await?;
        call.accepted().map(|(known, _)| passed(known))
    }
    .await;
    call.finish(answered)
}

/// Logs a subrequest of an nginx whose configuration names the former endpoint, at most once a minute.
fn warn_of_former(unclear: &Unclear) {
    static LINES: LogLimit = LogLimit::once_a_minute();
    if matches!(unclear, Unclear::FormerNginx) && LINES.allows() {
        tracing::warn!(
            "/forward-auth/nginx was called with X-Original-URI and refused: set proxy_pass to /forward-auth-nginx in \
             nginx's configuration"
        );
    }
}

/// Logs a subrequest from an untrusted address, which is usually a proxy that is missing in
/// `TRUSTED_PROXIES`, at most once a minute.
fn warn_of_untrusted(app: &App, peer: Option<IpAddr>) {
    static LINES: LogLimit = LogLimit::once_a_minute();
    if LINES.allows() {
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
