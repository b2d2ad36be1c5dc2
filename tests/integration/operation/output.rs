//! Standard output and standard error that cannot be written lose lines, with no other effect (S93).

use crate::{
    browser::{call, form, get},
    database::{Database, both},
    program::{BINARY, Program, command},
    until::until,
    world::PASSWORD,
};
use rustix::process::Signal;
use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{ChildStderr, Stdio},
};

/// Waits until the log has so many rows.
async fn rows(database: &Database, expected: i64) {
    let sql = "SELECT COUNT(*) FROM request_logs WHERE path = '/v1/second/y'";
    until(&format!("there are {expected} rows"), async || {
        database.number(sql).await == expected
    })
    .await;
}

/// Waits until a path is, or is not, a route of the current catalogue.
async fn is_route(program: &Program, key: &str, path: &str, expected: bool) {
    until(&format!("{path} is a route: {expected}"), async || {
        (program.send(get(path).bearer(key)).await.status != 404) == expected
    })
    .await;
}

const CATALOG: &str = include_str!("../../../examples/catalog/weather.toml");

/// Starts the program, reads its log up to the line with its address, and returns the rest of the pipe
/// unread.
fn start(database: &Database) -> (Program, ChildStderr, std::path::PathBuf) {
    let catalog = database.folder().join("catalog.toml");
    std::fs::write(&catalog, CATALOG).expect("a file");
    let (program, log) = Program::start_unread(database, &["--catalog", catalog.to_str().expect("UTF-8")]);
    (program, log, catalog)
}

/// What must work without a log: rows are written, the catalogue is reloaded twice, the program stops
/// cleanly.
async fn all_goes_on(database: &Database, mut program: Program, catalog: &std::path::Path) {
    // The log has a line about a form from another origin.
    let foreign = call("POST", "/sign-in").header("origin", "https://keys.example.com");
    assert_eq!(program.send(foreign).await.status, 403);
    let fields = [
        ("name", "Ada Moss"),
        ("email", "ada@example.com"),
        ("password", PASSWORD),
    ];
    let answer = program.send(form("/sign-up", &fields)).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let cookie = answer
        .session_cookie()
        .split(';')
        .next()
        .unwrap_or_default()
        .to_owned();
    let fields = [
        ("account", "ada-moss"),
        ("name", "one"),
        ("preset", "stations"),
        ("form_token", "1"),
    ];
    let create = form("/api/keys/create", &fields).header("cookie", &cookie);
    let made = program.send(create).await.json();
    let key = made["secret"].as_str().expect("a secret").to_owned();
    let use_key = async || program.send(get("/forecasts/x").bearer(&key)).await.status;
    let _ = use_key().await;
    for name in ["first", "second"] {
        let text = CATALOG.replace("/forecasts/{place}", &format!("/v1/{name}/{{place}}"));
        std::fs::write(catalog, text).expect("a file");
        program.signal(Signal::HUP);
        is_route(&program, &key, &format!("/v1/{name}/x"), true).await;
    }
    program.send(get("/v1/second/y").bearer(&key)).await;
    rows(database, 1).await;
    // Queued rows are written before the end.
    for _ in 0..5 {
        program.send(get("/v1/second/y").bearer(&key)).await;
    }
    program.signal(Signal::TERM);
    assert_eq!(program.ended(), Some(0));
    rows(database, 6).await;
}

both!(
    nothing_else_is_lost_when_the_reader_of_the_log_has_gone,
    async |database: Database| {
        let (program, log, catalog) = start(&database);
        drop(log);
        all_goes_on(&database, program, &catalog).await;
    }
);

#[tokio::test]
async fn an_unread_log_loses_only_log_lines() {
    let database = Database::sqlite();
    // Kept open and not read: the pipe fills up.
    let (program, _log, catalog) = start(&database);
    for _ in 0..200 {
        assert_eq!(program.send(get("/healthz")).await.status, 200);
    }
    all_goes_on(&database, program, &catalog).await;
}

