//! PostgreSQL's point-in-time recovery: keys revoked after the base backup stay revoked (S83).

use crate::{
    browser::form,
    database::Database,
    operation::operator::{Person, enter, uses},
    program::{Program, run, run_with_input},
    world::PASSWORD,
};
use std::{path::Path, process::Command};
use tempfile::TempDir;

const NEW_PASSWORD: &str = "brass heron walnut glacier";

/// A PostgreSQL server that archives its write-ahead log.
struct Archived(TempDir);

impl Archived {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// Runs a step of the drill; returns its output.
    fn step(&self, verb: &str) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/archived-postgres.sh");
        let output = Command::new(script).arg(verb).arg(self.0.path()).output();
        let output = output.expect("the script runs");
        assert!(
            output.status.success(),
            "{verb}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("text")
    }
}

impl Drop for Archived {
    fn drop(&mut self) {
        self.step("stop");
    }
}

fn address(port: &str) -> String {
    format!("postgres://babysea@127.0.0.1:{port}/postgres")
}

/// Keys, memberships and passwords in the database.
async fn state(database: &Database) -> Vec<String> {
    let mut rows = Vec::new();
    for sql in [
        "SELECT id || ' ' || ENCODE(hash, 'hex') || ' ' || COALESCE(revoked_at, 0) || ' ' || COALESCE(rotated_at, 0)
            || ' ' || COALESCE(grace_ends_at, 0) FROM api_keys ORDER BY id",
        "SELECT account_id || ' ' || user_id || ' ' || role FROM memberships ORDER BY account_id, user_id",
        "SELECT id || ' ' || password_hash FROM users ORDER BY id",
        "SELECT CAST(epoch AS TEXT) FROM key_changes",
    ] {
        rows.extend(database.texts(sql).await);
    }
    rows
}

/// Removes a member; removes another and adds them again with another role; changes a password.
fn change_people(database: &Database) {
    let member = |command: &'static str, email: &'static str, more: &[&'static str]| {
        let words = ["member", command, "--account", "reef-lab", "--email", email];
        let words = [&words[..], more].concat();
        run(database, &words).unwrap_or_else(|error| panic!("{error}"));
    };
    member("remove", "max@example.com", &["--yes"]);
    member("remove", "nik@example.com", &["--yes"]);
    member("add", "nik@example.com", &["--role", "owner"]);
    let password = ["user", "password", "--email", "nik@example.com", "--yes"];
    run_with_input(database, &password, &format!("{NEW_PASSWORD}\n")).expect("a new password");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn endings_after_the_base_backup_hold() {
    let server = Archived::new();
    let database = Database::postgres_on(address(&server.step("start"))).await;
    let program = Program::start(&database);
    let pia = Person::new(&program, "Pia Reef", "pia@example.com").await;
    let mut max = Person::new(&program, "Max Tarn", "max@example.com").await;
    let mut nik = Person::new(&program, "Nik Bay", "nik@example.com").await;
    let team = form("/home/create-team", &[("name", "Reef Lab")]).header("cookie", &pia.cookie);
    assert_eq!(program.send(team).await.status, 303);
    for email in ["max@example.com", "nik@example.com"] {
        let add = ["member", "add", "--account", "reef-lab", "--email", email];
        run(&database, &[&add[..], &["--role", "member"]].concat()).expect("a member");
    }
    let (mut five, mut kept) = (Vec::new(), Vec::new());
    for n in 0..5 {
        five.push(pia.key(&program, "reef-lab", &format!("leaked{n}")).await);
        kept.push(pia.key(&program, "reef-lab", &format!("kept{n}")).await.1);
    }
    let (rotated, old) = pia.key(&program, "reef-lab", "rotated").await;
    server.step("base");

    for (id, _) in &five {
        run(&database, &["key", "revoke", "--key", id, "--yes"]).expect("revoked");
    }
    let fields = [
        ("account", "reef-lab"),
        ("key", &rotated),
        ("grace", "24"),
        ("form_token", "rotation"),
    ];
    let rotate = form("/api/keys/rotate", &fields).header("cookie", &pia.cookie);
    let answer = program.send(rotate).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let new = answer.json()["secret"].as_str().expect("a secret").to_owned();
    change_people(&database);
    let (_, later) = pia.key(&program, "reef-lab", "later").await;
    program.stop();
    let before = state(&database).await;
    server.step("lose");

    server.step("recover");
    let program = Program::start(&database);
    let is_before = "its end holds, and a second start changes nothing";
    assert_eq!(state(&database).await, before, "{is_before}");
    for (_, secret) in &five {
        assert_eq!(uses(&program, secret).await, 401);
    }
    for secret in kept.iter().chain([&old, &new, &later]) {
        assert_eq!(uses(&program, secret).await, 200);
    }
    assert_ne!(enter(&program, "nik@example.com", PASSWORD).await.status, 303);
    for (person, email, password, status) in [
        (&mut max, "max@example.com", PASSWORD, 404),
        (&mut nik, "nik@example.com", NEW_PASSWORD, 200),
    ] {
        let answer = enter(&program, email, password).await;
        assert_eq!(answer.status, 303, "{email}: {}", answer.text());
        let cookie = answer.session_cookie();
        cookie
            .split(';')
            .next()
            .expect("a cookie")
            .clone_into(&mut person.cookie);
        assert_eq!(person.page(&program, "reef-lab").await, status, "{email}");
    }
    let printed = run(&database, &["check"]).expect("a good database");
    assert!(printed.starts_with("all checks passed"), "{printed}");
    program.stop();
    Program::start(&database).stop();
    assert_eq!(state(&database).await, before, "{is_before}");
}
