//! A failing forward-auth endpoint: whatever it responds, the client is refused and the API is not reached
//! (S49).

use super::{
    LIST,
    api::start_api,
    bearer,
    lax::Among,
    running::{Kind, Proxy},
};
use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::any,
};
use babysea::server::machine::{error::V1Error, forward_auth};
use serde_json::json;
use std::net::SocketAddr;

/// An internal error of the server, in the format for the proxy.
async fn own_fault(kind: Kind) -> Response {
    let fault = V1Error::Internal.response("req_1");
    match kind {
        Kind::Nginx => forward_auth::for_nginx(fault).await,
        Kind::Caddy => fault,
    }
}

/// An endpoint that responds to each subrequest with this status, or with an internal error if there is none.
async fn start_gate(kind: Kind, status: Option<StatusCode>) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("its address");
    let answer = move || async move {
        match status {
            Some(status) => status.into_response(),
            None => own_fault(kind).await,
        }
    };
    let router = Router::new().fallback(any(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn story(kind: Kind, among: Among) {
    let api = start_api().await;
    let key = bearer("bye_x");
    let headers = [("authorization", key.as_str())];
    let proxy = Proxy::start_among(kind, among, start_gate(kind, None).await, api).await;
    let told = proxy.get(LIST, &headers).await;
    assert_eq!(told.status, 500, "{kind:?}: {}", told.text());
    let body = told.json();
    assert_eq!(
        (&body["error"]["code"], &body["request_id"]),
        (&json!("BSE5000"), &json!("req_1")),
        "{kind:?}"
    );
    assert_eq!(told.header("retry-after"), "", "{kind:?}");

    // Not a response of this server: another program listens at its address.
    for status in [302, 401, 403, 404, 500, 503] {
        let status = StatusCode::from_u16(status).expect("a status");
        let gate = start_gate(kind, Some(status)).await;
        let proxy = Proxy::start_among(kind, among, gate, api).await;
        let told = proxy.get(LIST, &headers).await;
        match kind {
            Kind::Nginx => {
                let code = told.json()["error"]["code"].clone();
                assert_eq!((told.status, code), (503, json!("BSE5003")), "{status}");
                assert_eq!(told.header("retry-after"), "1", "{status}");
            }
            Kind::Caddy => assert_eq!((told.status, told.text()), (status.as_u16(), ""), "{status}"),
        }
    }
}

#[tokio::test]
async fn nginx_refuses_when_the_gate_fails() {
    story(Kind::Nginx, Among::Nothing).await;
}

#[tokio::test]
async fn nginx_refuses_when_the_gate_fails_among_lax_sites() {
    story(Kind::Nginx, Among::Lax).await;
}

#[tokio::test]
async fn caddy_refuses_when_the_gate_fails() {
    story(Kind::Caddy, Among::Nothing).await;
}
