//! The pepper's file against what is stored (S31).

use crate::{
    database::{Database, both},
    rows::{add_key, after, hash, key, two_accounts},
};
use babysea::server::{
    rng::SeededRng,
    secret::pepper::{Pepper, PepperError},
    store::{Store, Tables as _},
};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

async fn load(database: &Database, store: &Store, seed: u64) -> Result<Pepper, PepperError> {
    Pepper::load(&database.pepper_file(), store, &SeededRng::new(seed)).await
}

fn chmod(file: &Path, mode: u32) {
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("permissions are set");
}

/// Loading is refused with this variant and in a sentence that names the file; nothing is written over.
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
        // The second start reads the same; the seed says that it makes none.
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
