//! The program itself: a process of its own, used over TCP, its output recorded.

use crate::{
    answer::Answer,
    browser::{Call, form},
    database::Database,
    until::PATIENCE,
};
use axum::{
    body::to_bytes,
    http::{HeaderMap, HeaderName, HeaderValue},
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, ChildStderr, Command, Stdio},
    sync::mpsc,
    thread::{self, JoinHandle},
};

/// Path of the program.
pub const BINARY: &str = env!("CARGO_BIN_EXE_babysea");
/// The environment variables that the program inherits from the tests: none of them is a setting.
const ENVIRONMENT: [&str; 4] = ["HOME", "PATH", "TERM", "TMPDIR"];

/// A command that runs the program, directly or through another one, without settings from the tests' environment.
pub fn command(file: &str) -> Command {
    let mut command = Command::new(file);
    let kept = ENVIRONMENT.map(|name| (name, std::env::var_os(name)));
    let kept = kept.into_iter().filter_map(|(name, value)| Some((name, value?)));
    command.env_clear().envs(kept);
    command
}

/// Starts a server of this database through `by`, a command that takes the program's arguments. Its log is piped, and it
/// stops without a drain time.
pub fn serve(by: &mut Command, database: &Database, listen: &str, more: &[&str], log: &str) -> Child {
    by.args([
        "--listen",
        listen,
        "--database-url",
        &database.url(),
        "--data-dir",
    ])
    .arg(database.folder())
    .arg("--pepper-file")
    .arg(database.pepper_file())
    .args(more)
    .env("DRAIN_SECONDS", "0")
    .env("RUST_LOG", log)
    .stderr(Stdio::piped())
    .spawn()
    .expect("the program starts")
}

/// The address in a line of the log that says where the server listens.
fn address_in(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("listening on ")?;
    rest.split(',').next().map(str::to_owned)
}

pub struct Program {
    process: Child,
    address: String,
    output: JoinHandle<Vec<u8>>,
    lines: mpsc::Receiver<String>,
}

impl Program {
    /// Starts it on the database, with the most verbose log.
    pub fn start(database: &Database) -> Self {
        Self::start_with(database, &[])
    }

    /// The same, with more arguments. By default it stops without a drain time.
    pub fn start_with(database: &Database, more: &[&str]) -> Self {
        Self::start_by(command(BINARY), database, more)
    }

    /// The same, through a command that takes the program's arguments.
    pub fn start_by(mut by: Command, database: &Database, more: &[&str]) -> Self {
        let mut process = serve(&mut by, database, "127.0.0.1:0", more, "trace");
        let mut log = BufReader::new(process.stderr.take().expect("its output"));
        let (sender, lines) = mpsc::channel();
        let output = thread::spawn(move || {
            let mut output = Vec::new();
            let mut read = 0;
            while log.read_until(b'\n', &mut output).is_ok_and(|length| length > 0) {
                // Fails once the test has ended.
                let _ = sender.send(String::from_utf8_lossy(&output[read..]).into_owned());
                read = output.len();
            }
            output
        });
        let mut program = Self {
            process,
            address: String::new(),
            output,
            lines,
        };
        let line = program.waits_to_say("listening on ");
        program.address = address_in(&line).expect("an address");
        program
    }

    /// Starts it, and leaves its log unread after the line with its address.
    pub fn start_unread(database: &Database, more: &[&str]) -> (Self, ChildStderr) {
        let mut process = serve(&mut command(BINARY), database, "127.0.0.1:0", more, "debug");
        let mut log = process.stderr.take().expect("its output");
        // Byte by byte, because a buffer would read more.
        let (mut line, mut byte) = (Vec::new(), [0]);
        let address = loop {
            log.read_exact(&mut byte).expect("it says where it listens");
            line.extend(byte);
            if byte == *b"\n" {
                if let Some(address) = address_in(&String::from_utf8_lossy(&line)) {
                    break address;
                }
                line.clear();
            }
        };
        let program = Self {
            process,
            address,
            output: thread::spawn(Vec::new),
            lines: mpsc::channel().1,
        };
        (program, log)
    }

    /// Creates a key of Ada Moss, who has signed up with this response; `more` are additional fields. Returns
    /// the secret.
    pub async fn key_of(&self, signed_up: &Answer, more: &[(&str, &str)]) -> String {
        let cookies = signed_up.session_cookie();
        let cookie = cookies.split(';').next().expect("a cookie");
        let usual = [
            ("account", "ada-moss"),
            ("name", "one"),
            ("preset", "full_access"),
            ("form_token", "1"),
        ];
        let fields = [&usual, more].concat();
        let made = self.send(form("/api/keys/create", &fields).header("cookie", cookie));
        let made = made.await.json();
        made["secret"].as_str().expect("a secret").to_owned()
    }