#[test]
fn a_command_with_a_closed_output_does_its_work() {
    let database = Database::sqlite();
    Program::start(&database).stop();
    let command = |arguments: &[&str]| {
        let mut command = crate::program::command(BINARY);
        command.args(arguments);
        command.args(["--database-url", &database.url(), "--data-dir"]);
        command.arg(database.folder());
        command.arg("--pepper-file").arg(database.pepper_file());
        command.stdin(Stdio::null());
        command
    };
    let full = || {
        std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .expect("it")
    };
    let status = command(&["pepper", "list"])
        .stdout(full())
        .stderr(full())
        .status();
    assert_eq!(status.expect("it runs").code(), Some(0));
    let status = command(&["pepper", "remove", "--version", "9"])
        .stdout(full())
        .stderr(full())
        .status();
    assert_eq!(status.expect("it runs").code(), Some(1));
    let mut gone = command(&["pepper", "list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop((gone.stdout.take(), gone.stderr.take()));
    assert_eq!(gone.wait().expect("its end").code(), Some(0));
}

/// Its standard error, and its exit status.
fn refused(arguments: &[&str], variables: &[(&str, &str)]) -> (String, Option<i32>) {
    let output = command(BINARY)
        .args(arguments)
        .envs(variables.iter().copied())
        .output()
        .expect("it runs");
    (
        String::from_utf8(output.stderr).expect("UTF-8"),
        output.status.code(),
    )
}

#[test]
fn each_last_line_is_an_object_where_lines_are_objects() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_str().expect("UTF-8");
    let json = [("LOG_FORMAT", "json")];
    for (arguments, variables) in [
        (&["--no-such-flag"][..], &json[..]),
        (&["no-such-command"], &json),
        (&["--rate-limit", "x"], &json),
        (&["--rate-limit", "x", "--log-format", "json"], &[]),
        (&["--data-dir", "/dev/null/x"], &json),
        (&["--data-dir", data, "pepper", "list"], &json),
        (
            &["--data-dir", data, "--log-format=json", "pepper", "list"],
            &[("RUST_LOG", "off")],
        ),
        (&["--listen", "256.0.0.1:1"], &json),
    ] {
        let (log, status) = refused(arguments, variables);
        assert!(status.is_some_and(|status| status != 0), "{arguments:?}");
        let last = log
            .lines()
            .last()
            .unwrap_or_else(|| panic!("{arguments:?} says nothing"));
        assert!(last.contains("ERROR"), "{last}");
        for line in log.lines() {
            let line: Result<serde_json::Value, _> = serde_json::from_str(line);
            assert!(line.is_ok_and(|line| line.is_object()), "{arguments:?}: {log}");
        }
    }
}

#[test]
fn no_colours_reach_a_file() {
    let database = Database::sqlite();
    let program = Program::start(&database);
    let log = program.stop();
    assert!(
        !log.contains(&0x1b),
        "an escape in {}",
        String::from_utf8_lossy(&log)
    );
}

#[tokio::test]
async fn a_catalogue_that_is_a_pipe_is_refused_and_stops_nothing() {
    let database = Database::sqlite();
    let (mut program, log, catalog) = start(&database);
    std::fs::remove_file(&catalog).expect("it was there");
    let made = std::process::Command::new("mkfifo")
        .arg(&catalog)
        .status()
        .expect("mkfifo runs");
    assert!(made.success());
    program.signal(Signal::HUP);
    let mut lines = BufReader::new(log);
    let mut wait_for = |words: &str| {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            assert!(
                lines.read_line(&mut line).expect("a line") > 0,
                "it never logged {words}"
            );
        }
        line
    };
    let line = wait_for("the catalogue was not reloaded");
    assert!(line.contains("not a file"), "{line}");
    std::fs::remove_file(&catalog).expect("it was there");
    std::fs::write(&catalog, CATALOG).expect("a file");
    program.signal(Signal::HUP);
    wait_for("the catalogue was reloaded");
    program.signal(Signal::TERM);
    let mut rest = String::new();
    lines.read_to_string(&mut rest).expect("the rest");
    assert_eq!(program.ended(), Some(0));
}
