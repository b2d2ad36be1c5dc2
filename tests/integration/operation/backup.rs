//! Backups by the real program beside a server, and restoring them (S31, S82).

mod interrupted;
mod recovery;
mod refusals;
mod schedule;

use crate::{
    browser::get,
    database::{Aside, Database, both},
    operation::operator::{Person, uses},
    program::{BINARY, Program, command, run},
};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    thread,
};
use tempfile::TempDir;

/// A folder for backups.
pub struct Backups(TempDir);

impl Backups {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Path of a backup's folder.
    pub fn name(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// Names in the folder, without the copy of the journal.
    pub fn names(&self) -> Vec<String> {
        let mut names = names(self.0.path());
        names.retain(|name| !name.ends_with(".endings"));
        names
    }
}

pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    names.sort();
    names
}

/// Adds rows to the log of a key, as after busy months.
pub async fn fill_log(database: &Database, key: &str, rows: u32) {
    let rows = match database.aside().await {
        Aside::Postgres(_) => format!("generate_series(1, {rows}) AS rows (n)"),
        Aside::Sqlite(_) => format!(
            "(WITH RECURSIVE rows (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM rows WHERE n < {rows}) SELECT n FROM rows) AS rows"
        ),
    };
    let sql = format!(
        "INSERT INTO request_logs (id, account_id, key_id, method, route, path, params, status, user_agent, at)
         SELECT 'req_' || n, account_id, id, 'GET', '/v1/status', '/v1/status', '', 200,
            'a client with a \\t name, \\ and a \\N that is long enough', n
         FROM api_keys, {rows} WHERE id = '{key}'"
    );
    database.execute(&sql).await;
}

/// An empty database of the same engine with the same pepper, to restore a backup into.
pub async fn empty_beside(database: &Database) -> Database {
    let target = if database.is_postgres() {
        Database::postgres().await
    } else {
        Database::sqlite()
    };
    fs::copy(database.pepper_file(), target.pepper_file()).expect("the pepper");
    target
}

both!(
    made_under_load_it_is_the_database_of_one_moment,
    async |database: Database| {
        let program = Program::start(&database);
        let ada = Person::new(&program, "Ada Moss", "ada@example.com").await;
        let mut keys = Vec::new();
        for n in 0..10 {
            keys.push(ada.key(&program, &ada.slug, &format!("key{n}")).await);
        }
        let (revoked, ended) = ada.key(&program, &ada.slug, "revoked").await;
        run(&database, &["key", "revoke", "--key", &revoked, "--yes"]).expect("revoked");
        fill_log(&database, &keys[0].0, 10_000).await;

        let backups = Backups::new();
        let (dir, beside) = (backups.name("one"), database.clone());
        let making = thread::spawn({
            let dir = dir.clone();
            move || run(&beside, &["backup", &dir])
        });
        // Keys are created and checked during the backup.
        let mut since = Vec::new();
        while !making.is_finished() || since.is_empty() {
            since.push(
                ada.key(&program, &ada.slug, &format!("since{}", since.len()))
                    .await,
            );
            for (_, secret) in &keys {
                assert_eq!(uses(&program, secret).await, 200);
            }
        }
        let printed = making.join().expect("a thread").expect("a backup");
        assert!(
            printed.contains("1 person") && printed.contains("the pepper is not in it"),
            "{printed}"
        );
        assert_eq!(backups.names(), ["one"]);
        assert!(!find(&backups, keys[0].1.as_bytes()), "a secret is in the backup");
        let pepper = fs::read(database.pepper_file()).expect("the pepper");
        assert!(!find(&backups, &pepper[..64]), "the pepper is in the backup");
        let printed = run(&database, &["check", &dir]).expect("a good backup");
        assert!(printed.starts_with("all checks passed: "), "{printed}");
        let printed = run(&database, &["check"]).expect("a good database");
        assert!(
            printed.starts_with("all checks passed: ") && printed.contains("users 1"),
            "{printed}"
        );

        // Restore into an empty database.
        let target = empty_beside(&database).await;
        let printed = run(&target, &["restore", &dir, "--without-journal"]).expect("restored");
        assert!(
            printed.contains("everyone has to sign in again") && printed.contains("babysea key revoke --all"),
            "{printed}"
        );
        let rows = "SELECT COUNT(*) FROM request_logs WHERE user_agent LIKE 'a client%'";
        assert_eq!(target.number(rows).await, 10_000);
        let agents = "SELECT DISTINCT user_agent FROM request_logs WHERE user_agent LIKE 'a client%'";
        assert_eq!(target.texts(agents).await, database.texts(agents).await);
        let restored = Program::start(&target);
        for (_, secret) in &keys {
            assert_eq!(uses(&restored, secret).await, 200);
        }
        assert_eq!(uses(&restored, &ended).await, 401);
        // Of the keys created during the backup, it has the first ones without a gap.
        let mut found = Vec::new();
        for (_, secret) in &since {
            found.push(uses(&restored, secret).await == 200);
        }
        assert!(found.is_sorted_by_key(|is_there| !is_there), "{found:?}");
        let page = get(&format!("/home/{}/api-keys", ada.slug)).header("cookie", &ada.cookie);
        assert_eq!(restored.send(page).await.status, 303, "sessions have ended");
        // The restored database accepts changes, and the next backup contains them.
        let entered = restored
            .send(crate::browser::form(
                "/sign-in",
                &[("email", "ada@example.com"), ("password", crate::world::PASSWORD)],
            ))
            .await;
        assert_eq!(entered.status, 303, "{}", entered.text());
        run(&target, &["key", "revoke", "--key", &keys[0].0, "--yes"]).expect("revoked");
        let again = backups.name("two");
        run(&target, &["backup", &again, "--with-pepper"]).expect("a backup");
        assert!(
            run(&target, &["check", &again])
                .expect("a good backup")
                .contains("with the pepper")
        );
        restored.stop();

        // Replace the database, which is kept, and use the pepper of the backup.
        program.stop();
        fs::remove_file(database.pepper_file()).expect("removed");
        let refused = run(&database, &["restore", &again, "--without-journal"]).expect_err("a database");
        assert!(refused.contains("add --replace"), "{refused}");
        let printed =
            run(&database, &["restore", &again, "--without-journal", "--replace"]).expect("restored");
        assert!(printed.contains("kept "), "{printed}");
        let replaced = Program::start(&database);
        assert_eq!(uses(&replaced, &keys[0].1).await, 401);
        assert_eq!(uses(&replaced, &keys[1].1).await, 200);
    }
);

