//! The client of a request, from its peer address and the trusted proxies (docs/security.md, S50 and S51).

use super::request_id::RequestId;
pub use crate::server::config::trusted_proxies::Client;
use crate::{domain::activity::Trace, server::app::App};
use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{Extensions, HeaderMap, HeaderValue, request::Parts},
};
use std::{convert::Infallible, net::SocketAddr};

/// The client of a request. Without a peer address, which the listener sets, it is unknown.
pub fn of(app: &App, headers: &HeaderMap, extensions: &Extensions) -> Client {
    let Some(ConnectInfo(peer)) = extensions.get::<ConnectInfo<SocketAddr>>() else {
        return Client::Unreadable;
    };
    let forwarded_for = headers
        .get_all("x-forwarded-for")
        .iter()
        .map(HeaderValue::as_bytes);
    app.trusted_proxies().client(peer.ip(), forwarded_for)
}

/// Request context of a request.
pub fn trace(app: &App, parts: &Parts) -> Trace {
    let request_id = parts.extensions.get::<RequestId>();
    let client = of(app, &parts.headers, &parts.extensions);
    Trace {
        request_id: request_id.map(|id| id.0.clone()).unwrap_or_default(),
        ip_hash: address_hash(app, client),
    }
}

/// The stored hash of the client's address, if the address is known.
pub fn address_hash(app: &App, client: Client) -> Option<String> {
    match client {
        Client::Address(address) => Some(app.pepper.address_hash(address)),
        Client::Unreadable => None,
    }
}

impl FromRequestParts<App> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(of(app, &parts.headers, &parts.extensions))
    }
}
