//! Every change that ends, restricts or undoes something is in the journal (S83): no statement bypasses it.

use crate::{
    database::{Database, both},
    rows::{account_id, add_key, add_team, after, key, key_id, two_accounts, user_id},
};
use babysea::{
    domain::role::Role,
    server::store::{KEY_COLUMNS, Store},
};
use std::{fs, path::Path, time::Duration};
use tokio::time::{sleep, timeout};

/// Statements that write one of the columns without the journal: file, start of the statement, and reason.
const EXEMPT: [(&str, &str, &str); 4] = [
    ("keys.rs", "INSERT INTO api_keys", "a new key ends nothing"),
    (
        "keys.rs",
        "UPDATE api_keys SET hash = $3, pepper_version = $4",
        "the same key under another pepper",
    ),
    (
        "peppers.rs",
        "UPDATE api_keys SET pepper_version = (SELECT MAX(version)",
        "of keys that were deleted before",
    ),
    (
        "retention.rs",
        "DELETE FROM api_keys WHERE id = $1 AND deleted_at IS NOT NULL",
        "of keys that were deleted before",
    ),
];
/// Columns of keys whose changes end nothing.
const OTHERS: [&str; 5] = [
    "name_key",
    "last_used_at",
    "alerted_at",
    "leak_acknowledged_at",
    "replaces_id",
];

/// The files of the store, by path below its folder.
fn sources(root: &Path, folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(root, &path, found);
        } else {
            let name = path.strip_prefix(root).expect("below the folder");
            let name = name.to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).expect("text");
            let words: Vec<_> = text.split_whitespace().collect();
            found.push((name, words.join(" ")));
        }
    }
}

/// Each statement in a text that writes a table: the text from there on.
fn writes<'t>(text: &'t str, table: &str) -> Vec<&'t str> {
    let verbs = [
        "UPDATE ",
        "INSERT INTO ",
        "INSERT OR REPLACE INTO ",
        "DELETE FROM ",
    ];
    let starts = verbs.iter().flat_map(|verb| {
        let wanted = format!("{verb}{table} ");
        let places: Vec<_> = text.match_indices(&wanted).map(|(at, _)| at).collect();
        places
    });
    starts.map(|at| &text[at..]).collect()
}

/// The columns that `UPDATE table SET ...` sets.
fn set(statement: &str) -> Vec<&str> {
    let Some((_, rest)) = statement.split_once(" SET ") else {
        return Vec::new();
    };
    let values = rest.split(" WHERE ").next().unwrap_or_default();
    let values = values.split(" FROM ").next().unwrap_or_default();
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (at, c) in values.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&values[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&values[start..]);
    let names = parts.iter().filter_map(|part| part.split_once('='));
    names.map(|(name, _)| name.trim()).collect()
}

/// Faults of the statements in a file.
fn faults(file: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let is_exempt = |statement: &str| {
        EXEMPT
            .iter()
            .any(|(own, start, _)| *own == file && statement.starts_with(start))
    };
    let shown = |statement: &str| format!("{file}: {}", statement.chars().take(80).collect::<String>());
    for statement in writes(text, "api_keys") {
        let columns = set(statement);
        let is_known = |column: &&&str| KEY_COLUMNS.contains(column) || OTHERS.contains(column);
        if columns.iter().any(|column| !is_known(&column)) {
            faults.push(format!(
                "a column that the journal does not have, {}",
                shown(statement)
            ));
        }
        let ends = columns.is_empty() || columns.iter().any(|column| KEY_COLUMNS.contains(column));
        if ends && file != "keys/changes.rs" && !is_exempt(statement) {
            faults.push(format!("past the journal, {}", shown(statement)));
        }
    }
    for statement in writes(text, "memberships") {
        if file != "accounts/member_changes.rs" {
            faults.push(format!("past the journal, {}", shown(statement)));
        }
    }
    for statement in writes(text, "users") {
        let is_new = statement.starts_with("INSERT") && file == "users.rs";
        let columns = set(statement);
        let other = columns
            .iter()
            .all(|name| ["name", "last_account_id"].contains(name));
        let is_other = statement.starts_with("UPDATE") && other;
        if !is_new && !is_other && file != "users/changes.rs" {
            faults.push(format!("past the journal, {}", shown(statement)));
        }
    }
    for statement in writes(text, "accounts") {
        // Memberships are deleted together with their account.
        if statement.starts_with("DELETE") || set(statement).contains(&"primary_owner_id") {
            faults.push(format!("past the journal, {}", shown(statement)));
        }
    }
    faults
}

#[test]
fn no_statement_ends_something_past_the_journal() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server/store");
    let mut found = Vec::new();
    sources(&folder, &folder, &mut found);
    let writing = found
        .iter()
        .filter(|(_, text)| !writes(text, "api_keys").is_empty());
    assert!(writing.count() >= 6, "the statements are read");
    // Replays the journal's entries into the database.
    found.retain(|(file, _)| file != "journal/replay.rs");
    let faults: Vec<_> = found.iter().flat_map(|(file, text)| faults(file, text)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for (file, start, why) in EXEMPT {
        let is_there = found
            .iter()
            .any(|(own, text)| own == file && text.contains(start));
        assert!(is_there, "{file}, {why}: no such statement any more");
    }
}

