//! The program in a process of its own, and requests to it.

use super::Failure;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader as Reader},
    net::TcpStream,
    time::timeout,
};

/// Time limit of every wait; longer than the longest start of a response.
const PATIENCE: Duration = Duration::from_secs(40);
/// Time limit of a start; longer than the minute after which a start gives up.
const START: Duration = Duration::from_secs(150);

/// A program in its own process, killed on drop.
pub struct Program {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

/// A start that ended before the program listened.
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// The lines of its log.
    pub log: String,
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail if it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Program {
    /// Starts it, and waits until it listens.
    pub async fn start(database: &str, folder: &Path, more: &[&str]) -> Result<Self, Failure> {
        Self::start_with(database, folder, more, &[]).await
    }

    /// The same with settings from the environment, which servers of other versions that do not know them ignore.
    ///
    /// The program gets the soft limit of open files that most systems give (1,024), whatever limit the load
    /// generator needs for itself.
    pub async fn start_with(
        database: &str,
        folder: &Path,
        more: &[&str],
        settings: &[(&str, &str)],
    ) -> Result<Self, Failure> {
        match Self::begin(database, folder, more, settings)?.listening().await? {
            Ok(program) => Ok(program),
            Err(ended) => Err(format!("the program ended: {}", ended.log).into()),
        }
    }

    /// Starts it and waits for nothing: it has no address before [`Program::listening`].
    pub fn begin(
        database: &str,
        folder: &Path,
        more: &[&str],
        settings: &[(&str, &str)],
    ) -> Result<Self, Failure> {
        let process = Command::new("sh")
            .args(["-c", "ulimit -Sn 1024 && exec \"$0\" \"$@\""])
            .arg(env!("CARGO_BIN_EXE_babysea"))
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
            .envs(settings.iter().copied())
            .stderr(Stdio::piped())
            .spawn()?;
        Ok(Self {
            process,
            address: (Ipv4Addr::UNSPECIFIED, 0).into(),
        })
    }

    /// Waits until it listens, or has ended.
    pub async fn listening(mut self) -> Result<Result<Self, Ended>, Failure> {
        let output = self.process.stderr.take().ok_or("no output")?;
        let reading = tokio::task::spawn_blocking(move || {
            let mut log = String::new();
            let mut lines = BufReader::new(output).lines();
            while let Some(Ok(line)) = lines.next() {
                if let Some((_, rest)) = line.split_once("listening on ") {
                    let address = rest.split(',').next().unwrap_or_default().to_owned();
                    // Keep reading, because the program blocks when the pipe is full.
                    std::thread::spawn(move || lines.for_each(drop));
                    return Ok(address);
                }
                log.push_str(&line);
                log.push('\n');
            }
            Err(log)
        });
        // Dropping the program on a time-out ends the reading too.
        let read = timeout(START, reading).await;
        match read.map_err(|_| "the program neither listened nor ended")?? {
            Ok(address) => {
                self.address = address.parse()?;
                Ok(Ok(self))
            }
            Err(log) => Ok(Err(Ended {
                status: self.process.wait()?,
                log,
            })),
        }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Tells it to stop, as a service manager does.
    pub fn terminate(&self) -> Result<(), Failure> {
        self.signal(Signal::TERM)
    }

    /// Pauses the process (SIGSTOP).
    pub fn pause(&self) -> Result<(), Failure> {
        self.signal(Signal::STOP)
    }

    /// Resumes the process (SIGCONT).
    pub fn resume(&self) -> Result<(), Failure> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> Result<(), Failure> {
        Ok(kill_process(Pid::from_child(&self.process), signal)?)
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

    /// Its resident memory in megabytes.
    pub fn resident(&self) -> Result<f64, Failure> {
        resident(self.process.id())
    }
}

/// Kills a process that is a child of this one and was not waited for (SIGKILL).
pub fn kill(process: u32) -> Result<(), Failure> {
    let process = Pid::from_raw(process.try_into()?).ok_or("no process")?;
    Ok(kill_process(process, Signal::KILL)?)
}

/// Resident memory of a process in megabytes (proc(5), `VmRSS`).
pub fn resident(process: u32) -> Result<f64, Failure> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.ok_or("no VmRSS")?.trim().trim_end_matches(" kB");
    Ok(kilobytes.parse::<f64>()? / 1024.0)
}

/// An answer.
#[derive(Default)]
pub struct Reply {
    /// Its status; 0 where the status line cannot be read.
    pub status: u16,
    /// The cookies that it sets, as a browser sends them back: `name=value; name=value`.
    pub cookies: String,
    /// Its body.
    pub body: String,
    /// Whether the server closes the connection after it.
    pub closes: bool,
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
        let reply = self.reply().await?;
        Ok((reply.status, reply.body))
    }

    /// Reads an answer.
    pub async fn reply(&mut self) -> std::io::Result<Reply> {
        timeout(PATIENCE, self.read())
            .await
            .unwrap_or(Err(std::io::ErrorKind::TimedOut.into()))
    }

    async fn read(&mut self) -> std::io::Result<Reply> {
        let (mut reply, mut line, mut length, mut chunked) = (Reply::default(), String::new(), 0, false);
        loop {
            line.clear();
            if self.0.read_line(&mut line).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            let Some((name, value)) = line.split_once(": ") else {
                let code = line.split(' ').nth(1).and_then(|code| code.parse().ok());
                reply.status = code.unwrap_or_default();
                continue;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap_or_default(),
                "transfer-encoding" => chunked = value.eq_ignore_ascii_case("chunked"),
                "connection" => reply.closes = value.eq_ignore_ascii_case("close"),
                "set-cookie" => {
                    let pair = value.split(';').next().unwrap_or_default();
                    if !reply.cookies.is_empty() {
                        reply.cookies.push_str("; ");
                    }
                    reply.cookies.push_str(pair);
                }
                _ => {}
            }
        }
        let mut body = vec![0; length];
        if chunked {
            self.read_chunks(&mut body).await?;
        } else {
            self.0.read_exact(&mut body).await?;
        }
        reply.body = String::from_utf8_lossy(&body).into_owned();
        Ok(reply)
    }

    /// Reads a body in chunks (RFC 9112, section 7.1); servers send no trailers unless they are asked for them.
    async fn read_chunks(&mut self, body: &mut Vec<u8>) -> std::io::Result<()> {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await?;
            let size = line.trim_end().split(';').next().unwrap_or_default();
            let size = usize::from_str_radix(size, 16)
                .map_err(|_| std::io::Error::from(std::io::ErrorKind::InvalidData))?;
            let begin = body.len();
            body.resize(begin + size, 0);
            self.0.read_exact(&mut body[begin..]).await?;
            line.clear();
            self.0.read_line(&mut line).await?;
            if size == 0 {
                return Ok(());
            }
        }
    }

