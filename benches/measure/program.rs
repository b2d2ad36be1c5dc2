//! The program in a process of its own, and requests to it.

use super::Failure;
use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader as Reader},
    net::TcpStream,
    time::timeout,
};

/// For everything that ends; the longest is an answer that does not begin.
const PATIENCE: Duration = Duration::from_secs(40);

/// A program that is ended with the value.
pub struct Program {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail where it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Program {
    /// Starts it, and waits until it listens.
    pub async fn start(database: &str, folder: &Path, more: &[&str]) -> Result<Self, Failure> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_babysea"))
            .args([
                "--listen",
                "127.0.0.1:0",
                "--database-url",
                database,
                "--data-dir",
            ])
            .arg(folder)
            .args(more)
            .env_remove("RUST_LOG")
            .env_remove("PUBLIC_URL")
            .stderr(Stdio::piped())
            .spawn()?;
        let output = process.stderr.take().ok_or("no output")?;
        let listening = tokio::task::spawn_blocking(move || {
            let mut said = String::new();
            let mut lines = BufReader::new(output).lines();
            let address = loop {
                let Some(Ok(line)) = lines.next() else {
                    return Err(format!("the program ended: {said}"));
                };
                if let Some((_, rest)) = line.split_once("listening on ") {
                    break rest.split(',').next().unwrap_or_default().to_owned();
                }
                said.push_str(&line);
            };
            // Read on, or the program waits until somebody does.
            std::thread::spawn(move || lines.for_each(drop));
            Ok(address)
        });
        let address = listening.await??.parse()?;
        Ok(Self { process, address })
    }

    /// Tells it to stop, as a service manager does.
    pub fn terminate(&self) -> Result<(), Failure> {
        let id = self.process.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        Ok(())
    }

    /// Waits until it has ended.
    pub async fn ended(mut self) -> Result<ExitStatus, Failure> {
        for _ in 0..PATIENCE.as_millis() / 10 {
            if let Some(status) = self.process.try_wait()? {
                return Ok(status);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err("the program did not end".into())
    }

    /// Megabytes of it that are in memory (proc(5), `VmRSS`).
    pub fn resident(&self) -> Result<f64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.ok_or("no VmRSS")?.trim().trim_end_matches(" kB");
        Ok(kilobytes.parse::<f64>()? / 1024.0)
    }
}

/// A connection that is kept open.
pub struct Connection(Reader<TcpStream>);

impl Connection {
    /// Opens one.
    pub async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self(Reader::new(stream)))
    }

    /// Sends text as it is.
    pub async fn send(&mut self, text: &str) -> std::io::Result<()> {
        self.0.get_mut().write_all(text.as_bytes()).await
    }

    /// Reads an answer: its status and its body.
    pub async fn answer(&mut self) -> std::io::Result<(u16, String)> {
        let read = async {
            let (mut line, mut status, mut length) = (String::new(), 0, 0);
            loop {
                line.clear();
                if self.0.read_line(&mut line).await? == 0 {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                let line = line.trim_end().to_ascii_lowercase();
                if line.is_empty() {
                    break;
                }
                if let Some(rest) = line.strip_prefix("http/1.1 ") {
                    status = rest
                        .get(..3)
                        .and_then(|code| code.parse().ok())
                        .unwrap_or_default();
                } else if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.parse().unwrap_or_default();
                }
            }
            let mut body = vec![0; length];
            self.0.read_exact(&mut body).await?;
            Ok((status, String::from_utf8_lossy(&body).into_owned()))
        };
        timeout(PATIENCE, read)
            .await
            .unwrap_or(Err(std::io::ErrorKind::TimedOut.into()))
    }

    /// `GET` with a key; the status.
    pub async fn get(&mut self, path: &str, secret: &str) -> std::io::Result<u16> {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nhost: soak\r\nauthorization: Bearer {secret}\r\n\r\n"
        ))
        .await?;
        Ok(self.answer().await?.0)
    }

    /// A form of a client behind a trusted proxy; the status.
    pub async fn post_for(&mut self, client: &str, path: &str, form: &str) -> std::io::Result<u16> {
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nhost: soak\r\nsec-fetch-site: same-origin\r\nx-forwarded-for: {client}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        ))
        .await?;
        Ok(self.answer().await?.0)
    }

    /// A form of the dashboard; the status.
    pub async fn post(&mut self, path: &str, cookie: &str, form: &str) -> std::io::Result<u16> {
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nhost: soak\r\nsec-fetch-site: same-origin\r\ncookie: {cookie}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        ))
        .await?;
        Ok(self.answer().await?.0)
    }
}
