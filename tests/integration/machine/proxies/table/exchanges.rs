//! A request through a running proxy, and its outcome in a few words.

use super::{
    super::{
        api::FIRST,
        running::{Proxy, exchange, message, parse},
    },
    Act, Asked,
};
use crate::{answer::Answer, until::PATIENCE};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// The beginning of a response that asks for the body.
const INTERIM: &str = "HTTP/1.1 100 ";

/// The outcome of a request through a proxy.
pub async fn through(proxy: &Proxy, asked: &Asked) -> String {
    match asked.act {
        Act::Ask => {
            let headers = asked.headers();
            let answer = proxy.send(asked.method, &asked.target, &headers, asked.sent_body());
            outcome(&answer.await, asked)
        }
        Act::Upgrade(protocol) => upgrade(proxy, asked, protocol).await,
        Act::Stream => stream(proxy, asked).await,
        Act::Expect => expect(proxy, asked).await,
    }
}

/// The outcome that a response shows.
pub fn outcome(answer: &Answer, asked: &Asked) -> String {
    let is_json = answer.header("content-type") == "application/json";
    let body: Value = if is_json { answer.json() } else { Value::Null };
    if body["api"] != true {
        return refusal(answer.status, body["error"]["code"].as_str());
    }
    assert_eq!(answer.status, 200);
    assert_eq!(body["length"], asked.body.len(), "{}: the whole body", asked.name);
    let is_forged = |(_, value): &(String, String)| value == "forged";
    match (
        asked.headers.iter().any(is_forged),
        answer.text().contains("forged"),
    ) {
        (false, _) => "passes",
        (true, false) => "passes without the header",
        (true, true) => "passes with the header",
    }
    .to_owned()
}

pub fn refusal(status: u16, code: Option<&str>) -> String {
    match code {
        Some(code) => format!("{status} `{code}`"),
        None => format!("{status}, not in the envelope"),
    }
}

/// Reads until a text is there, or to the end of the connection.
async fn read_until(stream: &mut TcpStream, text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = async {
        let mut buffer = [0; 4096];
        while !String::from_utf8_lossy(&bytes).contains(text) {
            let length = stream.read(&mut buffer).await.expect("bytes");
            if length == 0 {
                return;
            }
            bytes.extend(&buffer[..length]);
        }
    };
    timeout(PATIENCE, read).await.expect("an answer in time");
    bytes
}

/// The outcome of a response of which some bytes were read, and whose connection ends. A proxy may pass on several
/// interim responses.
async fn rest(stream: &mut TcpStream, mut bytes: Vec<u8>, asked: &Asked) -> String {
    let read = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    read.expect("an answer in time").expect("an answer");
    let text = String::from_utf8(bytes).expect("text");
    let mut last = text.as_str();
    while let Some((_, after)) = last.split_once("\r\n\r\n").filter(|_| last.starts_with(INTERIM)) {
        last = after;
    }
    outcome(&parse(last), asked)
}

async fn upgrade(proxy: &Proxy, asked: &Asked, protocol: &str) -> String {
    const SENT: &str = "bytes of the new protocol";
    let mut headers = asked.headers();
    headers.extend([
        ("connection", "upgrade"),
        ("upgrade", protocol),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]);
    let mut stream = proxy.connect().await;
    let request = message(asked.method, &asked.target, &headers, "\r\n");
    stream.write_all(request.as_bytes()).await.expect("a request");
    let head = read_until(&mut stream, "\r\n\r\n").await;
    if head.starts_with(b"HTTP/1.1 101") {
        stream.write_all(SENT.as_bytes()).await.expect("bytes");
        let back = read_until(&mut stream, SENT).await;
        assert_eq!(back, SENT.as_bytes());
        return "passes".to_owned();
    }
    // The connection stays open for the next request.
    let bytes = exchange(proxy.connect().await, &without_keeping(&request)).await;
    let answer = parse(&String::from_utf8(bytes).expect("text"));
    let outcome = outcome(&answer, asked);
    if outcome == "passes" {
        "passes without the upgrade".to_owned()
    } else {
        outcome
    }
}

/// The same request on a connection that ends with it.
fn without_keeping(request: &str) -> String {
    request.replace("connection: upgrade\r\n", "connection: upgrade, close\r\n")
}

async fn stream(proxy: &Proxy, asked: &Asked) -> String {
    let mut stream = proxy.connect().await;
    let request = message(asked.method, &asked.target, &asked.headers(), "\r\n");
    stream.write_all(request.as_bytes()).await.expect("a request");
    let bytes = read_until(&mut stream, FIRST).await;
    assert!(bytes.starts_with(b"HTTP/1.1 200"), "{}", asked.name);
    "passes".to_owned()
}

async fn expect(proxy: &Proxy, asked: &Asked) -> String {
    let mut stream = proxy.connect().await;
    let rest_of_head = format!("content-length: {}\r\n\r\n", asked.body.len());
    let request = message(asked.method, &asked.target, &asked.headers(), &rest_of_head);
    stream.write_all(request.as_bytes()).await.expect("a request");
    let bytes = read_until(&mut stream, "\r\n\r\n").await;
    if bytes.starts_with(INTERIM.as_bytes()) {
        stream.write_all(asked.body.as_bytes()).await.expect("a body");
    }
    rest(&mut stream, bytes, asked).await
}