    /// Waits for a line of its log; returns it.
    pub fn waits_to_say(&self, words: &str) -> String {
        loop {
            let line = self
                .lines
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("it never logged {words}"));
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Opens a connection to it.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        stream
    }

    /// Pauses the process (SIGSTOP).
    pub fn hold(&self) {
        self.signal(Signal::STOP);
    }

    /// Resumes the process (SIGCONT).
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A resource limit of the process, soft and hard.
    pub fn limit(&self, name: &str) -> (String, String) {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", self.process.id()));
        let limits = limits.expect("the limits of a process");
        let line = limits.lines().find_map(|line| line.strip_prefix(name));
        let mut values = line.expect("a limit").split_whitespace().map(str::to_owned);
        let mut next = || values.next().expect("a value");
        (next(), next())
    }

    /// Sends SIGTERM, and waits until the program logs that it stops.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
        self.waits_to_say("stopping: ");
    }

    /// Sends SIGTERM again.
    pub fn terminate_again(&self) {
        self.signal(Signal::TERM);
    }

    /// Waits until it has ended; returns the exit code.
    pub fn ended(&mut self) -> Option<i32> {
        self.process.wait().expect("its end").code()
    }

    /// Sends SIGHUP, and waits until the program logs these words.
    pub fn hang_up(&self, words: &str) {
        self.signal(Signal::HUP);
        self.waits_to_say(words);
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).expect("it runs");
    }

    /// Sends a request over HTTP/1.0 and reads until the connection ends.
    pub async fn send(&self, call: Call) -> Answer {
        let (parts, body) = call.request().into_parts();
        let mut message = format!("{} {} HTTP/1.0\r\n", parts.method, parts.uri).into_bytes();
        for (name, value) in &parts.headers {
            message.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        message.extend(b"\r\n");
        message.extend(to_bytes(body, usize::MAX).await.expect("a body"));
        ask(self.connect(), &message)
    }

    /// Stops it like a service manager; returns all of its output.
    pub fn stop(mut self) -> Vec<u8> {
        self.signal(Signal::TERM);
        let status = self.process.wait().expect("its end");
        assert!(status.success(), "{status}");
        let output = std::mem::replace(&mut self.output, thread::spawn(Vec::new));
        output.join().expect("its output")
    }
}

/// Runs a command of the program. Returns its output, or its error sentence.
pub fn run(database: &Database, command: &[&str]) -> Result<String, String> {
    run_with_input(database, command, "")
}

/// Runs a command that succeeds: everything that it says, warnings first.
pub fn run_loudly(database: &Database, command: &[&str]) -> String {
    let (succeeded, printed, warned) = output(database, command, "");
    assert!(succeeded, "{warned}");
    warned + &printed
}

/// Runs it with this on its standard input.
pub fn run_with_input(database: &Database, command: &[&str], input: &str) -> Result<String, String> {
    let (succeeded, printed, refused) = output(database, command, input);
    if succeeded {
        Ok(printed)
    } else {
        assert_eq!((printed.as_str(), refused.lines().count()), ("", 1), "{refused}");
        Err(refused)
    }
}

/// Whether a command succeeds, its output and its errors.
fn output(database: &Database, arguments: &[&str], input: &str) -> (bool, String, String) {
    let mut process = command(BINARY)
        .args(arguments)
        .args(["--database-url", &database.url(), "--data-dir"])
        .arg(database.folder())
        .arg("--pepper-file")
        .arg(database.pepper_file())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    // Fails if the command ends without reading its input.
    let _ = process
        .stdin
        .take()
        .expect("its input")
        .write_all(input.as_bytes());
    let output = process.wait_with_output().expect("its end");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail if it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a request, and reads until the connection ends.
pub fn ask(mut stream: TcpStream, message: &[u8]) -> Answer {
    stream.write_all(message).expect("a request");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    parse(&answer)
}

fn parse(answer: &[u8]) -> Answer {
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("headers");
    let head = std::str::from_utf8(&answer[..end]).expect("text");
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .expect("a status");
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").expect("a header");
        let name: HeaderName = name.parse().expect("a header's name");
        headers.append(name, HeaderValue::from_str(value).expect("a header's value"));
    }
    Answer {
        status: status.parse().expect("a number"),
        headers,
        body: answer[end + 4..].to_vec(),
    }
}
