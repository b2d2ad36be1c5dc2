//! The shipped configurations of nginx and Caddy, in front of a small API: what a client is told through them, and what
//! the API is told about the client (S47 to S49).

use crate::{
    answer::Answer,
    browser::get,
    database::Database,
    world::{Setup, World},
};
use axum::{
    Json, Router,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue},
    routing::any,
};
use serde_json::{Value, json};
use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    runtime::Runtime,
    time::{sleep, timeout},
};

/// Where the client calls from; the proxies themselves are at 127.0.0.1.
const CLIENT: &str = "127.0.0.2";
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Nginx,
    Caddy,
}

/// A proxy that runs for as long as its test.
struct Proxy {
    process: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // nginx ends its workers when it is told to, and leaves them when it is killed.
        let _ = Command::new("kill")
            .args(["-TERM", &self.process.id().to_string()])
            .status();
        let _ = self.process.wait();
    }
}

fn free_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address")
}

/// The shipped file with other addresses; each must be in it.
fn configured(file: &str, addresses: &[(&str, SocketAddr)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(file);
    let mut text = std::fs::read_to_string(path).expect("the shipped configuration");
    for (shipped, address) in addresses {
        assert!(text.contains(shipped), "{shipped} is not in {file}");
        text = text.replace(shipped, &address.to_string());
    }
    text
}

impl Proxy {
    async fn start(kind: Kind, server: SocketAddr, api: SocketAddr) -> Self {
        let (folder, address) = (tempfile::tempdir().expect("a folder"), free_port());
        let path = folder.path();
        let process = match kind {
            Kind::Nginx => {
                let shipped = configured(
                    "nginx/babysea.conf",
                    &[
                        ("127.0.0.1:3000", server),
                        ("127.0.0.1:8081", api),
                        ("127.0.0.1:8080", address),
                    ],
                );
                let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                    .map(|name| format!("{name}_temp_path {};", path.join(name).display()))
                    .concat();
                let whole = format!(
                    "pid {pid}; error_log {log}; daemon off; worker_processes 1; events {{}}\n\
                     http {{ access_log off; {temporary}\n{shipped}}}",
                    pid = path.join("pid").display(),
                    log = path.join("log").display()
                );
                std::fs::write(path.join("nginx.conf"), whole).expect("a file");
                // Debian has it where only root looks.
                let debian = Path::new("/usr/sbin/nginx");
                let mut command = Command::new(if debian.exists() {
                    debian
                } else {
                    Path::new("nginx")
                });
                command.arg("-p").arg(path).arg("-c").arg(path.join("nginx.conf"));
                command
            }
            Kind::Caddy => {
                let shipped = configured(
                    "caddy/Caddyfile",
                    &[("127.0.0.1:3000", server), ("127.0.0.1:8081", api)],
                );
                let listens = format!("http://:{} {{\n\tbind 127.0.0.1", address.port());
                let whole = format!("{{\n\tadmin off\n}}\n{}", shipped.replace(":8080 {", &listens));
                std::fs::write(path.join("Caddyfile"), whole).expect("a file");
                let mut command = Command::new("caddy");
                command
                    .args(["run", "--adapter", "caddyfile", "--config"])
                    .arg(path.join("Caddyfile"));
                command.env("HOME", path);
                command
            }
        }
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{kind:?} must be installed, as scripts/install.sh does: {error}"));
        let proxy = Self {
            process,
            address,
            _folder: folder,
        };
        let listens = async {
            while TcpStream::connect(address).await.is_err() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, listens).await.expect("the proxy listens");
        proxy
    }

    /// Sends a request line and headers as they are; the end of the connection is the end of the answer.
    async fn send(&self, target: &str, headers: &[(&str, &str)]) -> Answer {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket
            .bind(SocketAddr::new(CLIENT.parse().expect("an address"), 0))
            .expect("an address of this machine");
        let mut stream = socket.connect(self.address).await.expect("a connection");
        let mut message = format!("GET {target} HTTP/1.1\r\nhost: api.example\r\nconnection: close\r\n");
        for (name, value) in headers {
            message.extend([name, ": ", value, "\r\n"]);
        }
        message.push_str("\r\n");
        stream.write_all(message.as_bytes()).await.expect("a request");
        let mut bytes = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut bytes))
            .await
            .expect("an answer in time")
            .expect("an answer");
        parse(&String::from_utf8(bytes).expect("text"))
    }
}

fn parse(text: &str) -> Answer {
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {text:?}"));
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok());
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        headers.append(
            HeaderName::try_from(name).expect("a name"),
            HeaderValue::try_from(value).expect("a value"),
        );
    }
    let chunked = headers.get("transfer-encoding").is_some();
    Answer {
        status: status.unwrap_or_else(|| panic!("no status: {head}")),
        headers,
        body: if chunked {
            unchunked(body).into()
        } else {
            body.into()
        },
    }
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).expect("a size");
        whole.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
        if size == 0 {
            break;
        }
    }
    whole
}

/// An API that says what it was asked.
async fn start_api() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("its address");
    let echo = |request: Request| async move {
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap_or("?"))));
        Json(json!({
            "api": true,
            "target": request.uri().to_string(),
            "headers": headers.collect::<serde_json::Map<_, _>>(),
        }))
    };
    let router = Router::new().fallback(any(echo));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// What the client is told, but for what differs with each request.
