//! Several versions of the pepper (S32).

use crate::{
    database::{Database, both},
    pepper::of_the_file,
    rows::{add_key, after, key, two_accounts},
};
use babysea::{
    domain::secret_text::SecretText,
    server::{
        runtime::rng::SeededRng,
        secret::{
            key_hash::KeyHash,
            pepper::{self, Pepper, PepperError},
        },
        service,
        store::{Store, Tables as _},
    },
};
use std::fs;

async fn load(database: &Database, store: &Store) -> Result<Pepper, PepperError> {
    let loaded = service::pepper::load(&database.pepper_file(), store, &SeededRng::new(9)).await;
    loaded.map_err(of_the_file)
}

fn secret() -> SecretText {
    SecretText::new("key 1".to_owned())
}

async fn is_found(store: &Store, hash: &KeyHash) -> bool {
    let mut reader = store.read().await.expect("a reader");
    reader.keys().by_hash(hash).await.expect("an answer").is_some()
}

async fn counts(store: &Store) -> Vec<(i64, i64)> {
    let mut reader = store.read().await.expect("a reader");
    let versions = reader.peppers().all().await.expect("versions");
    versions
        .iter()
        .map(|stored| (stored.version, stored.keys))
        .collect()
}

both!(keys_move_to_a_new_version, async |database: Database| {
    let (store, first) = two_accounts(&database).await;
    add_key(&store, &first, &key(1, 1, after(0)), 1, "t1")
        .await
        .expect("stored");
    let file = database.pepper_file();
    assert_eq!(pepper::add_version(&file, &SeededRng::new(2)).expect("added"), 2);
    let second = load(&database, &store).await.expect("two versions");
    assert_eq!(second.hash(&secret()).version(), 2);
    assert_eq!(counts(&store).await, [(1, 1), (2, 0)]);

    assert!(!is_found(&store, &second.hash(&secret())).await);
    let older: Vec<_> = second.older_hashes(&secret()).collect();
    assert_eq!(older.len(), 1);
    assert!(is_found(&store, &older[0]).await, "the key goes on working");

    let mut tx = store.write().await.expect("a transaction");
    let new = second.hash(&secret());
    tx.keys()
        .rekey(key(1, 1, after(0)).id, &older[0], &new)
        .await
        .expect("moved");
    tx.commit().await.expect("kept");
    assert!(is_found(&store, &new).await);
    assert_eq!(counts(&store).await, [(1, 0), (2, 1)]);
});

both!(a_version_in_use_stays, async |database: Database| {
    let (store, first) = two_accounts(&database).await;
    add_key(&store, &first, &key(1, 1, after(0)), 1, "t1")
        .await
        .expect("stored");
    let file = database.pepper_file();
    pepper::add_version(&file, &SeededRng::new(2)).expect("added");
    load(&database, &store).await.expect("two versions");
    let before = fs::read_to_string(&file).expect("a file");

    let refused = service::pepper::remove_version(&file, &store, 1)
        .await
        .map_err(of_the_file)
        .expect_err("in use");
    assert!(
        matches!(
            refused,
            PepperError::Removed {
                version: 1,
                keys: 1,
                ..
            }
        ),
        "{refused}"
    );
    assert_eq!(fs::read_to_string(&file).expect("a file"), before);

    // A version removed by hand stops the start.
    let present = before.lines().nth(1).expect("a second line");
    fs::write(&file, format!("-\n{present}\n")).expect("written");
    let refused = load(&database, &store).await.err().expect("a refusal");
    assert!(
        matches!(
            refused,
            PepperError::Removed {
                version: 1,
                keys: 1,
                ..
            }
        ),
        "{refused}"
    );
    assert!(refused.to_string().contains("1 stored keys"), "{refused}");
});

both!(
    a_version_that_no_key_needs_can_be_removed,
    async |database: Database| {
        let (store, _) = two_accounts(&database).await;
        let file = database.pepper_file();
        pepper::add_version(&file, &SeededRng::new(2)).expect("added");
        load(&database, &store).await.expect("two versions");
        service::pepper::remove_version(&file, &store, 1)
            .await
            .expect("removed");
        assert_eq!(counts(&store).await, [(2, 0)]);
        let pepper = load(&database, &store).await.expect("one version left");
        assert_eq!(pepper.hash(&secret()).version(), 2, "versions keep their numbers");
        assert_eq!(pepper.older_hashes(&secret()).count(), 0);
        for gone in [1, 2, 3, 0, -1] {
            let refused = service::pepper::remove_version(&file, &store, gone)
                .await
                .map_err(of_the_file)
                .expect_err("not there");
            assert!(
                matches!(refused, PepperError::NotThere { .. }),
                "{gone}: {refused}"
            );
        }
    }
);
