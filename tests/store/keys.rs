//! API keys.

use crate::{
    database::{Database, both},
    rows::{account_id, add_key, after, hash, key, key_id, two_accounts},
};
use babysea::{
    domain::{key::Key, time::Timestamp},
    server::store::{Store, StoreError, Tables as _, Unique, keys::list::KeyFilter},
};

async fn found(store: &Store, hash: &babysea::server::secret::key_hash::KeyHash) -> Option<Key> {
    let mut reader = store.read().await.expect("a reader");
    reader.keys().by_hash(hash).await.expect("an answer")
}

both!(
    a_key_is_found_by_its_hash_as_stored,
    async |database: Database| {
        let (store, pepper) = two_accounts(&database).await;
        let stored = key(1, 1, after(0));
        add_key(&store, &pepper, &stored, 1, "t1").await.expect("stored");
        assert_eq!(found(&store, &hash(&pepper, 1)).await, Some(stored));
        assert_eq!(found(&store, &hash(&pepper, 2)).await, None);
    }
);

both!(times_of_a_key_are_read, async |database: Database| {
    let (store, pepper) = two_accounts(&database).await;
    add_key(&store, &pepper, &key(1, 1, after(0)), 1, "t1")
        .await
        .expect("stored");
    database
        .execute("UPDATE api_keys SET last_used_at = 1, expires_at = 2, revoked_at = 3, creator_id = NULL")
        .await;
    let key = found(&store, &hash(&pepper, 1)).await.expect("a key");
    let times = [key.last_used_at, key.expires_at, key.revoked_at];
    assert_eq!(
        times,
        [1, 2, 3].map(|millis| Some(Timestamp::from_millis(millis)))
    );
    assert_eq!(key.creator, None);
});

both!(two_keys_never_share_a_hash, async |database: Database| {
    let (store, pepper) = two_accounts(&database).await;
    add_key(&store, &pepper, &key(1, 1, after(0)), 1, "t1")
        .await
        .expect("stored");
    let refused = add_key(&store, &pepper, &key(2, 2, after(0)), 1, "t2").await;
    assert!(
        matches!(refused, Err(StoreError::Taken(Unique::Other))),
        "{refused:?}"
    );
});

both!(a_form_makes_one_key_in_an_account, async |database: Database| {
    let (store, pepper) = two_accounts(&database).await;
    add_key(&store, &pepper, &key(1, 1, after(0)), 1, "token")
        .await
        .expect("the first");
    let refused = add_key(&store, &pepper, &key(2, 1, after(0)), 2, "token").await;
    assert!(
        matches!(refused, Err(StoreError::Taken(Unique::FormToken))),
        "{refused:?}"
    );
    add_key(&store, &pepper, &key(3, 1, after(0)), 3, "other")
        .await
        .expect("another form");
    add_key(&store, &pepper, &key(4, 2, after(0)), 4, "token")
        .await
        .expect("another account");
});

both!(the_newest_of_an_account_come_first, async |database: Database| {
    let (store, pepper) = two_accounts(&database).await;
    // Created in no order; 2 and 3 in the same millisecond.
    for (n, account, at) in [(3, 1, 20), (1, 1, 10), (4, 1, 30), (2, 1, 20), (9, 2, 40)] {
        add_key(&store, &pepper, &key(n, account, after(at)), n, &n.to_string())
            .await
            .expect("stored");
    }
    let mut reader = store.read().await.expect("a reader");
    for (account, limit, order) in [
        (1, 50, &[4, 3, 2, 1][..]),
        (1, 4, &[4, 3, 2, 1]),
        (1, 2, &[4, 3]),
        (1, 0, &[]),
        (2, 50, &[9]),
        (3, 50, &[]),
    ] {
        let everything = KeyFilter::default();
        let keys = reader
            .key_list()
            .older(account_id(account), &everything, after(100), None, limit)
            .await
            .expect("keys");
        let ids: Vec<_> = keys.iter().map(|key| key.id).collect();
        let order: Vec<_> = order.iter().map(|&n| key_id(n)).collect();
        assert_eq!(ids, order, "account {account}, limit {limit}");
    }
    for (account, count) in [(1, 4), (2, 1), (3, 0)] {
        let counted = reader
            .key_list()
            .counts(account_id(account), &KeyFilter::default(), after(100))
            .await
            .expect("numbers");
        assert_eq!(counted.of(None), count, "account {account}");
    }
});

both!(the_last_use_never_moves_back, async |database: Database| {
    let (store, pepper) = two_accounts(&database).await;
    add_key(&store, &pepper, &key(1, 1, after(0)), 1, "t1")
        .await
        .expect("stored");
    add_key(&store, &pepper, &key(2, 1, after(0)), 2, "t2")
        .await
        .expect("stored");
    for (reported, known) in [(10, 10), (5, 10), (10, 10), (11, 11)] {
        let mut tx = store.write().await.expect("a transaction");
        let uses = [(key_id(1), after(reported))];
        tx.key_uses().write(&uses).await.expect("written");
        tx.commit().await.expect("stored");
        let key = found(&store, &hash(&pepper, 1)).await.expect("a key");
        assert_eq!(key.last_used_at, Some(after(known)), "after {reported}");
    }
    let other = found(&store, &hash(&pepper, 2)).await.expect("a key");
    assert_eq!(other.last_used_at, None);
});
