//! Accounts.

use crate::{
    database::{Database, both},
    rows::{START, account_id, add_account, add_user, two_accounts, user_id},
};
use babysea::{
    domain::role::Role,
    server::store::{
        StoreError, Tables as _, Unique,
        accounts::{Joined, Kind},
    },
};

both!(a_slug_is_one_accounts, async |database: Database| {
    let store = database.open().await;
    add_user(&store, 1, "zoe@example.com").await.expect("a person");
    add_user(&store, 2, "bea@example.com").await.expect("a person");
    add_account(&store, 1, "zoe", 1).await.expect("the first");
    let refused = add_account(&store, 2, "zoe", 2).await;
    assert!(
        matches!(refused, Err(StoreError::Taken(Unique::Slug))),
        "{refused:?}"
    );
    add_account(&store, 2, "zoe-2", 2).await.expect("another slug");
});

both!(a_person_has_one_personal_account, async |database: Database| {
    let (store, _) = two_accounts(&database).await;
    let refused = add_account(&store, 3, "more", 1).await;
    assert!(
        matches!(refused, Err(StoreError::Taken(Unique::Other))),
        "{refused:?}"
    );
});

both!(an_account_needs_its_owner, async |database: Database| {
    let store = database.open().await;
    let refused = add_account(&store, 1, "zoe", 1).await;
    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
});

both!(
    an_account_of_somebody_else_is_absent,
    async |database: Database| {
        let (store, _) = two_accounts(&database).await;
        let mut reader = store.read().await.expect("a reader");
        for (user, slug, found) in [
            (1, "zoe", Some(account_id(1))),
            (2, "bea", Some(account_id(2))),
            (1, "bea", None),
            (2, "zoe", None),
            (3, "zoe", None),
            (1, "nowhere", None),
            (1, "ZOE", None),
            (1, "", None),
            (1, "%", None),
        ] {
            let account = reader.accounts().of_user_by_slug(user_id(user), slug).await;
            let account = account.expect("an answer");
            assert_eq!(account.map(|joined| joined.account.id), found, "{user} {slug}");
        }
    }
);

both!(an_account_is_found_as_stored, async |database: Database| {
    let (store, _) = two_accounts(&database).await;
    let mut reader = store.read().await.expect("a reader");
    let home = reader.accounts().home(user_id(1)).await;
    let Joined { account, role } = home.expect("an answer").expect("an account");
    assert_eq!((account.id, account.kind), (account_id(1), Kind::Personal));
    assert_eq!(
        (account.slug.as_str(), account.name.as_str()),
        ("zoe", "Zoë's keys")
    );
    assert_eq!((account.created_at, role), (START, Role::PrimaryOwner));
    let nobody = reader.accounts().home(user_id(3)).await;
    assert!(nobody.expect("an answer").is_none());

    let profile = reader.accounts().profile(account_id(2)).await;
    let profile = profile.expect("an answer").expect("a profile");
    assert_eq!(profile.email, "bea@example.com");
    assert!(profile.is_personal);
    assert_eq!(profile.created_at, START);
    assert!(
        reader
            .accounts()
            .profile(account_id(3))
            .await
            .expect("an answer")
            .is_none()
    );
});
