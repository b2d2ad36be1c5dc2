//! nginx and Caddy with their shipped configurations, running for the duration of a test; and requests to
//! them.

use super::lax::{self, Among, OTHER, SITE};
use crate::{
    answer::Answer,
    until::{PATIENCE, until},
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

/// Address of the client; the proxies themselves are at 127.0.0.1.
pub const CLIENT: &str = "127.0.0.2";

/// Which proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Nginx,
    Caddy,
}

/// A running proxy, stopped on drop.
pub struct Proxy {
    pub kind: Kind,
    pub among: Among,
    process: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // nginx ends its workers on SIGTERM, and leaves them behind on SIGKILL.
        let _ = kill_process(Pid::from_child(&self.process), Signal::TERM);
        let _ = self.process.wait();
    }
}

fn free_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address")
}

/// The shipped file with other addresses; each one must occur in it.
fn configured(file: &str, addresses: &[(&str, SocketAddr)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(file);
    let mut text = std::fs::read_to_string(path).expect("the shipped configuration");
    for (shipped, address) in addresses {
        assert!(text.contains(shipped), "{shipped} is not in {file}");
        text = text.replace(shipped, &address.to_string());
    }
    text
}

/// nginx with this in its `http` block, and its files in a folder of its own.
fn nginx(path: &Path, http: &str) -> Command {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {};", path.join(name).display()))
        .concat();
    let whole = format!(
        "pid {pid}; error_log {log}; daemon off; worker_processes 1; events {{}}\n\
         http {{ access_log off; {temporary}\n{http}}}",
        pid = path.join("pid").display(),
        log = path.join("log").display()
    );
    std::fs::write(path.join("nginx.conf"), whole).expect("a file");
    // Debian installs it in a folder that is only on root's PATH.
    let debian = Path::new("/usr/sbin/nginx");
    let mut command = Command::new(if debian.exists() {
        debian
    } else {
        Path::new("nginx")
    });
    command.arg("-p").arg(path).arg("-c").arg(path.join("nginx.conf"));
    command
}

impl Proxy {
    /// nginx that passes everything on to a server, with bodies of up to 64 MiB.
    pub async fn start_passing(server: SocketAddr) -> Self {
        let (folder, address) = (tempfile::tempdir().expect("a folder"), free_port());
        let http = format!(
            "upstream server {{ server {server}; keepalive 32; }}\n\
             server {{ listen {address}; client_max_body_size 64m; location / {{\n\
             proxy_pass http://server; proxy_http_version 1.1; proxy_set_header Connection \"\"; }} }}"
        );
        let command = nginx(folder.path(), &http);
        Self::started(Kind::Nginx, command, address, folder).await
    }

    /// The address it listens on.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A proxy with the shipped file alone.
    pub async fn start(kind: Kind, server: SocketAddr, api: SocketAddr) -> Self {
        Self::start_among(kind, Among::Nothing, server, api).await
    }

    /// A proxy with the shipped file among others.
    pub async fn start_among(kind: Kind, among: Among, server: SocketAddr, api: SocketAddr) -> Self {
        let (folder, address) = (tempfile::tempdir().expect("a folder"), free_port());
        let path = folder.path();
        let addresses = [("127.0.0.1:3000", server), ("127.0.0.1:8081", api)];
        let command = match kind {
            Kind::Nginx => {
                let [server, api] = addresses;
                let addresses = [server, api, ("127.0.0.1:8080", address)];
                let shipped = configured("nginx/babysea.conf", &addresses);
                nginx(path, &lax::nginx(&shipped, address, among, path))
            }
            Kind::Caddy => {
                let shipped = configured("caddy/Caddyfile", &addresses);
                let whole = lax::caddy(&shipped, address, among, path);
                std::fs::write(path.join("Caddyfile"), whole).expect("a file");
                let mut command = Command::new("caddy");
                command
                    .args(["run", "--adapter", "caddyfile", "--config"])
                    .arg(path.join("Caddyfile"));
                command.env("HOME", path);
                command
            }
        };
        let mut proxy = Self::started(kind, command, address, folder).await;
        proxy.among = among;
        proxy
    }

    async fn started(kind: Kind, mut command: Command, address: SocketAddr, folder: TempDir) -> Self {
        let started = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let process = started.unwrap_or_else(|error| {
            panic!("{kind:?} must be installed, as scripts/install.sh does: {error}")
        });
        let mut proxy = Self {
            kind,
            among: Among::Nothing,
            process,
            address,
            _folder: folder,
        };
        until("the proxy listens", async || {
            let ended = proxy.process.try_wait().expect("its state");
            assert_eq!(ended, None, "{kind:?} refuses its configuration");
            TcpStream::connect(address).await.is_ok()
        })
        .await;
        proxy
    }

    /// Sends a request as it is, and reads until the connection ends.
    pub async fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: Body<'_>) -> Answer {
        let message = message(method, target, headers, &body.text());
        let bytes = if self.among == Among::LaxTls {
            self.over_tls(&message).await
        } else {
            exchange(self.connect().await, &message).await
        };
        parse(&String::from_utf8(bytes).expect("text"))
    }

    /// A connection from the client.
    pub async fn connect(&self) -> TcpStream {
        connect(self.address, CLIENT).await
    }

    /// Sends it over TLS to the other site (SNI), and reads until the connection ends.
    async fn over_tls(&self, message: &str) -> Vec<u8> {
        let mut command = tokio::process::Command::new("openssl");
        command
            .args([
                "s_client",
                "-quiet",
                "-servername",
                OTHER,
                "-bind",
                CLIENT,
                "-connect",
            ])
            .arg(self.address.to_string())
            .kill_on_drop(true)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut client = command
            .spawn()
            .expect("openssl must be installed, as scripts/install.sh does");
        let mut input = client.stdin.take().expect("its input");
        input.write_all(message.as_bytes()).await.expect("a request");
        let answer = timeout(PATIENCE, client.wait_with_output()).await;
        answer.expect("an answer in time").expect("an answer").stdout
    }

    /// A request without a body.
    pub async fn get(&self, target: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", target, headers, Body::None).await
    }
}

