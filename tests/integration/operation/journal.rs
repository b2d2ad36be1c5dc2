//! Endings hold when an older copy of the SQLite file is put back (S83).

mod trouble;

use crate::{
    browser::{form, get},
    database::Database,
    program::{Program, run, run_with_input},
    until::until,
    world::{PASSWORD, World, all},
};
use babysea::domain::role::Role;
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

const NEW_PASSWORD: &str = "brass heron walnut glacier";

fn journal(database: &Database) -> PathBuf {
    database.folder().join("babysea.db.endings")
}

/// The entries of a journal, without its header.
fn entries(path: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(path).expect("a journal");
    assert!(text.ends_with('\n'), "{text}");
    let entries = text.lines().skip(1);
    let entries = entries.map(|line| serde_json::from_str(&line[9..]).expect("JSON"));
    entries.collect()
}

/// Ids of the keys in a journal, in the order of its entries.
fn keys(path: &Path) -> Vec<String> {
    let entries = entries(path);
    let keys = entries
        .iter()
        .flat_map(|entry| entry["keys"].as_array().expect("keys"));
    let ids = keys.map(|key| key["id"].as_str().expect("an id").to_owned());
    ids.collect()
}

/// Copies the current database file.
async fn copied(database: &Database, name: &str) -> PathBuf {
    let copy = database.folder().join(name);
    database
        .execute(&format!("VACUUM INTO '{}'", copy.display()))
        .await;
    copy
}

/// Replaces the database file by a copy, by hand.
fn put_back(database: &Database, copy: &Path) {
    let file = database.folder().join("babysea.db");
    for ending in ["-wal", "-shm"] {
        // Absent if the server stopped cleanly.
        let _ = fs::remove_file(format!("{}{ending}", file.display()));
    }
    let beside = database.folder().join("put-back");
    fs::copy(copy, &beside).expect("a copy");
    fs::rename(&beside, &file).expect("it is put back");
}

/// The error of a refused start.
fn refusal(database: &Database) -> String {
    run(database, &["--listen", "127.0.0.1:0"]).expect_err("a refusal")
}

async fn uses(program: &Program, secret: &str) -> u16 {
    program.send(get("/v1/status").bearer(secret)).await.status
}

async fn enters(program: &Program, email: &str, password: &str) -> Option<String> {
    let fields = [("email", email), ("password", password)];
    let answer = program.send(form("/sign-in", &fields)).await;
    (answer.status == 303).then(|| {
        let line = answer.session_cookie();
        line.split(';').next().expect("a cookie").to_owned()
    })
}

async fn page(program: &Program, cookie: &str) -> u16 {
    let page = get("/home/reef-lab/api-keys").header("cookie", cookie);
    program.send(page).await.status
}

/// The state in the database that the journal covers.
async fn state(database: &Database) -> Vec<String> {
    // Without deleted keys: a server removes their rows in the background, a command does not.
    let mut rows = database
        .texts(
            "SELECT id || ' ' || HEX(hash) || ' ' || prefix || ' ' || COALESCE(revoked_at, '-') || ' ' ||
                COALESCE(rotated_at, '-') || ' ' || COALESCE(grace_ends_at, '-')
             FROM api_keys WHERE deleted_at IS NULL ORDER BY id",
        )
        .await;
    let members = "SELECT account_id || ' ' || user_id || ' ' || role FROM memberships ORDER BY user_id";
    rows.extend(database.texts(members).await);
    rows.extend(
        database
            .texts("SELECT password_hash FROM users ORDER BY id")
            .await,
    );
    rows.extend(
        database
            .texts("SELECT CAST(epoch AS TEXT) FROM key_changes")
            .await,
    );
    rows
}

/// Nothing that a copy has is in another state than what had ended before. It lacks the three keys that were made since.
async fn is_as_it_was(database: &Database, ended: &[String]) {
    let now = state(database).await;
    let others: Vec<_> = now.iter().filter(|row| !ended.contains(row)).collect();
    assert!(others.is_empty() && now.len() + 3 == ended.len(), "{others:?}");
}

fn says_what_was_replayed(log: &str) {
    let lines = log
        .lines()
        .filter(|line| line.contains("is older than its journal"));
    let lines: Vec<_> = lines.collect();
    let [line] = lines[..] else { panic!("{log}") };
    let counts = "10 of keys, 4 of members, 1 of passwords";
    assert!(line.contains(counts), "{line}");
}

/// A backup that is restored is an older file too, to which the next start applies the journal.
fn restored(database: &Database, backup: &str) {
    let printed = run(database, &["restore", backup, "--replace"]).expect("restored");
    assert!(printed.contains("the next start applies"), "{printed}");
    Program::start(database).stop();
    let printed = run(database, &["check"]).expect("a good database");
    assert!(printed.starts_with("all checks passed"), "{printed}");
}

/// Removes a member; removes another and adds them again with another role; demotes an owner.
fn change_members(database: &Database) {
    for (command, email, more) in [
        ("remove", "max-tarn@example.com", &["--yes"][..]),
        ("remove", "nik-bay@example.com", &["--yes"]),
        ("add", "nik-bay@example.com", &["--role", "owner"]),
        ("role", "oda-vik@example.com", &["--role", "member", "--yes"]),
    ] {
        let words = ["member", command, "--account", "reef-lab", "--email", email];
        run(database, &[&words[..], more].concat()).unwrap_or_else(|error| panic!("{error}"));
    }
}

/// The old password is refused and the new one accepted; the first member is removed, and the second is a
/// member.
async fn members_are_as_changed(program: &Program) {
    assert_eq!(enters(program, "pia-reef@example.com", PASSWORD).await, None);
    for (email, password, status) in [
        ("pia-reef@example.com", NEW_PASSWORD, 200),
        ("max-tarn@example.com", PASSWORD, 404),
        ("nik-bay@example.com", PASSWORD, 200),
    ] {
        let cookie = enters(program, email, password).await.expect(email);
        assert_eq!(page(program, &cookie).await, status, "{email}");
    }
}

