//! A journal that is read-only, damaged, foreign or missing, and the purpose of its copy.

use super::{copied, entries, journal, keys, put_back, refusal, until, uses};
use crate::{
    browser::get,
    database::Database,
    program::{Program, run},
    world::{Setup, World},
};
use std::{fs, path::PathBuf};

/// A server with a folder at the path of its journal.
async fn world_without_journal() -> (World, PathBuf) {
    let database = Database::sqlite();
    let path = journal(&database);
    fs::create_dir(&path).expect("a folder in its place");
    (World::on(database).await, path)
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_stops_nothing_and_is_shown() {
    let (world, path) = world_without_journal().await;
    let ada = world.person("Ada Moss").await;
    let [one, two] = [ada.made("one").await, ada.made("two").await];
    assert_eq!(ada.revoke(&[&one.id]).await.status, 200);
    assert_eq!(world.code(&one).await, 401);
    let ready = world.send(get("/readyz")).await;
    assert_eq!(
        (ready.status, ready.json()["journal"].as_str()),
        (200, Some("the journal cannot be written"))
    );
    let figures = world.app.metrics.text(&world.app.gauges()).expect("figures");
    let failures = figures
        .lines()
        .find_map(|line| line.strip_prefix("babysea_journal_failures_total "));
    assert!(failures.is_some_and(|failures| failures != "0"), "{figures}");
    assert_eq!(world.database.number("SELECT COUNT(*) FROM outbox").await, 1);

    fs::remove_dir(&path).expect("removed");
    assert_eq!(ada.revoke(&[&two.id]).await.status, 200);
    until("both are there", async || path.exists() && keys(&path).len() == 2).await;
    assert_eq!(keys(&path), [one.id, two.id]);
    until("it is well", async || {
        let ready = world.send(get("/readyz")).await.json();
        ready.get("journal").is_none()
    })
    .await;
}

#[tokio::test]
async fn a_damaged_or_foreign_journal_is_reported_at_the_start() {
    let world = World::on(Database::sqlite()).await;
    let ada = world.person("Ada Moss").await;
    let [one, two, three] = [
        ada.made("one").await,
        ada.made("two").await,
        ada.made("three").await,
    ];
    let copy = copied(&world.database, "copy.db").await;
    for key in [&one, &two] {
        assert_eq!(ada.revoke(&[&key.id]).await.status, 200);
    }
    let database = world.stop().await;
    let path = journal(&database);
    let whole = fs::read(&path).expect("a journal");

    // The power failed while a line was written.
    fs::write(&path, [&whole[..], b"0badc0de {\"number\":3,\"at\":"].concat()).expect("torn");
    let revoke = ["key", "revoke", "--key", &three.id, "--yes"];
    run(&database, &revoke).expect("revoked");
    assert_eq!(keys(&path), [one.id.as_str(), &two.id, &three.id]);

    let other = World::on(Database::sqlite()).await;
    other.person("Bo Lind").await;
    let other = other.stop().await;
    let right = fs::read(&path).expect("a journal");
    fs::copy(journal(&other), &path).expect("another's");
    let sentence = refusal(&database);
    assert!(
        sentence.contains("is the journal of another database: move it away"),
        "{sentence}"
    );
    let sentence = run(&database, &revoke).expect_err("refused");
    assert!(
        sentence.contains("is the journal of another database"),
        "{sentence}"
    );

    // A line in the middle is damaged: the first entry.
    let mut damaged = right.clone();
    let header = damaged.iter().position(|byte| *byte == b'\n').expect("a line");
    damaged[header + 20] ^= 1;
    fs::write(&path, &damaged).expect("damaged");
    put_back(&database, &copy);
    let sentence = refusal(&database);
    assert!(
        sentence.contains("the database file is older than the journal")
            && sentence.contains("line 2 is damaged"),
        "{sentence}"
    );
    fs::write(&path, &right).expect("put right");
    Program::start(&database).stop();
    // A database that has all changes needs no journal.
    fs::write(&path, &damaged).expect("damaged");
    let log = String::from_utf8(Program::start(&database).stop()).expect("text");
    assert!(log.contains("the file is kept as"), "{log}");
    assert_eq!(entries(&path).len(), 0);
    let kept = fs::read(database.folder().join("babysea.db.endings.damaged"));
    assert!(kept.expect("it is kept") == damaged);

    // Missing, with unknown content.
    fs::remove_file(&path).expect("removed");
    put_back(&database, &copy);
    let program = Program::start(&database);
    assert_eq!(uses(&program, &one.secret).await, 200);
    let log = String::from_utf8(program.stop()).expect("text");
    assert!(log.contains("is missing, and a new one begins"), "{log}");
}

#[tokio::test]
async fn the_copy_follows_and_stands_in_for_the_journal() {
    let database = Database::sqlite();
    let copies = tempfile::tempdir().expect("a folder");
    let folder = copies.path().to_str().expect("a path in UTF-8").to_owned();
    let folder: &'static str = Box::leak(folder.into_boxed_str());
    let copy_of = copies.path().join("babysea.db.endings");
    fs::create_dir(&copy_of).expect("a folder in its place");
    let arguments: &'static [&'static str] = Box::leak(Box::new(["--backup-dir", folder]));
    let setup = Setup {
        arguments,
        ..Setup::default()
    };
    let world = World::with(database, setup).await;
    let ada = world.person("Ada Moss").await;
    let mut made = Vec::new();
    for name in ["one", "two", "three", "four"] {
        made.push(ada.made(name).await);
    }
    let [one, two, three, four] = &made[..] else {
        panic!("four keys")
    };
    let copy = copied(&world.database, "copy.db").await;
    assert_eq!(ada.revoke(&[&one.id]).await.status, 200, "it holds up nobody");
    until("it is shown", async || {
        let ready = world.send(get("/readyz")).await.json();
        ready["journal"] == "the copy of the journal cannot be written"
    })
    .await;
    fs::remove_dir(&copy_of).expect("removed");
    assert_eq!(ada.revoke(&[&two.id]).await.status, 200);
    let same = async || fs::read(&copy_of).ok() == fs::read(journal(&world.database)).ok();
    until("it is the same", &same).await;
    // Another process holds the lock on the copy.
    let held = fs::File::open(&copy_of).expect("the copy");
    held.lock().expect("locked");
    assert_eq!(ada.revoke(&[&three.id]).await.status, 200, "it holds up nobody");
    until("it is shown", async || {
        let ready = world.send(get("/readyz")).await.json();
        ready["journal"] == "the copy of the journal cannot be written"
    })
    .await;
    held.unlock().expect("unlocked");
    assert_eq!(ada.revoke(&[&four.id]).await.status, 200);
    until("it is the same", &same).await;
    let database = world.stop().await;

    let with_copy = ["--backup-dir", folder];
    let whole = fs::read(journal(&database)).expect("a journal");
    // The journal is restored to an earlier state too, or missing.
    let without_end = &whole[..whole.len() - 1];
    let shorter = without_end
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map(|at| &whole[..=at]);
    for before in [shorter, None] {
        put_back(&database, &copy);
        match before {
            Some(before) => fs::write(journal(&database), before).expect("written"),
            None => fs::remove_file(journal(&database)).expect("removed"),
        }
        let program = Program::start_with(&database, &with_copy);
        for key in &made {
            assert_eq!(uses(&program, &key.secret).await, 401, "{before:?}");
        }
        program.stop();
        let ids: Vec<_> = made.iter().map(|key| key.id.as_str()).collect();
        assert_eq!(keys(&journal(&database)), ids);
    }
}

