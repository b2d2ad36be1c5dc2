//! Files of the data folder are readable by their owner only (S91), and one server uses an SQLite file (S92):
//! with the real program.

use crate::{
    database::Database,
    program::{BINARY, Program, command},
};
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::Path,
    process::Command,
};

/// A command that runs the program under a umask.
fn under(umask: &str) -> Command {
    let mut command = command("sh");
    command.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh", BINARY]);
    command
}

/// The error of a start that fails.
fn refusal(database: &Database, url: &str) -> String {
    let output = command(BINARY)
        .args(["--listen", "127.0.0.1:0", "--database-url", url, "--data-dir"])
        .arg(database.folder())
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(1), "{url}");
    String::from_utf8(output.stderr).expect("text")
}

fn modes(folder: &Path) -> Vec<(String, u32)> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut modes: Vec<_> = entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            let mode = entry.metadata().expect("a file").mode() & 0o7777;
            (entry.file_name().into_string().expect("text"), mode)
        })
        .collect();
    modes.sort();
    modes
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

#[test]
fn every_file_is_for_its_owner_alone_under_every_umask() {
    for umask in ["000", "022", "077", "777"] {
        let database = Database::sqlite();
        chmod(database.folder(), 0o700);
        let program = Program::start_by(under(umask), &database, &[]);
        let names = [
            "babysea.db",
            "babysea.db-shm",
            "babysea.db-wal",
            "babysea.db.endings",
            "babysea.db.lock",
            "pepper",
        ];
        let expected: Vec<_> = names.map(|name| (name.to_owned(), 0o600)).into();
        assert_eq!(modes(database.folder()), expected, "umask {umask}");
        let log = String::from_utf8(program.stop()).expect("text");
        assert!(!log.contains("other users of this machine"), "{log}");
    }
}

#[test]
fn files_that_others_can_read_are_named_at_each_start() {
    let database = Database::sqlite();
    Program::start(&database).stop();
    let file = database.folder().join("babysea.db");
    chmod(database.folder(), 0o755);
    chmod(&file, 0o644);
    chmod(&database.folder().join("babysea.db.lock"), 0o666);
    for _ in 0..2 {
        let log = String::from_utf8(Program::start(&database).stop()).expect("text");
        for path in [
            database.folder(),
            &file,
            &database.folder().join("babysea.db.lock"),
        ] {
            let command = format!("run chmod go-rwx {}", path.display());
            let lines = log.lines().filter(|line| line.trim_end().ends_with(&command));
            assert_eq!(lines.count(), 1, "{command}: {log}");
        }
    }
    chmod(&database.folder().join("pepper"), 0o640);
    let refused = refusal(&database, &database.url());
    assert!(
        refused.contains("can be read by others: run chmod 600 on it"),
        "{refused}"
    );
}

#[test]
fn a_second_server_is_refused_by_every_name_of_the_file() {
    let database = Database::sqlite();
    let first = Program::start(&database);
    let folder = database.folder();
    let elsewhere = tempfile::tempdir().expect("a folder");
    symlink(folder.join("babysea.db"), elsewhere.path().join("link.db")).expect("a link");
    symlink(folder, elsewhere.path().join("folder")).expect("a link");
    fs::hard_link(folder.join("babysea.db"), folder.join("hard.db")).expect("a link");
    fs::remove_file(folder.join("babysea.db.lock")).expect("removed");
    let up = "../".repeat(folder.components().count() + 20);
    let path = folder.display().to_string();
    for url in [
        format!("sqlite:{path}/babysea.db"),
        format!("sqlite://{path}/babysea.db"),
        format!("sqlite:{path}//./babysea.db"),
        format!("sqlite:{path}/hard.db"),
        format!("sqlite:{up}{}/babysea.db", path.trim_start_matches('/')),
        format!("sqlite:{}/link.db", elsewhere.path().display()),
        format!("sqlite:{}/folder/babysea.db", elsewhere.path().display()),
    ] {
        let refused = refusal(&database, &url);
        assert!(refused.contains("another server is using"), "{url}: {refused}");
    }
    fs::remove_file(folder.join("hard.db")).expect("removed");
    first.stop();
    Program::start(&database).stop();
}

#[test]
fn a_second_server_is_refused_through_another_mount() {
    let database = Database::sqlite();
    let _first = Program::start(&database);
    let elsewhere = tempfile::tempdir().expect("a folder");
    let mount = format!(
        "mount --bind {} {} || exit 9; exec \"$@\"",
        database.folder().display(),
        elsewhere.path().display()
    );
    let output = command("unshare")
        .args([
            "-m",
            "sh",
            "-c",
            &mount,
            "sh",
            BINARY,
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
        ])
        .arg(elsewhere.path())
        .output();
    // Where mounting is not permitted, nothing is tested.
    let Ok(output) = output else { return };
    let printed = String::from_utf8(output.stderr).expect("text");
    if output.status.code() == Some(9) || printed.contains("unshare") {
        eprintln!("not tested: mounting is refused: {printed}");
        return;
    }
    assert!(printed.contains("another server is using"), "{printed}");
}
