//! All error sentences of failed starts, from the real program, and all warnings about settings that weaken a
//! guarantee. They are in `start_sentences.txt`, in one list, to be reviewed. `UPDATE_SENTENCES=1` rewrites
//! that file.

mod databases;
mod twice;

use crate::program::{self, BINARY};
use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};

/// Titles of the sections that [`databases`] fills.
const POSTGRES: &str =
    "A PostgreSQL that refuses, as DATABASE_URL=postgres://keys:PASSWORD@127.0.0.1:PORT/keys";
const SQLITE: &str = "SQLite where nothing can be written";

const SNAPSHOT: &str = "tests/integration/operation/start_sentences.txt";

/// The settings, in the order of README.md. Each start only has those of its case.
const VARIABLES: &[&str] = &[
    "LISTEN",
    "PUBLIC_URL",
    "DATA_DIR",
    "DATABASE_URL",
    "PEPPER_FILE",
    "BRAND",
    "KEY_PREFIX",
    "SIGN_UP",
    "TRUSTED_PROXIES",
    "CATALOG",
    "RATE_LIMIT",
    "STALE_IF_DB_DOWN",
    "METRICS_LISTEN",
    "IDLE_TIMEOUT",
    "DRAIN_SECONDS",
    "MAX_CONNECTIONS",
    "MAX_CONNECTIONS_PER_IP",
    "MAX_BODY_BYTES",
    "LOG_FORMAT",
    "AUTH_LIMIT",
    "SIGN_UP_LIMIT",
    "LOG_RETENTION_DAYS",
    "BACKUP_DIR",
    "BACKUP_EVERY",
    "BACKUP_KEEP",
    "MAX_KEYS",
    "MAX_MEMBERS",
    "MAX_ACCOUNTS",
    "PASSWORD_MIN",
    "SESSION_IDLE_HOURS",
    "SESSION_MAX_DAYS",
];

