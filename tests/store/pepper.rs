//! The pepper's file, compared with the stored keys (S31).

use crate::{
    database::{Database, both},
    rows::{add_key, after, hash, key, two_accounts},
};
use babysea::server::{
    runtime::rng::SeededRng,
    secret::pepper::{Pepper, PepperError},
    service::pepper::{self, PepperFailure},
    store::{Store, Tables as _},
};
use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, chown, symlink},
    path::Path,
};

async fn load(database: &Database, store: &Store, seed: u64) -> Result<Pepper, PepperError> {
    let loaded = pepper::load(&database.pepper_file(), store, &SeededRng::new(seed)).await;
    loaded.map_err(of_the_file)
}

/// The error of the file; panics if the database failed.
pub fn of_the_file(failure: PepperFailure) -> PepperError {
    match failure {
        PepperFailure::File(error) => error,
        PepperFailure::Store(error) => panic!("{error}"),
    }
}

fn chmod(file: &Path, mode: u32) {
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("permissions are set");
}

/// Asserts that loading fails with this variant and a sentence that names the file, and that no file is
/// overwritten.
macro_rules! assert_refused {
    ($database:expr, $store:expr, $variant:pat) => {
        let before = fs::read(&$database.pepper_file()).ok();
        let refused = load(&$database, &$store, 2).await.err().expect("a refusal");
        assert!(matches!(refused, $variant), "{refused:?}");
        let sentence = refused.to_string();
        assert!(
            sentence.contains("PEPPER_FILE") && sentence.contains("/pepper"),
            "{sentence}"
        );
        assert_eq!(fs::read(&$database.pepper_file()).ok(), before, "the file");
    };
}

both!(
    the_first_start_makes_it_for_its_owner_alone,
    async |database: Database| {
        let store = database.open().await;
        let first = load(&database, &store, 1).await.expect("made");
        let mode = fs::metadata(database.pepper_file())
            .expect("a file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{mode:o}");
        let text = fs::read_to_string(database.pepper_file()).expect("text");
        assert_eq!(text.trim_end().len(), 64, "32 bytes in hexadecimal");
        // The second start reads the same secret; another seed shows that it creates none.
        let second = load(&database, &store, 2).await.expect("read");
        assert_eq!(hash(&first, 1).digest(), hash(&second, 1).digest());
        assert_ne!(hash(&first, 1).digest(), hash(&first, 2).digest());
    }
);

both!(two_servers_have_two_peppers, async |database: Database| {
    let other = Database::sqlite();
    let one = load(&database, &database.open().await, 1).await.expect("made");
    let two = load(&other, &other.open().await, 2).await.expect("made");
    assert_ne!(hash(&one, 1).digest(), hash(&two, 1).digest());
});

both!(
    missing_while_a_check_value_is_stored,
    async |database: Database| {
        let store = database.open().await;
        load(&database, &store, 1).await.expect("made");
        fs::remove_file(database.pepper_file()).expect("removed");
        assert_refused!(database, store, PepperError::Missing(_));
    }
);

both!(missing_while_keys_are_stored, async |database: Database| {
    let (store, pepper) = two_accounts(&database).await;
    add_key(&store, &pepper, &key(1, 1, after(0)), 1, "t1")
        .await
        .expect("stored");
    fs::remove_file(database.pepper_file()).expect("removed");
    assert_refused!(database, store, PepperError::Missing(_));
    assert!(
        store
            .read()
            .await
            .expect("a reader")
            .peppers()
            .any_key()
            .await
            .expect("an answer")
    );
});

both!(
    made_again_while_nothing_depends_on_it,
    async |database: Database| {
        let store = database.open().await;
        load(&database, &store, 1).await.expect("made");
        let first = fs::read(database.pepper_file()).expect("a file");
        fs::remove_file(database.pepper_file()).expect("removed");
        database.execute("DELETE FROM pepper_checks").await;
        load(&database, &store, 2).await.expect("made again");
        assert_ne!(fs::read(database.pepper_file()).expect("a file"), first);
    }
);

both!(another_pepper, async |database: Database| {
    let store = database.open().await;
    load(&database, &store, 1).await.expect("made");
    let right = fs::read(database.pepper_file()).expect("a file");
    fs::write(database.pepper_file(), "0a".repeat(32)).expect("written");
    assert_refused!(database, store, PepperError::Wrong(_));
    fs::write(database.pepper_file(), right).expect("written");
    load(&database, &store, 2).await.expect("the right one again");
});

both!(readable_by_others, async |database: Database| {
    let store = database.open().await;
    load(&database, &store, 1).await.expect("made");
    for mode in [0o640, 0o604, 0o620, 0o666] {
        chmod(&database.pepper_file(), mode);
        assert_refused!(database, store, PepperError::Exposed { .. });
    }
    for mode in [0o600, 0o400] {
        chmod(&database.pepper_file(), mode);
        load(&database, &store, 2).await.expect("for its owner alone");
    }
});

