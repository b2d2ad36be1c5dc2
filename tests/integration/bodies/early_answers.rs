//! Responses that are sent before the body was read reach the client (S89, S96).

use crate::{
    browser::Browser,
    database::Database,
    machine::proxies::running::Proxy,
    until::PATIENCE,
    world::{Setup, World},
};
use babysea::server::serving::bounds::Bounds;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime::Handle,
    time::timeout,
};

/// Longer than any form may be, and than the kernel buffers.
const LARGE: usize = 20 * 1024 * 1024;
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// A request that is refused before its body.
#[derive(Clone)]
struct Early {
    status: u16,
    method: &'static str,
    path: String,
    media_type: &'static str,
    headers: String,
}

fn early(status: u16, method: &'static str, path: &str, media_type: &'static str, headers: &[&str]) -> Early {
    let headers = headers.iter().flat_map(|header| [header, "\r\n"]).collect();
    Early {
        status,
        method,
        path: path.to_owned(),
        media_type,
        headers,
    }
}

/// One request for each status and reason.
fn table(ada: &Browser<'_>, key: &str) -> Vec<Early> {
    let own = "sec-fetch-site: same-origin";
    let cookie = format!("cookie: {}", ada.cookie().expect("a session"));
    let bearer = format!("authorization: Bearer {key}");
    let keys = ada.keys();
    vec![
        early(303, "POST", &keys, FORM, &[own]),
        early(401, "POST", "/api/keys/create", FORM, &[own]),
        early(401, "POST", "/v1/generate/image/bfl/flux-schnell", JSON, &[]),
        early(403, "POST", "/sign-in", FORM, &["sec-fetch-site: cross-site"]),
        early(403, "POST", "/v1/content/list", JSON, &[&bearer]).or_status(404),
        early(404, "POST", "/nowhere", FORM, &[own, &cookie]),
        early(404, "POST", "/api/nowhere", FORM, &[own, &cookie]),
        early(404, "POST", "/v1/nowhere", JSON, &[&bearer]),
        early(405, "POST", "/home/ada-moss/scopes", FORM, &[own, &cookie]),
        early(405, "PUT", "/api/keys/create", FORM, &[own, &cookie]),
        early(413, "POST", "/sign-in", FORM, &[own]),
        early(413, "POST", "/api/session/sign-up", FORM, &[own]),
        early(413, "POST", "/theme", FORM, &[own]),
        early(413, "POST", &keys, FORM, &[own, &cookie]),
        early(413, "POST", "/api/keys/create", FORM, &[own, &cookie]),
        early(
            413,
            "POST",
            "/v1/generate/image/bfl/flux-schnell",
            JSON,
            &[&bearer],
        ),
        early(415, "POST", "/sign-in", "text/plain", &[own]),
        early(415, "POST", &keys, JSON, &[own, &cookie]),
        early(415, "POST", "/api/keys/create", JSON, &[own, &cookie]),
        early(429, "POST", "/v1/keys/report-leak", JSON, &[]),
    ]
}

impl Early {
    fn or_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    fn head(&self, version: &str, more: &str) -> String {
        let Self {
            method,
            path,
            media_type,
            headers,
            ..
        } = self;
        format!(
            "{method} {path} HTTP/{version}\r\nhost: localhost\r\ncontent-type: {media_type}\r\n{headers}{more}\r\n"
        )
    }
}

/// Sends everything before it reads, as simple clients do.
async fn answer(address: SocketAddr, head: &str, body: &[u8]) -> String {
    let asked = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&answer).into_owned())
    };
    let answer = timeout(PATIENCE, asked).await.expect("an answer in time");
    answer.unwrap_or_else(|error| panic!("{error} instead of an answer to {head}"))
}

async fn world() -> World {
    let setup = Setup {
        arguments: &["--auth-limit", "1"],
        ..Setup::default()
    };
    World::with(Database::sqlite(), setup).await
}

fn serve(world: &World) -> SocketAddr {
    // Long enough for a busy machine.
    let patient = Bounds {
        linger: PATIENCE,
        ..Bounds::of(&world.app.config)
    };
    world.serve_within(&Handle::current(), patient)
}

#[tokio::test]
async fn every_early_refusal_arrives() {
    let world = world().await;
    let ada = world.person("Ada Moss").await;
    let key = ada.key("one", "full_access").await;
    let address = serve(&world);
    world.status("bye_x").await;
    let body = vec![b'x'; LARGE];
    for early in table(&ada, &key) {
        let length = format!("content-length: {LARGE}\r\n");
        for version in ["1.1", "1.0"] {
            let answer = answer(address, &early.head(version, &length), &body).await;
            let line = format!("HTTP/{version} {}", early.status);
            assert!(answer.starts_with(&line), "{}: {answer}", early.head(version, ""));
            if version == "1.1" {
                assert!(answer.contains("connection: close"), "{answer}");
            }
        }
        // A client that waits for `100 Continue` gets the response instead.
        let head = early.head("1.1", &format!("{length}expect: 100-continue\r\n"));
        let answer = answer(address, &head, b"").await;
        let line = format!("HTTP/1.1 {}", early.status);
        assert!(answer.starts_with(&line), "{head}: {answer}");
    }
}

