//! The API behind the proxies. It returns the request it got.

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderValue, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse as _, Response},
    routing::any,
};
use futures_util::{
    StreamExt as _,
    stream::{once, pending},
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::{convert::Infallible, future::ready, net::SocketAddr};

/// Longest body that is returned whole.
const SHORT: usize = 1024;

/// The first part of a response that does not end.
pub const FIRST: &str = "the first part";

/// Starts the API. `answer=404` in the query names the status of the response, `stream` asks for a response that does not
/// end. A request to upgrade is accepted: every byte that follows is sent back.
pub async fn start_api() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("its address");
    let router = Router::new().fallback(any(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn answer(mut request: Request) -> Response {
    if let Some(protocol) = request.headers().get(header::UPGRADE).cloned() {
        return upgraded(&mut request, protocol);
    }
    let (head, body) = request.into_parts();
    if head.uri.query() == Some("stream") {
        let parts = once(ready(Ok::<_, Infallible>(FIRST))).chain(pending());
        return Body::from_stream(parts).into_response();
    }
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    (wished(&head.uri), Json(seen(&head, &body))).into_response()
}

/// What reached the API. The values of a repeated header are joined.
fn seen(head: &Parts, body: &[u8]) -> Value {
    let all = |name| {
        let values = head.headers.get_all(name).iter();
        let values: Vec<_> = values.map(|value| value.to_str().unwrap_or("?")).collect();
        values.join(", ")
    };
    let headers = head.headers.keys();
    let headers: serde_json::Map<_, _> = headers.map(|name| (name.to_string(), json!(all(name)))).collect();
    let short = body.get(..SHORT).unwrap_or(body);
    json!({
        "api": true,
        "method": head.method.as_str(),
        "target": head.uri.to_string(),
        "headers": headers,
        "body": String::from_utf8_lossy(short),
        "length": body.len(),
    })
}

fn wished(uri: &Uri) -> StatusCode {
    let (_, status) = uri
        .query()
        .and_then(|query| query.split_once("answer="))
        .unwrap_or(("", "200"));
    status.parse().expect("a status")
}

fn upgraded(request: &mut Request, protocol: HeaderValue) -> Response {
    let upgrade = hyper::upgrade::on(request);
    tokio::spawn(async move {
        if let Ok(connection) = upgrade.await {
            let (mut from, mut to) = tokio::io::split(TokioIo::new(connection));
            let _ = tokio::io::copy(&mut from, &mut to).await;
        }
    });
    let headers = [
        (header::UPGRADE, protocol),
        (header::CONNECTION, HeaderValue::from_static("upgrade")),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}