both!(malformed, async |database: Database| {
    let store = database.open().await;
    load(&database, &store, 1).await.expect("made");
    let digits = "0a".repeat(31);
    for text in [
        String::new(),
        digits.clone(),
        format!("{digits}0a0a"),
        format!("{digits}0g"),
    ] {
        fs::write(database.pepper_file(), &text).expect("written");
        assert_refused!(database, store, PepperError::Malformed(_));
    }
});

both!(a_sign_is_no_hexadecimal_digit, async |database: Database| {
    let store = database.open().await;
    load(&database, &store, 1).await.expect("made");
    fs::write(database.pepper_file(), format!("{}+a", "0a".repeat(31))).expect("written");
    assert_refused!(database, store, PepperError::Malformed(_));
});

both!(not_a_file, async |database: Database| {
    let store = database.open().await;
    fs::create_dir(database.pepper_file()).expect("a folder");
    assert_refused!(database, store, PepperError::File { .. });
});

both!(
    a_pepper_that_was_handed_in_may_be_for_a_group,
    async |database: Database| {
        let store = database.open().await;
        load(&database, &store, 1).await.expect("made");
        // As Kubernetes mounts a secret: behind two links, owned by root and the service's group.
        let folder = database.folder().join("volume");
        fs::create_dir_all(folder.join("..1")).expect("a folder");
        let real = folder.join("..1/pepper");
        fs::rename(database.pepper_file(), &real).expect("moved");
        symlink("..1", folder.join("..data")).expect("a link");
        symlink("..data/pepper", folder.join("pepper")).expect("a link");
        symlink("volume/pepper", database.pepper_file()).expect("a link");
        chmod(&real, 0o440);
        assert_refused!(database, store, PepperError::Exposed { .. });
        // Only root can change a file's owner.
        if chown(&real, Some(65_534), None).is_err() {
            return;
        }
        load(&database, &store, 2).await.expect("handed in");
        chmod(&real, 0o444);
        assert_refused!(database, store, PepperError::Exposed { .. });
        let refused = load(&database, &store, 2).await.err().expect("a refusal");
        assert!(
            refused.to_string().contains("mount it with mode 0440"),
            "{refused}"
        );
    }
);

both!(what_is_no_pepper_is_refused, async |database: Database| {
    let store = database.open().await;
    load(&database, &store, 1).await.expect("made");
    let file = database.pepper_file();
    for text in [b"\xff".to_vec(), Vec::new(), vec![b'a'; 70_000]] {
        fs::write(&file, text).expect("written");
        assert_refused!(database, store, PepperError::Malformed(_));
    }
    fs::remove_file(&file).expect("removed");
    fs::create_dir(&file).expect("a folder");
    assert_refused!(database, store, PepperError::File { .. });
});

both!(
    of_six_first_starts_at_once_all_have_one_pepper,
    async |database: Database| {
        for round in 0..10 {
            let store = database.open().await;
            let starts = (0..6).map(|seed| load(&database, &store, 10 * round + seed));
            let peppers = futures_util::future::join_all(starts).await;
            let digests: Vec<_> = peppers
                .into_iter()
                .map(|pepper| *hash(&pepper.expect("one pepper"), 1).digest())
                .collect();
            let again = load(&database, &store, 999).await.expect("the same");
            assert!(
                digests.iter().all(|digest| digest == hash(&again, 1).digest()),
                "round {round}"
            );
            database.execute("DELETE FROM pepper_checks").await;
            fs::remove_file(database.pepper_file()).expect("removed");
            store.close().await;
        }
    }
);

both!(
    a_server_without_the_file_of_the_first_makes_none,
    async |database: Database| {
        let store = database.open().await;
        load(&database, &store, 1).await.expect("made");
        let elsewhere = database.folder().join("elsewhere");
        let refused = pepper::load(&elsewhere, &store, &SeededRng::new(2))
            .await
            .err()
            .map(of_the_file);
        assert!(matches!(refused, Some(PepperError::Missing(_))), "{refused:?}");
        assert!(!elsewhere.exists());
    }
);

both!(
    a_wrong_pepper_leaves_nothing_in_the_database,
    async |database: Database| {
        let store = database.open().await;
        load(&database, &store, 1).await.expect("made");
        let lines = format!("{}\n{}\n", "0a".repeat(32), "0b".repeat(32));
        fs::write(database.pepper_file(), lines).expect("written");
        assert_refused!(database, store, PepperError::Wrong(_));
        assert_eq!(database.number("SELECT COUNT(*) FROM pepper_checks").await, 1);
    }
);