fn told(answer: &Answer) -> (u16, Value, [String; 5]) {
    let mut body = answer.json();
    body["request_id"].take();
    let names = [
        "retry-after",
        "www-authenticate",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "cache-control",
    ];
    (
        answer.status,
        body,
        names.map(|name| answer.header(name).to_owned()),
    )
}

#[expect(
    clippy::too_many_lines,
    reason = "one story, in the order in which it happens"
)]
async fn story(kind: Kind) {
    let setup = Setup {
        arguments: &["--trusted-proxies", "127.0.0.1"],
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    let ada = world.person("Ada Moss").await;
    let made = async |name, preset, allowlist, limit| {
        let fields = [
            ("name", name),
            ("preset", preset),
            ("allowlist", allowlist),
            ("rate_limit", limit),
        ];
        ada.key_with(&fields).await
    };
    let good = made("Zoë", "full_access", CLIENT, "").await;
    let narrow = made("narrow", "monitor_only", "", "").await;
    let elsewhere = made("elsewhere", "full_access", "198.51.100.5", "").await;
    let slow = made("slow", "full_access", "", "1").await;
    assert_eq!(
        world.status(&slow.secret).await.status,
        200,
        "its only request of the minute"
    );

    // Its own runtime, so that ending it ends every connection.
    let serving = Runtime::new().expect("a runtime");
    let server = world.serve_on(serving.handle());
    let proxy = Proxy::start(kind, server, start_api().await).await;
    let bearer = |key: &str| format!("Bearer {key}");

    let forged = [
        ("authorization", bearer(&good.secret)),
        ("x-account-id", "forged".to_owned()),
        ("X-API-Key-ID", "forged".to_owned()),
        ("x-api-key-name", "forged".to_owned()),
        ("x-api-key-scopes", "forged".to_owned()),
        ("x-request-id", "forged".to_owned()),
        ("x-forwarded-for", "198.51.100.5".to_owned()),
        ("x-forwarded-uri", "/v1/library/models".to_owned()),
        ("x-forwarded-method", "DELETE".to_owned()),
        ("x-original-uri", "/v1/library/models".to_owned()),
    ];
    let forged: Vec<_> = forged
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let passed = proxy.send("/v1/content/list?limit=5&q=a%20b", &forged).await;
    assert_eq!(passed.status, 200, "{kind:?} {}", passed.text());
    let seen = passed.json();
    assert_eq!(seen["target"], "/v1/content/list?limit=5&q=a%20b");
    assert_eq!(seen["headers"]["x-api-key-id"], good.id.as_str());
    assert_eq!(seen["headers"]["x-api-key-name"], "Zo%C3%AB");
    assert!(!passed.text().contains("forged"), "{kind:?} {}", passed.text());
    assert!(
        !passed.text().contains(&good.secret),
        "the API needs no key: {}",
        passed.text()
    );

    let unknown = babysea::domain::token::generate("bye_", |bytes| world.app.rng.fill(bytes));
    for (name, key, code) in [
        ("no key", None, "BSE1001"),
        ("an unknown key", Some(unknown.expose()), "BSE1002"),
        ("a missing scope", Some(narrow.secret.as_str()), "BSE1003"),
        ("another address", Some(elsewhere.secret.as_str()), "BSE1007"),
        ("over its limit", Some(slow.secret.as_str()), "BSE1005"),
    ] {
        let direct = get("/v1/content/list").sent_from(CLIENT);
        let direct = key.map_or_else(
            || get("/v1/content/list").sent_from(CLIENT),
            |key| direct.bearer(key),
        );
        let direct = world.send(direct).await;
        let value = key.map(bearer);
        let headers: Vec<_> = value
            .iter()
            .map(|value| ("authorization", value.as_str()))
            .collect();
        let through = proxy.send("/v1/content/list", &headers).await;
        assert_eq!(direct.json()["error"]["code"], code, "{name}");
        assert_eq!(told(&through), told(&direct), "{kind:?}: {name}");
        assert!(
            through.header("content-type").starts_with("application/json"),
            "{name}"
        );
        assert!(
            through.json()["request_id"]
                .as_str()
                .is_some_and(|id| id.starts_with("req_")),
            "{name}"
        );
    }

    let authorized = bearer(&good.secret);
    let authorized = [("authorization", authorized.as_str())];
    for path in [
        "/v1/nowhere",
        "/v1/../v1/status",
        "/v1/content/../status",
        "/v1/%2e%2e/v1/status",
        "/v1%2fstatus",
        "//v1/status",
        "/v1//status",
        "/v1\\status",
        "/v1/%5cstatus",
        "/v1/content/%6cist",
        "/v1/status%00",
    ] {
        let answer = proxy.send(path, &authorized).await;
        assert!(
            [400, 403, 404].contains(&answer.status),
            "{kind:?} {path}: {}",
            answer.status
        );
        assert!(
            !answer.text().contains("\"api\""),
            "{kind:?} {path} reached the API"
        );
    }

    serving.shutdown_background();
    let answer = proxy.send("/v1/content/list", &authorized).await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["code"]),
        (503, &json!("BSE5003")),
        "{kind:?}"
    );
}

#[tokio::test]
async fn nginx_guards_an_api() {
    story(Kind::Nginx).await;
}

#[tokio::test]
async fn caddy_guards_an_api() {
    story(Kind::Caddy).await;
}