/// Whether the backups contain these bytes.
fn find(backups: &Backups, bytes: &[u8]) -> bool {
    let mut folders = vec![backups.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for name in names(&folder) {
            let path = folder.join(name);
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read(&path).expect("a file");
                if text.windows(bytes.len()).any(|window| window == bytes) {
                    return true;
                }
            }
        }
    }
    false
}

both!(
    it_is_for_its_owner_alone_under_every_umask,
    async |database: Database| {
        Program::start(&database).stop();
        for umask in ["000", "777"] {
            let backups = Backups::new();
            let dir = backups.path().join("above").join("one");
            let output = command("sh")
                .args([
                    "-c",
                    &format!("umask {umask}; exec \"$@\""),
                    "sh",
                    BINARY,
                    "backup",
                ])
                .arg(&dir)
                .args(["--with-pepper", "--database-url", &database.url(), "--data-dir"])
                .arg(database.folder())
                .output()
                .expect("the program runs");
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            let (all, data) = (
                names(&dir),
                if database.is_postgres() {
                    "users.rows"
                } else {
                    "babysea.db"
                },
            );
            for name in [data, "manifest.json", "pepper"] {
                assert!(all.iter().any(|found| found == name), "{all:?}");
            }
            let mode = |path: PathBuf| fs::metadata(path).expect("a file").permissions().mode() & 0o7777;
            assert_eq!(
                (mode(dir.clone()), mode(backups.path().join("above"))),
                (0o700, 0o700)
            );
            for name in all {
                assert_eq!(mode(dir.join(&name)), 0o600, "{name}");
            }
        }
    }
);

both!(
    a_disk_that_fills_leaves_nothing_over,
    async |database: Database| {
        let program = Program::start(&database);
        let ada = Person::new(&program, "Ada Moss", "ada@example.com").await;
        let (id, secret) = ada.key(&program, &ada.slug, "one").await;
        fill_log(&database, &id, 20_000).await;
        let small = tempfile::tempdir().expect("a folder");
        let script = format!(
            "mount -t tmpfs -o size=1m tmpfs {0} || exit 9; \"$@\"; code=$?; ls -A {0}; exit $code",
            small.path().display()
        );
        let output = command("unshare")
            .args(["-m", "sh", "-c", &script, "sh", BINARY, "backup"])
            .arg(small.path().join("one"))
            .args(["--database-url", &database.url(), "--data-dir"])
            .arg(database.folder())
            .output();
        // Where mounting is not permitted, nothing is tested.
        let Ok(output) = output else { return };
        let printed = String::from_utf8(output.stderr).expect("text");
        if output.status.code() == Some(9) || printed.contains("unshare") {
            eprintln!("not tested: mounting is refused: {printed}");
            return;
        }
        assert_eq!(output.status.code(), Some(1), "{printed}");
        assert!(printed.contains("is full: free some space"), "{printed}");
        assert_eq!(printed.lines().count(), 1, "{printed}");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "",
            "nothing is left over"
        );
        assert_eq!(uses(&program, &secret).await, 200);
        ada.key(&program, &ada.slug, "two").await;
        // The database has no leftovers either.
        run(&database, &["check"]).expect("a good database");
        run(&database, &["backup", &Backups::new().name("one")]).expect("a backup elsewhere");
    }
);