/// The same through a proxy that keeps its connections to the server.
#[tokio::test]
async fn every_early_refusal_arrives_through_nginx() {
    let world = world().await;
    let ada = world.person("Ada Moss").await;
    let key = ada.key("one", "full_access").await;
    let proxy = Proxy::start_passing(serve(&world)).await;
    world.status("bye_x").await;
    let body = vec![b'x'; LARGE];
    for early in table(&ada, &key) {
        for length in [LARGE, 200_000] {
            let more = format!("content-length: {length}\r\nconnection: close\r\n");
            let head = early.head("1.1", &more);
            let answer = answer(proxy.address(), &head, &body[..length]).await;
            let line = format!("HTTP/1.1 {}", early.status);
            assert!(answer.starts_with(&line), "{head}: {answer}");
        }
    }
}

/// Requests that hyper refuses itself, with much of the request unread.
#[tokio::test]
async fn an_unreadable_request_is_answered() {
    let world = world().await;
    let address = serve(&world);
    let rest = vec![b'x'; 2 * 1024 * 1024];
    for (head, status) in [
        ("GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-long: ", 431),
        ("GET /healthz HTTP/1.1\r\nhost localhost\r\n\r\n", 400),
        (
            "POST /sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-length: many\r\n\r\n",
            400,
        ),
    ] {
        let answer = answer(address, head, &rest).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{head}: {answer}"
        );
    }
}

#[tokio::test]
async fn a_refusal_of_a_body_of_unknown_length_arrives() {
    let world = world().await;
    let ada = world.person("Ada Moss").await;
    let key = ada.key("one", "full_access").await;
    let address = serve(&world);
    world.status("bye_x").await;
    let mut body = format!("{LARGE:x}\r\n").into_bytes();
    body.resize(body.len() + LARGE, b'x');
    body.extend(b"\r\n0\r\n\r\n");
    for early in table(&ada, &key) {
        let head = early.head("1.1", "transfer-encoding: chunked\r\n");
        let answer = answer(address, &head, &body).await;
        let line = format!("HTTP/1.1 {}", early.status);
        assert!(answer.starts_with(&line), "{head}: {answer}");
    }
}

#[tokio::test]
async fn a_small_unread_body_does_not_end_the_connection() {
    let world = world().await;
    let address = serve(&world);
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let early = early(401, "POST", "/v1/generate/image/bfl/flux-schnell", JSON, &[]);
    for _ in 0..3 {
        let message = early.head("1.1", "content-length: 2\r\n") + "{}";
        stream.write_all(message.as_bytes()).await.expect("a request");
        let mut line = [0; 12];
        let read = timeout(PATIENCE, stream.read_exact(&mut line)).await;
        read.expect("in time").expect("an answer");
        assert_eq!(&line, b"HTTP/1.1 401");
        // The rest of the response.
        let mut rest = Vec::new();
        while !rest.ends_with(b"}}}") {
            let read = timeout(PATIENCE, stream.read_buf(&mut rest)).await;
            assert!(read.expect("in time").expect("bytes") > 0);
        }
        assert!(!String::from_utf8_lossy(&rest).contains("connection: close"));
    }
}

/// Input of a client that never stops sending is only read for a while.
#[tokio::test]
async fn input_after_a_response_is_bounded() {
    let world = world().await;
    for bounds in [
        Bounds {
            linger: Duration::from_millis(100),
            ..Bounds::of(&world.app.config)
        },
        Bounds {
            linger: PATIENCE * 2,
            linger_bytes: 1024 * 1024,
            ..Bounds::of(&world.app.config)
        },
    ] {
        let address = world.serve_within(&Handle::current(), bounds);
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let early = early(401, "POST", "/v1/generate/image/bfl/flux-schnell", JSON, &[]);
        let head = early.head("1.1", "transfer-encoding: chunked\r\n");
        stream.write_all(head.as_bytes()).await.expect("a head");
        let chunk = [b"1000\r\n".as_slice(), &[b'x'; 4096], b"\r\n"].concat();
        let sends = async { while stream.write_all(&chunk).await.is_ok() {} };
        timeout(PATIENCE, sends).await.expect("its end");
    }
}