#[tokio::test]
async fn endings_hold_when_an_older_copy_is_put_back() {
    let world = World::on(Database::sqlite()).await;
    let pia = world.person("Pia Reef").await;
    let team = pia.team("Reef Lab").await;
    for name in ["Max Tarn", "Nik Bay"] {
        world.member(name, "reef-lab", Role::Member).await;
    }
    world.member("Oda Vik", "reef-lab", Role::Owner).await;
    let mut five = Vec::new();
    for n in 0..5 {
        five.push(team.made(&format!("leaked {n}")).await);
    }
    let [kept, rotated, cut_short, deleted, reissued] = [
        team.made("kept").await,
        team.made("rotated").await,
        team.made("cut short").await,
        team.made("deleted").await,
        team.made("reissued").await,
    ];
    let copy = copied(&world.database, "copy.db").await;
    let backups = tempfile::tempdir().expect("a folder");
    let backup = backups.path().join("backup").display().to_string();
    run(&world.database, &["backup", &backup]).expect("a backup");

    let ids: Vec<_> = five.iter().map(|key| key.id.as_str()).collect();
    assert_eq!(team.revoke(&ids).await.status, 200);
    assert_eq!(team.rotate(&rotated.id, "24").await.status, 200);
    assert_eq!(team.rotate(&cut_short.id, "24").await.status, 200);
    assert_eq!(team.change_grace(&cut_short.id, "0").await.status, 200);
    assert_eq!(team.delete(&[&deleted.id], "deleted").await.status, 200);
    let token = team.form_token().await;
    let answer = team.reissue(&reissued.id, &token).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let anew = answer.json()["secret"].as_str().expect("a secret").to_owned();
    // The copy does not contain this key, so there is nothing to end.
    let later = team.made("later").await;
    assert_eq!(team.revoke(&[&later.id]).await.status, 200);
    change_members(&world.database);
    let password = ["user", "password", "--email", "pia-reef@example.com", "--yes"];
    let database = world.stop().await;
    // Commands append too, also without a server.
    run_with_input(&database, &password, &format!("{NEW_PASSWORD}\n")).expect("a new password");
    let found = keys(&journal(&database));
    for key in five
        .iter()
        .chain([&rotated, &cut_short, &deleted, &reissued, &later])
    {
        assert!(found.contains(&key.id), "{found:?}");
    }
    let written = fs::read(journal(&database)).expect("a journal");
    let text = String::from_utf8_lossy(&written).into_owned();
    assert!(
        !text.contains(&anew) && !text.contains(NEW_PASSWORD) && !text.contains(&kept.id),
        "{text}"
    );

    let ended = state(&database).await;
    put_back(&database, &copy);
    let program = Program::start(&database);
    is_as_it_was(&database, &ended).await;
    for key in five
        .iter()
        .chain([&rotated, &cut_short, &deleted, &reissued, &later])
    {
        assert_eq!(uses(&program, &key.secret).await, 401, "{}", key.id);
    }
    assert_eq!(uses(&program, &kept.secret).await, 200);
    assert_eq!(uses(&program, &anew).await, 200, "the new secret of a key");
    members_are_as_changed(&program).await;
    let log = String::from_utf8(program.stop()).expect("text");
    says_what_was_replayed(&log);

    let (before, lines) = (state(&database).await, entries(&journal(&database)).len());
    let log = String::from_utf8(Program::start(&database).stop()).expect("text");
    assert!(!log.contains("is older than its journal"), "{log}");
    assert_eq!(
        state(&database).await,
        before,
        "a second start changes nothing more"
    );
    assert_eq!(entries(&journal(&database)).len(), lines);

    restored(&database, &backup);
    assert_eq!(state(&database).await, before, "as if the file was put back");
    assert_eq!(entries(&journal(&database)).len(), lines);

    // A command that runs first replays the journal too.
    put_back(&database, &copy);
    let revoke = ["key", "revoke", "--key", &kept.id, "--yes"];
    run(&database, &revoke).expect("revoked");
    let working = "SELECT COUNT(*) FROM api_keys WHERE revoked_at IS NULL AND deleted_at IS NULL";
    assert_eq!(
        database.number(working).await,
        3,
        "two rotated keys and the reissued one"
    );
    assert_eq!(database.number("SELECT COUNT(*) FROM sessions").await, 0);
    assert_eq!(keys(&journal(&database)).last(), Some(&kept.id));
}

#[tokio::test]
async fn changes_at_once_share_a_flush() {
    let world = World::on(Database::sqlite()).await;
    let ada = world.person("Ada Moss").await;
    let mut made = Vec::new();
    for n in 0..8 {
        made.push(ada.made(&n.to_string()).await);
    }
    let before = world.app.store.journal_gauges().flushes;
    // Simulates a slow flush.
    let held = File::open(journal(&world.database)).expect("a journal");
    held.lock().expect("locked");
    let revoked = all(made
        .iter()
        .map(|key| async { ada.revoke(&[&key.id]).await.status }));
    let go_on = async {
        until("all are made", async || {
            world.database.number("SELECT COUNT(*) FROM outbox").await == 8
        })
        .await;
        held.unlock().expect("unlocked");
    };
    let (answers, ()) = tokio::join!(revoked, go_on);
    assert_eq!(answers, [200; 8]);
    let path = journal(&world.database);
    until("all are there", async || keys(&path).len() == 8).await;
    let flushes = world.app.store.journal_gauges().flushes - before;
    assert!(flushes <= 2, "{flushes}");
}