/// Settings with values that prevent a start. `FOLDER` is a folder with the files of [`prepare`].
const WRONG: &[(&str, &[&str])] = &[
    (
        "LISTEN",
        &[
            "3000",
            "localhost:3000",
            "127.0.0.1:99999",
            "\"127.0.0.1:3000\"",
            "127.0.0.1:3000\r",
            "203.0.113.7:3000",
        ],
    ),
    (
        "PUBLIC_URL",
        &[
            "keys.example.com",
            "http://keys.example.com",
            "https://",
            "https://keys.example.com/keys",
            "https://ada:hunter2@keys.example.com",
        ],
    ),
    ("DATA_DIR", &[":memory:", "data ", "da\tta", "~/data"]),
    (
        "DATABASE_URL",
        &[
            "sqlite:",
            "sqlite::memory:",
            "sqlite:file:x.db",
            "sqlite:x.db?mode=ro",
            "sqlite:./x.db\r",
            "sqlite:x.db ",
            "sqlite:~/x.db",
            "mysql://ada:hunter2@db/keys",
            "postgres://ada:hunter2@db:port/keys",
        ],
    ),
    (
        "PEPPER_FILE",
        &[
            ":memory:",
            " pepper",
            "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        ],
    ),
    (
        "BRAND",
        &["A name that is longer than forty characters", "a\u{7}b"],
    ),
    ("KEY_PREFIX", &["Bye_", "bye", "abcdefghijklmnop_"]),
    ("SIGN_UP", &["closed", "Open"]),
    (
        "TRUSTED_PROXIES",
        &[
            "10.0.0.0/33",
            "10.0.0.1 10.0.0.2",
            "10.0.0.1,edge.example.com",
            "@",
            "@FOLDER/absent",
            "@FOLDER",
            "@FOLDER/nothing",
            "@FOLDER/names",
        ],
    ),
    ("CATALOG", &[":memory:", "FOLDER/absent", "FOLDER/names"]),
    ("RATE_LIMIT", &["0", "off", "4294967296", "-1"]),
    ("STALE_IF_DB_DOWN", &["301", "-1", "5s"]),
    ("METRICS_LISTEN", &["9100", "203.0.113.7:9100"]),
    ("IDLE_TIMEOUT", &["0", "3601"]),
    ("DRAIN_SECONDS", &["3601", "soon"]),
    ("MAX_CONNECTIONS", &["0", "1000001"]),
    ("MAX_CONNECTIONS_PER_IP", &["0", "many"]),
    ("MAX_BODY_BYTES", &["0", "64 MiB"]),
    ("LOG_FORMAT", &["xml"]),
    ("AUTH_LIMIT", &["0", "none"]),
    ("SIGN_UP_LIMIT", &["0", "many"]),
    ("LOG_RETENTION_DAYS", &["0", "3651"]),
    ("BACKUP_DIR", &[":memory:", "~/backups"]),
    ("BACKUP_EVERY", &["24", "1m", "daily"]),
    ("BACKUP_KEEP", &["0", "1001"]),
    ("MAX_KEYS", &["0", "99999999999999999999"]),
    ("MAX_MEMBERS", &["0"]),
    ("MAX_ACCOUNTS", &["0"]),
    ("PASSWORD_MIN", &["7", "65", "ten"]),
    ("SESSION_IDLE_HOURS", &["0", "8761"]),
    ("SESSION_MAX_DAYS", &["0", "366"]),
];

/// Invalid command lines.
const TYPED: &[&[&str]] = &[
    &["--lisen", "127.0.0.1:3000"],
    &["serve"],
    &["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0"],
    &["member", "add", "--account", "reef-lab"],
    &["key", "revoke"],
    &["key", "revoke", "--all", "--account", "reef-lab"],
    &["key", "list", "--account", "a", "--account", "b"],
    &["user", "list"],
];

fn prepare(folder: &Path) {
    std::fs::write(folder.join("nothing"), "# no proxy yet\n").expect("a file");
    std::fs::write(folder.join("names"), "10.0.0.1\nedge.example.com\n").expect("a file");
}

/// The program with only these settings.
fn command(folder: &Path, settings: &[(&str, &str)]) -> Command {
    let mut command = program::command(BINARY);
    if settings.iter().all(|(variable, _)| *variable != "LISTEN") {
        command.env("LISTEN", "127.0.0.1:0");
    }
    command.envs(settings.iter().copied()).current_dir(folder);
    command
}

/// The one sentence of a failed start, without the parts that differ between runs.
fn sentence(folder: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> String {
    let output = command(folder, settings)
        .args(arguments)
        .output()
        .expect("the program runs");
    assert!(!output.status.success(), "{settings:?} {arguments:?}");
    assert!(output.stdout.is_empty());
    let text = String::from_utf8(output.stderr).expect("text");
    last_line(folder, &text)
}

/// The last line of the output of a start that failed.
fn last_line(folder: &Path, text: &str) -> String {
    let last = text.lines().last().expect("a sentence");
    assert!(last.starts_with("babysea: "), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    last.replace(&folder.display().to_string(), "FOLDER")
}

/// The files in the folder, which a failed start must not change.
fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let folder = tempfile::tempdir().expect("a folder");
    let all: Vec<_> = VARIABLES.iter().map(|&variable| (variable, "")).collect();
    let absent = "babysea: there is no database ./data/babysea.db: start the server first";
    for settings in all.chunks(1).chain([&all[..]]) {
        assert_eq!(
            sentence(folder.path(), settings, &["user", "list"]),
            absent,
            "{settings:?}"
        );
    }
    let flags = all
        .iter()
        .map(|(variable, _)| format!("--{}=", variable.to_lowercase().replace('_', "-")));
    let flags: Vec<_> = flags.collect();
    let flags: Vec<_> = flags.iter().map(String::as_str).chain(["user", "list"]).collect();
    assert_eq!(sentence(folder.path(), &[], &flags), absent);
    assert_eq!(files(folder.path()), Vec::<String>::new());
}

#[test]
fn every_sentence_names_what_to_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    prepare(folder);
    let before = files(folder);
    let mut text = String::from(
        "What the program says when it does not start, and when a start gives up a promise. First what was set, then the\n\
         sentence. Read it from top to bottom after a change: does each name what to change?\n",
    );
    let mut write = |title: &str, given: &str, sentence: &str| {
        if !title.is_empty() {
            let _ = writeln!(text, "\n## {title}\n");
        }
        let _ = writeln!(text, "{given}\n    {sentence}");
    };
    assert!(
        VARIABLES.iter().eq(WRONG.iter().map(|(variable, _)| variable)),
        "each has its values"
    );
    for (variable, values) in WRONG {
        for (index, value) in values.iter().enumerate() {
            let given = value.replace("FOLDER", &folder.display().to_string());
            let sentence = sentence(folder, &[(variable, &given)], &[]);
            assert!(sentence.contains(variable), "{sentence}");
            let title = if index == 0 { *variable } else { "" };
            write(title, &format!("{variable}={}", value.escape_debug()), &sentence);
            // The database is created before the catalogue is read.
            if *variable == "CATALOG" {
                let _ = std::fs::remove_dir_all(folder.join("data"));
            }
            assert_eq!(files(folder), before, "{variable}={value} leaves something over");
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = listener.local_addr().expect("its address").to_string();
    for (index, variable) in ["LISTEN", "METRICS_LISTEN"].iter().enumerate() {
        let sentence = sentence(folder, &[(variable, &taken)], &[]).replace(&taken, "ADDRESS");
        write(
            if index == 0 {
                "An address that is taken, or open without https"
            } else {
                ""
            },
            &format!("{variable}=ADDRESS"),
            &sentence,
        );
    }
    let open = sentence(folder, &[("LISTEN", "0.0.0.0:0")], &[]);
    let (start, rest) = open.split_once("0.0.0.0:").expect("the address");
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    write("", "LISTEN=0.0.0.0:PORT", &format!("{start}0.0.0.0:PORT{rest}"));
    for (index, arguments) in TYPED.iter().enumerate() {
        let sentence = sentence(folder, &[], arguments);
        let title = if index == 0 { "The command line" } else { "" };
        write(title, &format!("babysea {}", arguments.join(" ")), &sentence);
    }
    let twice = "--brand BabySea --brand BabySea";
    twice::is_refused(folder);
    write(
        "",
        &format!("babysea {twice}"),
        &sentence(folder, &[], &twice.split(' ').collect::<Vec<_>>()),
    );
    for (index, (what, sentence)) in databases::of_postgres(folder).iter().enumerate() {
        write(if index == 0 { POSTGRES } else { "" }, what, sentence);
    }
    // The data folder is created first, and is empty.
    std::fs::remove_dir(folder.join("data")).expect("an empty folder");
    assert_eq!(files(folder), before);
    for (index, (what, sentence)) in databases::of_sqlite().iter().flatten().enumerate() {
        write(if index == 0 { SQLITE } else { "" }, what, sentence);
    }
    for (index, sentence) in given_up().iter().enumerate() {
        let title = if index == 0 {
            "A start with all promises given up"
        } else {
            ""
        };
        write(title, "", sentence);
    }
    let text = text.replace("\n\n    ", "\n    ");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(SNAPSHOT);
    if std::env::var_os("UPDATE_SENTENCES").is_some() {
        std::fs::write(&path, &text).expect("the snapshot");
    }
    let mut kept = std::fs::read_to_string(&path).expect("the snapshot");
    if !text.contains(SQLITE) {
        // Mounting is not permitted here.
        let from = kept
            .find(SQLITE)
            .map_or(kept.len(), |title| title - "\n## ".len());
        let to = kept[from + 1..]
            .find("\n## ")
            .map_or(kept.len(), |end| from + 1 + end);
        kept.replace_range(from..to, "");
    }
    assert_eq!(
        text, kept,
        "if these sentences are better, write them down: UPDATE_SENTENCES=1"
    );
}

/// All warnings about settings that weaken a guarantee.
fn given_up() -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = [
        ("LISTEN", "0.0.0.0:0"),
        ("PUBLIC_URL", "http://127.0.0.1"),
        ("METRICS_LISTEN", "0.0.0.0:0"),
        ("TRUSTED_PROXIES", "0.0.0.0/1,128.0.0.0/1"),
        ("RATE_LIMIT", "none"),
        ("AUTH_LIMIT", "4294967295"),
        ("SIGN_UP_LIMIT", "none"),
        ("STALE_IF_DB_DOWN", "300"),
        ("PASSWORD_MIN", "8"),
        ("SESSION_IDLE_HOURS", "8760"),
        ("SESSION_MAX_DAYS", "365"),
        ("DRAIN_SECONDS", "0"),
        ("MAX_CONNECTIONS_PER_IP", "1000000"),
        ("MAX_BODY_BYTES", "4294967295"),
        ("MAX_KEYS", "4294967295"),
        ("MAX_MEMBERS", "4294967295"),
        ("MAX_ACCOUNTS", "4294967295"),
        ("SIGN_UP", "invited"),
        ("LOG_FORMAT", "json"),
    ];
    let mut process = command(folder.path(), &settings)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let lines = BufReader::new(process.stderr.take().expect("its output")).lines();
    let mut warnings = Vec::new();
    for line in lines.map_while(Result::ok) {
        let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        let message = line["fields"]["message"].as_str().unwrap_or_default();
        if message.starts_with("listening on") {
            break;
        }
        // The open-file limit depends on the machine.
        if line["level"] == "WARN" && !message.contains("files") {
            warnings.push(without_port(message));
        }
    }
    process.kill().expect("its end");
    process.wait().expect("its end");
    warnings
}

/// The sentence without the port that the system chose.
fn without_port(sentence: &str) -> String {
    let Some((start, rest)) = sentence.split_once("LISTEN 0.0.0.0:") else {
        return sentence.to_owned();
    };
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{start}LISTEN 0.0.0.0:PORT{rest}")
}
