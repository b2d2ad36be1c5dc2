//! The second baseline: a bare axum server in a process of its own that sends the same bytes without layers.
//! The constant routes share the product's accept loop and process, which hides their cost.

use super::Failure;
use axum::{
    Router,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    routing::any,
    serve::ListenerExt as _,
};
use serde::{Deserialize, Serialize};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};
use tokio::net::TcpListener;

/// First argument of the process that serves.
pub const ARGUMENT: &str = "bare";

/// Response at a path, or at every other path if it is empty.
#[derive(Serialize, Deserialize)]
pub struct Answer {
    path: String,
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    /// The same status, headers and body; the server itself adds the length.
    pub fn new(path: &str, (status, headers, body): (StatusCode, &HeaderMap, &[u8])) -> Self {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Self {
            path: path.to_owned(),
            status: status.as_u16(),
            headers: headers
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "content-length" | "transfer-encoding"))
                .map(|(name, value)| (name.to_string(), text(value)))
                .collect(),
            body: String::from_utf8_lossy(body).into_owned(),
        }
    }
}

/// The server's process, killed on drop.
pub struct Bare {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Drop for Bare {
    fn drop(&mut self) {
        // Both fail if it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Bare {
    /// Starts it, and waits until it listens.
    pub fn start(answers: &[Answer]) -> Result<Self, Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut input = process.stdin.take().ok_or("no input")?;
        writeln!(input, "{}", serde_json::to_string(answers)?)?;
        // The process ends at the end of its input, so it cannot outlive this one.
        process.stdin = Some(input);
        let output = process.stdout.take().ok_or("no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().parse().map_err(|_| "the bare server did not start")?;
        Ok(Self { process, address })
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

/// Serves the responses in the first line of its input until the input ends.
pub async fn serve() -> Result<(), Failure> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let answers: Vec<Answer> = serde_json::from_str(&line)?;
    let mut router = Router::new();
    for answer in answers {
        let status = StatusCode::from_u16(answer.status)?;
        let mut headers = HeaderMap::new();
        for (name, value) in &answer.headers {
            headers.append(
                HeaderName::try_from(name.as_str())?,
                HeaderValue::try_from(value.as_str())?,
            );
        }
        let body = axum::body::Bytes::from(answer.body);
        let handler = any(move || std::future::ready((status, headers.clone(), body.clone())));
        router = if answer.path.is_empty() {
            router.fallback_service(handler)
        } else {
            router.route(&answer.path, handler)
        };
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // Like the product: with Nagle's algorithm the last write of a response waits for the client's
        // acknowledgement.
        let _ = stream.set_nodelay(true);
    });
    let orphaned = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()));
    tokio::select! {
        served = axum::serve(listener, router) => served?,
        _ = orphaned => {}
    }
    Ok(())
}