#[tokio::test]
async fn a_journal_that_lacks_changes_is_reported_at_the_start() {
    let world = World::on(Database::sqlite()).await;
    let ada = world.person("Ada Moss").await;
    let [one, two] = [ada.made("one").await, ada.made("two").await];
    let early = fs::read(journal(&world.database)).expect("a journal");
    for key in [&one, &two] {
        assert_eq!(ada.revoke(&[&key.id]).await.status, 200);
    }
    let database = world.stop().await;
    // An older journal beside the current database: the outbox only has the last change.
    fs::write(journal(&database), early).expect("put back");
    let log = String::from_utf8(Program::start(&database).stop()).expect("text");
    assert!(log.contains("lacks some of the changes 1 to 2"), "{log}");
    assert_eq!(keys(&journal(&database)), [two.id]);
}

#[tokio::test]
async fn a_journal_that_begins_late_has_what_the_outbox_kept() {
    let (world, path) = world_without_journal().await;
    let ada = world.person("Ada Moss").await;
    let [one, two] = [ada.made("one").await, ada.made("two").await];
    let copy = copied(&world.database, "copy.db").await;
    for key in [&one, &two] {
        assert_eq!(ada.revoke(&[&key.id]).await.status, 200);
    }
    let database = world.stop().await;
    fs::remove_dir(&path).expect("removed");
    // The outbox is first polled before the server listens, or soon after.
    let program = Program::start(&database);
    until("both are there", async || keys(&path).len() == 2).await;
    program.stop();
    put_back(&database, &copy);
    let program = Program::start(&database);
    for key in [&one, &two] {
        assert_eq!(uses(&program, &key.secret).await, 401);
    }
}

#[tokio::test]
async fn a_command_writes_all_that_waits_for_the_journal() {
    let (world, path) = world_without_journal().await;
    let ada = world.person("Ada Moss").await;
    let [one, two] = [ada.made("one").await, ada.made("two").await];
    assert_eq!(ada.revoke(&[&one.id]).await.status, 200);
    let database = world.stop().await;
    // More rows than one read takes, as after days without a journal.
    let more = "INSERT INTO outbox (number, entry)
        WITH RECURSIVE n (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < 600)
        SELECT n.n, json_set(entry, '$.number', n.n) FROM n, outbox";
    assert_eq!(database.execute(more).await, 599);
    database.execute("UPDATE key_changes SET epoch = 600").await;
    fs::remove_dir(&path).expect("removed");
    run(&database, &["key", "revoke", "--key", &two.id, "--yes"]).expect("revoked");
    let found = keys(&path);
    assert_eq!((found.len(), found.last()), (601, Some(&two.id)));
}