/// A connection from this address.
pub async fn connect(to: SocketAddr, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .bind(SocketAddr::new(from.parse().expect("an address"), 0))
        .expect("an address of this machine");
    socket.connect(to).await.expect("a connection")
}

/// A request whose `Host` comes last: nginx uses the settings of the default site until it knows the site.
pub fn message(method: &str, target: &str, headers: &[(&str, &str)], rest: &str) -> String {
    let mut message = format!("{method} {target} HTTP/1.1\r\n");
    for (name, value) in headers {
        message.extend([name, ": ", value, "\r\n"]);
    }
    if !headers.iter().any(|(name, _)| *name == "upgrade") {
        message.push_str("connection: close\r\n");
    }
    message.extend(["host: ", SITE, "\r\n", rest]);
    message
}

/// Sends a request, and reads until the connection ends.
pub async fn exchange(mut stream: TcpStream, message: &str) -> Vec<u8> {
    // A refusal may end the connection before a long body is sent.
    let sent = stream.write_all(message.as_bytes()).await;
    let mut bytes = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    let read = read.expect("an answer in time");
    assert!(!bytes.is_empty(), "{sent:?} {read:?}");
    bytes
}

/// Body of a request, and how it is sent.
#[derive(Clone, Copy)]
pub enum Body<'b> {
    None,
    /// With a `Content-Length`.
    Whole(&'b str),
    /// In two chunks.
    Chunked(&'b str, &'b str),
}

impl Body<'_> {
    /// The last header, and the body.
    fn text(self) -> String {
        match self {
            Self::None => "\r\n".to_owned(),
            Self::Whole(text) => format!("content-length: {}\r\n\r\n{text}", text.len()),
            Self::Chunked(first, second) => {
                let chunk = |piece: &str| format!("{:x}\r\n{piece}\r\n", piece.len());
                format!(
                    "transfer-encoding: chunked\r\n\r\n{}{}{}",
                    chunk(first),
                    chunk(second),
                    chunk("")
                )
            }
        }
    }
}

/// A response in one piece.
pub fn parse(text: &str) -> Answer {
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
