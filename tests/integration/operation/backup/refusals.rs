//! Backups that are not restored, each with its sentence; the database stays as it was.

use super::{Backups, empty_beside, names};
use crate::{
    database::{Database, both},
    operation::operator::{Person, uses},
    program::{Program, run},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Changes the manifest of a backup.
fn edit(dir: &str, change: impl FnOnce(&mut serde_json::Value)) {
    let path = Path::new(dir).join("manifest.json");
    let text = fs::read_to_string(&path).expect("a manifest");
    let mut manifest = serde_json::from_str(&text).expect("JSON");
    change(&mut manifest);
    fs::write(&path, manifest.to_string()).expect("written");
}

/// A copy of a backup, to be damaged.
fn copy(backups: &Backups, from: &str, to: &str) -> String {
    let to = backups.name(to);
    fs::create_dir(&to).expect("a folder");
    for name in names(Path::new(from)) {
        fs::copy(Path::new(from).join(&name), Path::new(&to).join(&name)).expect("a copy");
    }
    to
}

/// The file with the keys.
fn data(dir: &str) -> PathBuf {
    let files = ["babysea.db", "api_keys.rows"];
    let paths = files.map(|name| Path::new(dir).join(name));
    paths.into_iter().find(|path| path.exists()).expect("the data")
}

both!(
    what_does_not_fit_is_refused_and_changes_nothing,
    async |database: Database| {
        let program = Program::start(&database);
        let ada = Person::new(&program, "Ada Moss", "ada@example.com").await;
        let (_, secret) = ada.key(&program, &ada.slug, "one").await;
        let backups = Backups::new();
        let good = backups.name("good");
        run(&database, &["backup", &good]).expect("a backup");
        let again = run(&database, &["backup", &good]).expect_err("it is there");
        assert!(again.contains("is not empty"), "{again}");

        // A running server.
        let words = if database.is_postgres() {
            "stop them first"
        } else {
            "another server is using"
        };
        let running = run(&database, &["restore", &good, "--replace", "--without-journal"]);
        let running = running.expect_err("a server runs");
        assert!(running.contains(words), "{running}");
        assert_eq!(uses(&program, &secret).await, 200);

        let target = empty_beside(&database).await;
        let refused = |dir: &str, words: &str| {
            let sentence = run(&target, &["restore", dir, "--without-journal"]).expect_err(words);
            assert!(sentence.contains(words), "{words}: {sentence}");
            assert_eq!(sentence.lines().count(), 1, "{sentence}");
        };
        let without = run(&target, &["restore", &good]).expect_err("no journal");
        assert!(without.contains("add --without-journal"), "{without}");

        // The pepper: missing, and another one.
        let pepper = fs::read(target.pepper_file()).expect("the pepper");
        fs::remove_file(target.pepper_file()).expect("removed");
        refused(&good, "is missing");
        assert!(!target.pepper_file().exists(), "none is made");
        fs::write(target.pepper_file(), "00".repeat(32)).expect("another pepper");
        fs::set_permissions(
            target.pepper_file(),
            std::os::unix::fs::PermissionsExt::from_mode(0o600),
        )
        .expect("a mode");
        refused(&good, "is not the one that the stored keys were made with");
        let unfit = run(&target, &["check", &good]).expect_err("another pepper");
        assert!(
            unfit.contains("checks failed") && unfit.contains("is not the one"),
            "{unfit}"
        );
        fs::write(target.pepper_file(), pepper).expect("the pepper");

        let later = copy(&backups, &good, "later");
        edit(&later, |manifest| {
            let migrations = manifest["migrations"].as_array_mut().expect("a list");
            migrations.push(serde_json::json!({ "version": 9_999, "checksum": "00" }));
            manifest["product"] = "9.9.9".into();
        });
        refused(
            &later,
            "was made by a later release (9.9.9): its tables have migration 9999",
        );
        let other = copy(&backups, &good, "other");
        edit(&other, |manifest| {
            manifest["migrations"][0]["checksum"] = "00".into();
        });
        refused(&other, "was made by another build");
        let format = copy(&backups, &good, "format");
        edit(&format, |manifest| manifest["format"] = 2.into());
        refused(&format, "was made by a later release (format 2");
        let engine = copy(&backups, &good, "engine");
        edit(&engine, |manifest| {
            manifest["engine"] = if database.is_postgres() {
                "sqlite"
            } else {
                "postgres"
            }
            .into();
        });
        refused(&engine, "is damaged");
        let leading = copy(&backups, &good, "leading");
        edit(&leading, |manifest| {
            manifest["files"][0]["name"] = "../good/babysea.db".into();
        });
        refused(&leading, "it lists other files");
        let counts = copy(&backups, &good, "counts");
        edit(&counts, |manifest| manifest["tables"][4]["rows"] = 7.into());
        refused(&counts, "1 rows instead of 7");

        // A changed byte in the data, and a truncated file.
        let damaged = copy(&backups, &good, "damaged");
        let mut bytes = fs::read(data(&damaged)).expect("the data");
        let last = bytes.len() - 3;
        bytes[last] ^= 1;
        fs::write(data(&damaged), &bytes).expect("written");
        refused(&damaged, "has changed since the backup was made");
        let found = run(&target, &["check", &damaged]).expect_err("damaged");
        assert!(found.contains("has changed since"), "{found}");
        fs::write(data(&damaged), &bytes[..last]).expect("written");
        let found = run(&target, &["check", &damaged]).expect_err("damaged");
        assert!(found.contains("bytes instead of"), "{found}");
        // No manifest, and half of one.
        let manifest = Path::new(&damaged).join("manifest.json");
        let text = fs::read_to_string(&manifest).expect("a manifest");
        fs::write(&manifest, &text[..text.len() / 2]).expect("written");
        refused(&damaged, "is damaged (it is no JSON)");
        fs::remove_file(&manifest).expect("removed");
        refused(&damaged, "is not a backup");
        refused(&backups.name("absent"), "there is no folder");

        // None of the attempts left anything behind.
        if database.is_postgres() {
            let tables = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'";
            assert_eq!(target.number(tables).await, 0);
        } else {
            let left = names(target.folder());
            assert_eq!(left, ["babysea.db.lock", "pepper"]);
        }
        run(&target, &["restore", &good, "--without-journal"]).expect("restored");
        assert_eq!(uses(&Program::start(&target), &secret).await, 200);
    }
);

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn a_backup_of_the_other_engine_is_refused() {
    let postgres = Database::postgres().await;
    let sqlite = Database::sqlite();
    let backups = Backups::new();
    for (from, to, words) in [
        (
            &sqlite,
            &postgres,
            "is a backup of SQLite, and DATABASE_URL names PostgreSQL",
        ),
        (
            &postgres,
            &sqlite,
            "is a backup of PostgreSQL, and DATABASE_URL names SQLite",
        ),
    ] {
        Program::start(from).stop();
        let dir = backups.name(if from.is_postgres() { "postgres" } else { "sqlite" });
        run(from, &["backup", &dir]).expect("a backup");
        let refused = run(to, &["restore", &dir, "--without-journal", "--replace"]).expect_err(words);
        assert!(refused.contains(words), "{refused}");
    }
}

#[tokio::test]
async fn a_damaged_database_makes_no_backup_and_gives_way_to_one() {
    let database = Database::sqlite();
    let program = Program::start(&database);
    let ada = Person::new(&program, "Ada Moss", "ada@example.com").await;
    let (id, secret) = ada.key(&program, &ada.slug, "one").await;
    super::fill_log(&database, &id, 5_000).await;
    program.stop();
    let backups = Backups::new();
    let good = backups.name("good");
    run(&database, &["backup", &good]).expect("a backup");

    // Overwrites pages of the log's b-trees with zeros, in the file itself.
    assert_eq!(database.number("PRAGMA wal_checkpoint(TRUNCATE)").await, 0);
    let file = database.folder().join("babysea.db");
    let mut bytes = fs::read(&file).expect("the database");
    let middle = bytes.len() / 2 / 4_096 * 4_096;
    bytes[middle..middle + 3 * 4_096].fill(0);
    fs::write(&file, &bytes).expect("written");
    let refused = run(&database, &["backup", &backups.name("bad")]).expect_err("damaged");
    assert!(refused.contains("damaged"), "{refused}");
    assert_eq!(backups.names(), ["good"]);
    let found = run(&database, &["check"]).expect_err("damaged");
    assert!(
        found.contains("checks failed") || found.contains("damaged"),
        "{found}"
    );

    // Also a database that SQLite cannot open at all.
    for damage in [4_096, 0] {
        bytes[damage..damage + 100].fill(7);
        fs::write(&file, &bytes).expect("written");
        run(&database, &["restore", &good, "--replace", "--without-journal"]).expect("restored");
        let restored = Program::start(&database);
        assert_eq!(uses(&restored, &secret).await, 200);
        restored.stop();
    }
}

#[tokio::test]
async fn rows_that_refer_to_nothing_are_named() {
    let database = Database::sqlite();
    let program = Program::start(&database);
    let ada = Person::new(&program, "Ada Moss", "ada@example.com").await;
    ada.key(&program, &ada.slug, "one").await;
    program.stop();
    run(&database, &["check"]).expect("a good database");
    let orphan = "PRAGMA foreign_keys = OFF; UPDATE api_keys SET creator_id = 'nobody'";
    assert_eq!(database.execute(orphan).await, 1);
    let found = run(&database, &["check"]).expect_err("a check that fails");
    let sentence = "1 values of api_keys.creator_id refer to missing rows";
    assert!(found.contains(sentence), "{found}");
    // Also in a backup of it.
    let backups = Backups::new();
    let dir = backups.name("one");
    run(&database, &["backup", &dir]).expect("a backup");
    let found = run(&database, &["check", &dir]).expect_err("a check that fails");
    assert!(found.contains(sentence), "{found}");
}
