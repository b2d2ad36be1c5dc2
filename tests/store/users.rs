//! People.

use crate::{
    database::{Database, both},
    rows::{add_user, email, insert_user, user_id},
};
use babysea::server::store::{StoreError, Tables as _, Unique};

both!(an_address_is_unique_without_case, async |database: Database| {
    let store = database.open().await;
    add_user(&store, 1, "Zoe@Example.com").await.expect("the first");
    for same in ["Zoe@Example.com", "zoe@example.com", "ZOE@EXAMPLE.COM"] {
        let refused = add_user(&store, 2, same).await;
        assert!(
            matches!(refused, Err(StoreError::Taken(Unique::Email))),
            "{same}: {refused:?}"
        );
    }
    add_user(&store, 2, "zoe@example.org")
        .await
        .expect("another address");
});

both!(the_same_id_is_not_a_taken_address, async |database: Database| {
    let store = database.open().await;
    add_user(&store, 1, "zoe@example.com").await.expect("the first");
    let refused = add_user(&store, 1, "bea@example.com").await;
    assert!(
        matches!(refused, Err(StoreError::Taken(Unique::Other))),
        "{refused:?}"
    );
});

both!(a_person_is_found_as_stored, async |database: Database| {
    let store = database.open().await;
    add_user(&store, 1, "Zoe@Example.com").await.expect("a person");
    let mut reader = store.read().await.expect("a reader");
    let user = reader.users().by_email(&email("zOE@eXAMPLE.com")).await;
    let user = user.expect("an answer").expect("a person");
    assert_eq!(user.id, user_id(1));
    assert_eq!(
        (user.name.as_str(), user.email.as_str()),
        ("Zoë Moss", "Zoe@Example.com")
    );
    assert!(
        reader
            .users()
            .by_id(user_id(1))
            .await
            .expect("an answer")
            .is_some()
    );
    assert!(
        reader
            .users()
            .by_id(user_id(2))
            .await
            .expect("an answer")
            .is_none()
    );
    let unknown = reader.users().by_email(&email("zoe@example.org")).await;
    assert!(unknown.expect("an answer").is_none());
});

both!(a_new_password_hash_is_one_persons, async |database: Database| {
    let store = database.open().await;
    add_user(&store, 1, "zoe@example.com").await.expect("a person");
    add_user(&store, 2, "bea@example.com").await.expect("a person");
    let mut tx = store.write().await.expect("a transaction");
    tx.change_person(user_id(1))
        .set_password_hash("new")
        .await
        .expect("stored");
    tx.commit().await.expect("stored");
    let hashes = database
        .texts("SELECT password_hash FROM users ORDER BY email")
        .await;
    assert_eq!(hashes, ["$argon2id$", "new"]);
});

both!(
    a_dropped_transaction_leaves_nothing,
    async |database: Database| {
        let store = database.open().await;
        let mut tx = store.write().await.expect("a transaction");
        insert_user(&mut tx, 1, "zoe@example.com")
            .await
            .expect("inserted");
        assert!(
            tx.users().by_id(user_id(1)).await.expect("an answer").is_some(),
            "seen inside"
        );
        drop(tx);
        let mut next = store.write().await.expect("the next transaction");
        assert!(next.users().by_id(user_id(1)).await.expect("an answer").is_none());
        insert_user(&mut next, 1, "zoe@example.com")
            .await
            .expect("inserted");
        next.commit().await.expect("stored");
        assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 1);
    }
);

both!(
    a_refused_statement_rolls_back_its_transaction,
    async |database: Database| {
        let store = database.open().await;
        add_user(&store, 1, "zoe@example.com").await.expect("a person");
        let mut tx = store.write().await.expect("a transaction");
        insert_user(&mut tx, 2, "bea@example.com")
            .await
            .expect("inserted");
        let refused = insert_user(&mut tx, 3, "ZOE@example.com").await;
        assert!(
            matches!(refused, Err(StoreError::Taken(Unique::Email))),
            "{refused:?}"
        );
        drop(tx);
        drop(store.write().await.expect("the next transaction"));
        assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 1);
    }
);
