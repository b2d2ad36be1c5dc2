//! Answers while the start waits for the database: 503 `starting` to everything, so that a balancer which only connects
//! does not believe that the server is well (docs/security.md, S80 and S95).

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, time::Duration};
use tokio::{
    net::TcpListener,
    task::JoinSet,
    time::{sleep, timeout},
};

/// What is served at once; others wait in the listener's queue.
const CONNECTIONS: usize = 64;
/// How long a connection may take.
const TIME: Duration = Duration::from_secs(2);
const NO_ROOM: Duration = Duration::from_millis(100);

/// Answers at `listener` until it is dropped.
pub async fn answer(listener: &TcpListener) -> Infallible {
    let mut tasks = JoinSet::new();
    loop {
        while tasks.try_join_next().is_some() {}
        while tasks.len() >= CONNECTIONS {
            tasks.join_next().await;
        }
        let Ok((tcp, _)) = listener.accept().await else {
            sleep(NO_ROOM).await;
            continue;
        };
        tasks.spawn(async move {
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).keep_alive(false);
            let connection = http.serve_connection(TokioIo::new(tcp), service_fn(starting));
            // Whatever becomes of it: the client asks again.
            let _ = timeout(TIME, connection).await;
        });
    }
}

async fn starting(_: hyper::Request<Incoming>) -> Result<Response, Infallible> {
    let body = r#"{"status":"unavailable","reason":"starting"}"#;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    Ok(response)
}