    /// `GET` with a key; the status.
    pub async fn get(&mut self, path: &str, secret: &str) -> std::io::Result<u16> {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nhost: soak\r\nauthorization: Bearer {secret}\r\n\r\n"
        ))
        .await?;
        Ok(self.answer().await?.0)
    }

    /// A form of the dashboard; the status.
    pub async fn post(&mut self, path: &str, cookie: &str, form: &str) -> std::io::Result<u16> {
        self.send(&self::form(path, cookie, "", form)).await?;
        Ok(self.answer().await?.0)
    }
}

/// A form of the dashboard as a browser sends it; unless `from` is empty, through a proxy that adds it as the
/// client's address.
pub fn form(path: &str, cookie: &str, from: &str, form: &str) -> String {
    let forwarded = if from.is_empty() {
        String::new()
    } else {
        format!("x-forwarded-for: {from}\r\n")
    };
    format!(
        "POST {path} HTTP/1.1\r\nhost: soak\r\nsec-fetch-site: same-origin\r\ncookie: {cookie}\r\n{forwarded}\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    )
}

/// The status for a key, on the open connection if there is one. A connection that failed is not reused.
pub async fn status(
    connection: &mut Option<Connection>,
    server: SocketAddr,
    secret: &str,
) -> std::io::Result<u16> {
    let mut open = match connection.take() {
        Some(open) => open,
        None => Connection::open(server).await?,
    };
    let status = open.get("/v1/status", secret).await?;
    *connection = Some(open);
    Ok(status)
}
