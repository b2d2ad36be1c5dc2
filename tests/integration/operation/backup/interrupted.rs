//! Killed at any moment, a backup leaves no backup, and a restore leaves the old database or the new one.

use super::{Backups, empty_beside, fill_log, names};
use crate::{
    database::Database,
    operation::operator::{Person, uses},
    program::{BINARY, Program, command, run},
    rounds::rounds,
};
use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

fn begin(database: &Database, arguments: &[&str]) -> Child {
    command(BINARY)
        .args(arguments)
        .args(["--database-url", &database.url(), "--data-dir"])
        .arg(database.folder())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs")
}

/// Kills the process after `time`; returns whether it was still running.
fn kill_after(mut process: Child, time: Duration, signal: &str) -> bool {
    thread::sleep(time);
    let _ = Command::new("kill")
        .args([signal, &process.id().to_string()])
        .status();
    !process.wait().expect("its end").success()
}

/// Kills backups at several moments of the time that one takes: no partial backup remains.
fn kill_backups(database: &Database, dir: &str, takes: Duration, moments: u32) {
    for moment in 0..=moments {
        let backup = begin(database, &["backup", dir]);
        let was_killed = kill_after(backup, takes * moment / moments, "-KILL");
        if Path::new(dir).exists() {
            run(database, &["check", dir]).expect("a whole backup");
            fs::remove_dir_all(dir).expect("removed");
        } else {
            assert!(was_killed);
            let none = run(database, &["check", dir]).expect_err("none");
            assert!(none.contains("there is no folder"), "{none}");
        }
    }
}

/// A server's database with a key and 20,000 rows in its request log, and the backup `good` of it.
struct Subject {
    database: Database,
    program: Program,
    /// Secret of the key.
    secret: String,
    backups: Backups,
    /// How long the backup took.
    takes: Duration,
}

impl Subject {
    async fn new(database: Database) -> Self {
        let program = Program::start(&database);
        let ada = Person::new(&program, "Ada Moss", "ada@example.com").await;
        let (id, secret) = ada.key(&program, &ada.slug, "one").await;
        fill_log(&database, &id, 20_000).await;
        let backups = Backups::new();
        let began = Instant::now();
        run(&database, &["backup", &backups.name("good")]).expect("a backup");
        Self {
            database,
            program,
            secret,
            takes: began.elapsed(),
            backups,
        }
    }
}

/// The database can be used, and has every row.
fn is_whole(database: &Database) {
    let report = run(database, &["check"]).expect("a whole database");
    assert!(report.contains("request_logs 20000"), "{report}");
}

#[tokio::test]
async fn killed_at_any_moment_sqlite() {
    let moments = rounds(3);
    let Subject {
        database,
        program,
        secret,
        backups,
        takes,
    } = Subject::new(Database::sqlite()).await;
    let dir = backups.name("one");
    kill_backups(&database, &dir, takes, moments);
    // A backup stopped by SIGTERM removes its files; the next backup removes those of killed ones.
    kill_after(begin(&database, &["backup", &dir]), takes / 2, "-TERM");
    if !Path::new(&dir).exists() {
        run(&database, &["backup", &dir]).expect("a backup");
    }
    let left: Vec<_> = names(backups.path());
    assert_eq!(left, ["good", "one"]);
    program.stop();

    let file = database.folder().join("babysea.db");
    let good = backups.name("good");
    let restore = ["restore", good.as_str(), "--replace", "--without-journal"];
    let began = Instant::now();
    run(&database, &restore).expect("restored");
    let takes = began.elapsed();
    for moment in 0..=moments {
        kill_after(begin(&database, &restore), takes * moment / moments, "-KILL");
        assert!(file.exists(), "there is always a database");
        is_whole(&database);
    }
    // Restore into an empty database.
    for moment in 0..=moments {
        for name in names(database.folder()) {
            if name.starts_with("babysea.db") {
                fs::remove_file(database.folder().join(name)).expect("removed");
            }
        }
        kill_after(begin(&database, &restore), takes * moment / moments, "-KILL");
        if file.exists() {
            run(&database, &["check"]).expect("a whole database");
        }
    }
    let _ = run(&database, &restore);
    let left: Vec<_> = names(database.folder());
    assert!(!left.iter().any(|name| name.starts_with('.')), "{left:?}");
    let program = Program::start(&database);
    assert_eq!(uses(&program, &secret).await, 200);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn killed_at_any_moment_postgres() {
    let moments = rounds(2);
    let Subject {
        database,
        program,
        secret,
        backups,
        takes,
    } = Subject::new(Database::postgres().await).await;
    let dir = backups.name("one");
    kill_backups(&database, &dir, takes, moments);
    run(&database, &["backup", &dir]).expect("a backup");
    assert_eq!(names(backups.path()), ["good", "one"]);
    program.stop();

    let good = backups.name("good");
    let restore = ["restore", good.as_str(), "--without-journal"];
    for moment in 0..=moments {
        let empty = empty_beside(&database).await;
        kill_after(begin(&empty, &restore), takes * moment / moments, "-KILL");
        // Either none of it was committed, or all.
        if let Err(refused) = run(&empty, &restore) {
            assert!(
                refused.contains("already has tables of this product"),
                "{refused}"
            );
        }
        is_whole(&empty);
    }
    // Replace another database.
    let replace = [&restore[..], &["--replace"]].concat();
    kill_after(begin(&database, &replace), takes / 2, "-KILL");
    is_whole(&database);
    let program = Program::start(&database);
    assert_eq!(uses(&program, &secret).await, 200);
}
