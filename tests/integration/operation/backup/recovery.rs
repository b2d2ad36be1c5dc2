//! PostgreSQL's own point-in-time recovery: what was revoked after the base backup stays revoked (S83).

use crate::{
    database::Database,
    operation::operator::{Person, uses},
    program::{Program, run},
};
use std::{path::Path, process::Command};
use tempfile::TempDir;

/// A PostgreSQL server that archives its write-ahead log.
struct Archived(TempDir);

impl Archived {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// Does a step of the drill; what it prints.
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

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn what_was_revoked_after_the_base_backup_stays_revoked() {
    let server = Archived::new();
    let database = Database::postgres_on(address(&server.step("start"))).await;
    let program = Program::start(&database);
    let ada = Person::new(&program, "Ada Moss", "ada@example.com").await;
    let (revoked, ended) = ada.key(&program, &ada.slug, "one").await;
    let (_, kept) = ada.key(&program, &ada.slug, "two").await;
    server.step("base");
    run(&database, &["key", "revoke", "--key", &revoked, "--yes"]).expect("revoked");
    let (_, later) = ada.key(&program, &ada.slug, "three").await;
    program.stop();
    server.step("lose");

    server.step("recover");
    let program = Program::start(&database);
    assert_eq!(uses(&program, &ended).await, 401);
    assert_eq!(uses(&program, &kept).await, 200);
    assert_eq!(uses(&program, &later).await, 200);
    let said = run(&database, &["check"]).expect("a good database");
    assert!(said.starts_with("all is well"), "{said}");
}
