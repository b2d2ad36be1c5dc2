use super::*;
use std::{
    os::unix::fs::{MetadataExt as _, symlink},
    sync::Barrier,
    thread,
};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").mode() & 0o7777
}

#[test]
fn of_eight_who_make_a_file_at_once_one_does_and_all_read_the_same() {
    for round in 0..100 {
        let folder = folder();
        let path = folder.path().join("deep/er/pepper");
        let start = Barrier::new(8);
        let results: Vec<(bool, String)> = thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|n: u32| {
                    let (path, start) = (&path, &start);
                    scope.spawn(move || {
                        start.wait();
                        make_folder(folder_of(path)).expect("a folder");
                        let made = make_once(path, n.to_string().as_bytes()).expect("a file");
                        (made, fs::read_to_string(path).expect("its text"))
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"))
                .collect()
        });
        assert_eq!(
            results.iter().filter(|(made, _)| *made).count(),
            1,
            "round {round}"
        );
        assert!(
            results.iter().all(|(_, text)| *text == results[0].1),
            "{results:?}"
        );
        assert_eq!(names(folder_of(&path)), ["pepper"], "nothing else is left");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(folder_of(&path)), 0o700);
    }
}

#[test]
fn a_file_that_is_there_is_never_overwritten() {
    let folder = folder();
    let path = folder.path().join("pepper");
    fs::write(&path, "old").expect("a file");
    assert!(!make_once(&path, b"new").expect("nothing to do"));
    assert_eq!(fs::read_to_string(&path).expect("text"), "old");
    assert!(make_once(&folder.path().join("nowhere/pepper"), b"new").is_err());
    assert_eq!(names(folder.path()), ["pepper"]);
}

#[test]
fn a_link_to_nothing_leads_to_where_the_file_is_made() {
    let folder = folder();
    let (link, real) = (folder.path().join("link"), folder.path().join("real"));
    symlink("real", &link).expect("a link");
    assert!(make_once(&link, b"new").expect("made"));
    assert!(fs::symlink_metadata(&real).expect("the file").is_file());
    assert_eq!(target(&link).expect("a target"), target(&real).expect("a target"));
    let circle = folder.path().join("circle");
    symlink("circle", &circle).expect("a link");
    assert!(make_once(&circle, b"new").is_err());
}

#[test]
fn what_a_killed_process_left_goes_with_the_next_file() {
    let folder = folder();
    let path = folder.path().join("pepper");
    let left = |kind: &str| {
        let mut name = temporary(&path, kind);
        name.push("0123456789abcdef");
        fs::write(folder.path().join(name), "left").expect("a file");
    };
    left(FIRST);
    fs::write(folder.path().join(".pepper.first-mine"), "another name").expect("a file");
    make_once(&path, b"1").expect("made");
    assert_eq!(names(folder.path()), [".pepper.first-mine", "pepper"]);
    left(FIRST);
    left(NEXT);
    let held = Held::open(&path).expect("held");
    held.prepare(b"2")
        .expect("written")
        .put_in_place()
        .expect("replaced");
    assert_eq!(names(folder.path()), [".pepper.first-mine", "pepper"]);
}

#[test]
fn replacing_keeps_the_mode_and_the_link() {
    let folder = folder();
    let (link, real) = (folder.path().join("link"), folder.path().join("real"));
    symlink("real", &link).expect("a link");
    fs::write(&real, "1").expect("a file");
    fs::set_permissions(&real, Permissions::from_mode(0o440)).expect("a mode");
    let held = Held::open(&link).expect("held");
    assert!(matches!(Held::open(&real), Err(ReplaceError::Busy)));
    held.prepare(b"2")
        .expect("written")
        .put_in_place()
        .expect("replaced");
    drop(held);
    assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
    assert_eq!(
        (fs::read_to_string(&real).expect("text").as_str(), mode(&real)),
        ("2", 0o440)
    );
    assert_eq!(names(folder.path()), ["link", "real"]);
}

#[test]
fn replacing_keeps_the_owner_and_the_group() {
    let folder = folder();
    let path = folder.path().join("pepper");
    fs::write(&path, "1").expect("a file");
    // Only root can change a file's owner, so other users skip the test.
    if std::os::unix::fs::chown(&path, Some(65_534), Some(65_533)).is_err() {
        return;
    }
    let held = Held::open(&path).expect("held");
    held.prepare(b"2")
        .expect("written")
        .put_in_place()
        .expect("replaced");
    let found = fs::metadata(&path).expect("a file");
    assert_eq!((found.uid(), found.gid(), found.len()), (65_534, 65_533, 1));
}

#[test]
fn attributes_that_cannot_be_kept_are_refused_without_leftovers() {
    let folder = folder();
    let path = folder.path().join("pepper");
    assert!(matches!(Held::open(&path), Err(ReplaceError::Io(_))));
    fs::write(&path, "1").expect("a file");
    fs::hard_link(&path, folder.path().join("second")).expect("a link");
    let held = Held::open(&path).expect("held");
    assert!(matches!(held.prepare(b"2"), Err(ReplaceError::Names(2))));
    drop(held);
    fs::remove_file(folder.path().join("second")).expect("removed");

    // Another process moves a file there during the replacement.
    let held = Held::open(&path).expect("held");
    let next = held.prepare(b"2").expect("written");
    fs::write(folder.path().join("other"), "3").expect("a file");
    fs::rename(folder.path().join("other"), &path).expect("moved");
    assert!(matches!(next.put_in_place(), Err(ReplaceError::Moved)));
    assert_eq!(fs::read_to_string(&path).expect("text"), "3");
    assert_eq!(names(folder.path()), ["pepper"]);
}

#[test]
fn of_eight_who_replace_a_file_at_once_each_counts_or_is_refused() {
    let folder = folder();
    let path = folder.path().join("counter");
    fs::write(&path, "0").expect("a file");
    let start = Barrier::new(8);
    let done: u32 = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    let mut done = 0;
                    for _ in 0..50 {
                        let held = match Held::open(&path) {
                            Ok(held) => held,
                            Err(ReplaceError::Busy) => continue,
                            Err(error) => panic!("{error}"),
                        };
                        let count: u32 = held.text(100).expect("text").parse().expect("a number");
                        let next = held.prepare((count + 1).to_string().as_bytes());
                        next.expect("written").put_in_place().expect("replaced");
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .sum()
    });
    assert_eq!(fs::read_to_string(&path).expect("text"), done.to_string());
    assert_eq!(names(folder.path()), ["counter"]);
}

#[test]
fn only_regular_files_are_opened() {
    let folder = folder();
    let pipe = folder.path().join("pipe");
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
    )
    .expect("a pipe");
    assert!(open(&pipe).is_err());
    assert!(open_or_make(&pipe).is_err());
    assert!(open(folder.path()).is_err());
    let large = folder.path().join("large");
    fs::write(&large, "123").expect("a file");
    let file = open(&large).expect("a file");
    assert_eq!(
        text_of(&file, 2).expect_err("too large").kind(),
        io::ErrorKind::FileTooLarge
    );
}
