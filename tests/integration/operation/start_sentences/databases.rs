//! Databases with which a start fails: a PostgreSQL that responds with an error, another program at its
//! address, and SQLite files on a read-only file system.

use super::{command, last_line, sentence};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Stdio,
    thread,
};

/// Errors of a PostgreSQL server to the first message of a session: the code, and the message of PostgreSQL
/// 15.
const REFUSALS: &[(&str, &str)] = &[
    ("28P01", "password authentication failed for user \"keys\""),
    (
        "28000",
        "no pg_hba.conf entry for host \"192.0.2.7\", user \"keys\", database \"keys\", no encryption",
    ),
    ("3D000", "database \"keys\" does not exist"),
    ("42501", "permission denied for database \"keys\""),
    (
        "53100",
        "could not write to file \"pg_wal\": No space left on device",
    ),
    ("53300", "sorry, too many clients already"),
    ("57P03", "the database system is starting up"),
    (
        "XX000",
        "could not open file \"global/pg_filenode.map\": Input/output error",
    ),
];

/// Other programs at its address, with their response.
const OTHERS: &[(&str, Option<&[u8]>)] = &[
    ("closes the connection", Some(b"")),
    (
        "answers as a web server does",
        Some(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    ),
    ("says nothing", None),
];

/// Starts with a PostgreSQL that refuses them; the case, and the sentence.
pub fn of_postgres(folder: &Path) -> Vec<(String, String)> {
    let mut sentences = Vec::new();
    for &(code, words) in REFUSALS {
        let message = error(code, words);
        let port = listen(move |stream| {
            // The client first requests TLS, and continues without.
            if read_message(stream).is_some_and(|request| request == TLS) {
                stream.write_all(b"N").ok()?;
                read_message(stream)?;
            }
            stream.write_all(&message).ok()
        });
        sentences.push((
            format!("PostgreSQL answers {code}: {words}"),
            refused(folder, port),
        ));
    }
    for &(what, answer) in OTHERS {
        let port = listen(move |stream| {
            read_message(stream)?;
            match answer {
                Some(answer) => stream.write_all(answer).ok(),
                None => stream.read_to_end(&mut Vec::new()).ok().map(drop),
            }
        });
        sentences.push((
            format!("Its host and port: something that {what}"),
            refused(folder, port),
        ));
    }
    sentences
}

/// The request for TLS (postgresql.org/docs/current/protocol-message-formats.html, "SSLRequest").
const TLS: [u8; 4] = 80_877_103_u32.to_be_bytes();

/// The sentence about a server at this port; the port is replaced.
fn refused(folder: &Path, port: u16) -> String {
    let url = format!("postgres://keys:hunter2@127.0.0.1:{port}/keys");
    let sentence = sentence(folder, &[("DATABASE_URL", &url)], &[]);
    sentence.replace(&port.to_string(), "PORT")
}

/// Answers connections for as long as the test runs.
fn listen(answer: impl Fn(&mut TcpStream) -> Option<()> + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = answer(&mut stream);
        }
    });
    port
}

/// A message at the start of a session, which has a length and no type.
fn read_message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let rest = usize::try_from(u32::from_be_bytes(length)).ok()?.checked_sub(4)?;
    let mut message = vec![0; rest.min(64 * 1024)];
    stream.read_exact(&mut message).ok()?;
    Some(message)
}

/// An `ErrorResponse`.
fn error(code: &str, words: &str) -> Vec<u8> {
    let mut fields = Vec::new();
    for (kind, value) in [(b'S', "FATAL"), (b'V', "FATAL"), (b'C', code), (b'M', words)] {
        fields.push(kind);
        fields.extend(value.as_bytes());
        fields.push(0);
    }
    fields.push(0);
    let length = u32::try_from(fields.len() + 4).expect("a short message");
    [&b"E"[..], &length.to_be_bytes(), &fields].concat()
}

/// Commands that make a folder read-only, in a shell with mounts of its own: `$1` is the data folder, with
/// the files of an earlier server.
const READ_ONLY: &[(&str, &str)] = &[
    (
        "a folder without a database, on a read-only file system",
        "mount -t tmpfs -o ro none \"$1\"",
    ),
    (
        "a folder with a database, on a read-only file system",
        "mount --bind \"$1\" \"$1\" && mount -o remount,ro,bind \"$1\"",
    ),
    (
        "a database that can be written, in a read-only folder",
        "mount --bind \"$1\" \"$1\" && for file in babysea.db babysea.db.lock pepper; do \
         mount --bind \"$1/$file\" \"$1/$file\" || exit 9; done && mount -o remount,ro,bind \"$1\"",
    ),
    (
        "a read-only database, in a folder that can be written",
        "mount --bind \"$1/babysea.db\" \"$1/babysea.db\" && mount -o remount,ro,bind \"$1/babysea.db\"",
    ),
];

/// Starts on read-only file systems; `None` where mounting is not permitted.
pub fn of_sqlite() -> Option<Vec<(String, String)>> {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    served_once(folder.path());
    let mut sentences = Vec::new();
    for &(what, mount) in READ_ONLY {
        let before = super::files(&data);
        let script = format!("{{ {mount}; }} || exit 9; shift; exec \"$@\"");
        let program = command(folder.path(), &[("DATA_DIR", "data")]);
        let mut unshared = crate::program::command("unshare");
        unshared
            .args(["--mount", "sh", "-c", &script, "sh"])
            .arg(&data)
            .arg(program.get_program())
            .current_dir(folder.path());
        unshared.envs(
            program
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        let output = unshared.output().ok()?;
        let text = String::from_utf8(output.stderr).expect("text");
        if output.status.code() != Some(1) || text.contains("unshare: ") {
            eprintln!("not tested: mounting is refused: {text}");
            return None;
        }
        sentences.push((format!("DATA_DIR: {what}"), last_line(folder.path(), &text)));
        assert_eq!(super::files(&data), before, "{what}: something is left over");
    }
    Some(sentences)
}

/// Starts the program once, which creates the files, and stops it.
fn served_once(folder: &Path) {
    let mut process = command(folder, &[("DATA_DIR", "data"), ("DRAIN_SECONDS", "0")])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut lines = BufReader::new(process.stderr.take().expect("its output")).lines();
    let listens = lines
        .by_ref()
        .map_while(Result::ok)
        .any(|line| line.contains("listening on "));
    assert!(listens, "it serves");
    kill_process(Pid::from_child(&process), Signal::TERM).expect("it runs");
    // Until it has ended, or its log has no reader.
    assert!(lines.map_while(Result::ok).all(|line| !line.contains("panicked")));
    assert!(process.wait().expect("its end").success());
}
