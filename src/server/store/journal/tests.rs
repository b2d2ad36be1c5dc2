use super::{
    Journal,
    file::{Known, Locked, Trouble},
    line::{FORMAT, Header},
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

const KEY: &str = "00000000-0000-4000-8000-0000000000";

fn header(database: &str) -> Header {
    Header {
        babysea_journal: FORMAT,
        database: database.to_owned(),
        journal: "first".to_owned(),
        begun_after: 4,
    }
}

/// An entry about a key and a membership.
fn entry(number: i64, key: u8, member: u8) -> (i64, String) {
    let json = format!(
        r#"{{"number":{number},"at":{number},"keys":[{{"id":"{KEY}{key:02}","account":"{KEY}99","revoked":{number},"leaked":null,"deleted":null,"rotated":null,"grace":null,"prefix":"bye_","hash":"00FF","pepper":1,"check":"01"}}],"members":[{{"account":"{KEY}99","user":"{KEY}{member:02}","role":null,"since":null}}],"people":[]}}"#
    );
    (number, json)
}

/// A folder, and a journal in it with the entries 5 to 8.
fn begun() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.db.endings");
    let mut locked = Locked::begin(&path, header("one")).expect("a journal");
    assert_eq!(locked.known.last, 4);
    locked
        .append(&[entry(5, 1, 1), entry(6, 2, 1)])
        .expect("appended");
    // Entries that are there already are not written again.
    locked
        .append(&[entry(6, 2, 1), entry(7, 1, 2), entry(8, 1, 2)])
        .expect("appended");
    (folder, path)
}

fn known(path: &Path) -> Result<Known, Trouble> {
    Locked::open(path, "one", None).map(|locked| locked.known)
}

fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("text");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn entries_are_read_back_and_written_once() {
    let (_folder, path) = begun();
    let found = known(&path).expect("a journal");
    assert_eq!((found.last, lines(&path).len()), (8, 5));
    assert_eq!(found.end, fs::metadata(&path).expect("a file").len());
    // Another process starts it at the same time.
    let other = Locked::begin(&path, header("one")).map(|locked| locked.known.last);
    assert_eq!(other.ok(), Some(8));
}

#[test]
fn a_last_line_that_is_not_whole_is_cut_off() {
    let (_folder, path) = begun();
    let whole = fs::read(&path).expect("bytes");
    for cut in 1..200 {
        fs::write(&path, &whole[..whole.len() - cut]).expect("a torn file");
        let mut locked = Locked::open(&path, "one", None).expect("a journal");
        assert_eq!(locked.known.last, 7, "{cut}");
        locked.append(&[entry(8, 1, 2)]).expect("appended");
        assert!(fs::read(&path).expect("bytes") == whole, "{cut}");
    }
    fs::write(&path, [&whole[..], b"\0\0\0\0\nmore\0"].concat()).expect("a torn file");
    assert_eq!(known(&path).map(|known| known.last).ok(), Some(8));
    // The first line, while it is the only one.
    fs::write(&path, &whole[..9]).expect("a torn file");
    assert!(matches!(known(&path), Err(Trouble::Missing)));
    assert!(Locked::begin(&path, header("one")).is_ok());
}

#[test]
fn a_line_that_others_follow_is_damage() {
    let (_folder, path) = begun();
    let whole = lines(&path);
    for line in 0..4_usize {
        let mut other = whole.clone();
        other[line].replace_range(12..13, "~");
        fs::write(&path, other.join("\n") + "\n").expect("a damaged file");
        let damaged = known(&path);
        let at = u64::try_from(line).expect("a number") + 1;
        assert!(
            matches!(damaged, Err(Trouble::Damaged { line, last: 8 }) if line == at),
            "{damaged:?}"
        );
    }
    // Complete lines whose numbers do not rise.
    let mut other = whole.clone();
    other.swap(3, 4);
    fs::write(&path, other.join("\n") + "\n").expect("a damaged file");
    assert!(matches!(known(&path), Err(Trouble::Damaged { line: 5, last: 8 })));
}

#[test]
fn another_databases_and_a_later_releases_are_refused() {
    let (_folder, path) = begun();
    assert!(matches!(Locked::open(&path, "two", None), Err(Trouble::Foreign)));
    let later = Header {
        babysea_journal: FORMAT + 1,
        ..header("one")
    };
    fs::remove_file(&path).expect("removed");
    Locked::begin(&path, later).expect("a journal");
    assert!(matches!(known(&path), Err(Trouble::Later)));
    fs::remove_file(&path).expect("removed");
    assert!(matches!(known(&path), Err(Trouble::Missing)));
}

#[test]
fn compaction_keeps_the_last_of_each_and_what_comes_meanwhile() {
    let (folder, path) = begun();
    let journal = Journal::beside(&folder.path().join("a.db"), None);
    journal.database.set("one".to_owned()).expect("once");
    let before = known(&path).expect("a journal");
    // An append after the state to compact was read.
    let mut locked = Locked::open(&path, "one", Some(before.clone())).expect("a journal");
    locked.append(&[entry(9, 3, 1)]).expect("appended");
    drop(locked);
    journal.compact(&before).expect("compacted");
    let after = known(&path).expect("a journal");
    assert_eq!((after.last, after.header), (9, header("one")));
    let kept = lines(&path);
    let numbers: Vec<_> = kept
        .iter()
        .map(|line| {
            let entry: serde_json::Value = serde_json::from_str(&line[9..]).expect("JSON");
            let count = |part: &str| entry[part].as_array().map_or(0, Vec::len);
            (entry["number"].as_i64(), count("keys"), count("members"))
        })
        .collect();
    // Key 1 has its last entry with 8, key 2 with 6; member 1 with 6, member 2 with 8.
    assert_eq!(
        numbers,
        [(None, 0, 0), (Some(6), 1, 1), (Some(8), 1, 1), (Some(9), 1, 1)]
    );
    let names = fs::read_dir(folder.path()).expect("a folder");
    assert_eq!(names.count(), 1, "nothing is left over");
    // The flusher's earlier state is that of another file now.
    let known = Locked::open(&path, "one", Some(before)).expect("a journal").known;
    assert_eq!(known.last, 9);
}