#[test]
fn a_statement_that_goes_past_it_is_found() {
    for (file, text) in [
        (
            "keys/leaks.rs",
            "UPDATE api_keys SET alerted_at = $1, revoked_at = $2 WHERE id = $3",
        ),
        (
            "keys/changes.rs",
            "UPDATE api_keys SET paused_at = $1 WHERE id = $2",
        ),
        ("keys/changes.rs", "UPDATE api_keys SET scopes = $1 WHERE id = $2"),
        ("keys.rs", "DELETE FROM api_keys WHERE id = $1"),
        (
            "operator.rs",
            "UPDATE memberships SET role = $1 WHERE user_id = $2",
        ),
        (
            "accounts/memberships.rs",
            "INSERT INTO memberships (account_id) VALUES ($1)",
        ),
        ("users.rs", "UPDATE users SET password_hash = $1 WHERE id = $2"),
        ("users.rs", "DELETE FROM users WHERE id = $1"),
        ("accounts.rs", "DELETE FROM accounts WHERE id = $1"),
        (
            "accounts.rs",
            "UPDATE accounts SET primary_owner_id = $1 WHERE id = $2",
        ),
    ] {
        assert_eq!(faults(file, text).len(), 1, "{file}: {text}");
    }
    for (file, text) in [
        (
            "keys/changes.rs",
            "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $3), rotated_at = $4 WHERE id = $1",
        ),
        (
            "keys/leaks.rs",
            "UPDATE api_keys SET leak_acknowledged_at = $3 WHERE id = $1",
        ),
    ] {
        assert_eq!(faults(file, text), [""; 0], "{file}: {text}");
    }
}

both!(
    an_ending_is_in_the_journal_of_sqlite,
    async |database: Database| {
        let (store, pepper) = two_accounts(&database).await;
        add_team(&store, 3, "reef", 1).await.expect("a team");
        for n in 1..=3 {
            add_key(&store, &pepper, &key(n, 1, after(0)), n, &n.to_string())
                .await
                .expect("a key");
        }
        let mut tx = store.write().await.expect("a transaction");
        for n in 1..=2 {
            let revoked = tx.change(account_id(1), key_id(n)).revoke(after(1)).await;
            assert!(revoked.expect("an answer"));
        }
        tx.change_member(account_id(3), user_id(2))
            .insert(Role::Member, after(1))
            .await
            .expect("a member");
        tx.commit().await.expect("its end");
        let mut tx = store.write().await.expect("a transaction");
        let removed = tx.change_member(account_id(3), user_id(2)).remove().await;
        assert!(removed.expect("an answer"));
        let person = tx.change_person(user_id(1));
        person.set_password_hash("$new").await.expect("changed");
        tx.commit().await.expect("its end");
        // Rolled back, it leaves no row here either.
        let mut tx = store.write().await.expect("a transaction");
        tx.change(account_id(1), key_id(3))
            .revoke(after(2))
            .await
            .expect("an answer");
        drop(tx);
        let rows = database.number("SELECT COUNT(*) FROM outbox").await;
        let epoch = database.number("SELECT epoch FROM key_changes").await;
        let Ok(journal) = fs::read_to_string(database.folder().join("babysea.db.endings")) else {
            assert!(database.is_postgres());
            assert_eq!(
                (rows, epoch),
                (0, 1),
                "nobody waits for the number of other changes"
            );
            return;
        };
        assert!(!database.is_postgres());
        // Rows that are in the journal are deleted by the next change.
        assert_eq!((rows, epoch), (1, 2));
        let lines: Vec<serde_json::Value> = journal
            .lines()
            .map(|line| serde_json::from_str(&line[9..]).expect("JSON"))
            .collect();
        let [header, first, second] = &lines[..] else {
            panic!("{journal}")
        };
        assert_eq!(header["begun_after"], 0);
        assert_eq!((&first["number"], &second["number"]), (&1.into(), &2.into()));
        let ids: Vec<_> = (1..=2).map(|n| key_id(n).to_string()).collect();
        let keys = first["keys"].as_array().expect("keys");
        let found: Vec<_> = keys
            .iter()
            .map(|key| key["id"].as_str().expect("an id"))
            .collect();
        assert_eq!(found, ids);
        assert_eq!(keys[0]["revoked"], after(1).millis());
        assert_eq!(
            (&first["members"][0]["role"], &second["members"][0]["role"]),
            (&"member".into(), &serde_json::Value::Null)
        );
        assert_eq!(second["people"][0]["password"], "$new");
        store.close().await;
    }
);

/// More changes than one read of the outbox returns, and than one change deletes from it.
const MANY: i64 = 400;
const MINUTE: Duration = Duration::from_mins(1);

async fn change_password(store: &Store) {
    let mut tx = store.write().await.expect("a transaction");
    let person = tx.change_person(user_id(1));
    person.set_password_hash("$new").await.expect("changed");
    tx.commit().await.expect("its end");
}

/// The number of entries in a journal.
fn entries(path: &Path) -> Option<i64> {
    let text = fs::read_to_string(path).ok()?;
    i64::try_from(text.lines().count()).ok().map(|lines| lines - 1)
}

#[tokio::test]
async fn the_outbox_keeps_one_row_a_change_until_the_journal_can_be_written() {
    let database = Database::sqlite();
    let path = database.folder().join("babysea.db.endings");
    fs::create_dir(&path).expect("a folder in its place");
    let (store, _) = two_accounts(&database).await;
    let rows = async || database.number("SELECT COUNT(*) FROM outbox").await;
    let changes = async {
        for _ in 0..MANY {
            change_password(&store).await;
        }
    };
    // A change that waited for the journal would take a second.
    timeout(MINUTE, changes).await.expect("no change waits");
    assert_eq!(rows().await, MANY);

    fs::remove_dir(&path).expect("removed");
    let all_are_there = async {
        while entries(&path) != Some(MANY) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(MINUTE, all_are_there).await.expect("the journal has all");
    for _ in 0..2 {
        change_password(&store).await;
    }
    assert_eq!(rows().await, 1, "each change removes more than it adds");
    assert_eq!(entries(&path), Some(MANY + 2));
    store.close().await;
}
