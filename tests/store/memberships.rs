//! Members of teams.

use crate::{
    database::{Aside, Database, both},
    rows::{account_id, add_team, add_user, after, two_accounts, user_id},
};
use babysea::{
    domain::role::Role,
    server::store::{Store, StoreError, Tables as _, Unique, accounts::Kind},
};

/// A store with persons 1 to 3 and the team 3 (`reef`) of person 1.
async fn team(database: &Database) -> Store {
    let (store, _) = two_accounts(database).await;
    add_user(&store, 3, "max@example.com").await.expect("a person");
    add_team(&store, 3, "reef", 1).await.expect("a team");
    store
}

async fn join(store: &Store, account: u8, user: u8, role: Role) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    tx.change_member(account_id(account), user_id(user))
        .insert(role, after(0))
        .await?;
    tx.commit().await
}

/// Role of a person in the account with this slug.
async fn role(store: &Store, user: u8, slug: &str) -> Option<Role> {
    let mut reader = store.read().await.expect("a reader");
    let joined = reader.accounts().of_user_by_slug(user_id(user), slug).await;
    joined.expect("an answer").map(|joined| joined.role)
}

async fn is_refused(database: &Database, sql: &'static str) -> bool {
    match database.aside().await {
        Aside::Sqlite(mut c) => sqlx::query(sql).execute(&mut c).await.is_err(),
        Aside::Postgres(mut c) => sqlx::query(sql).execute(&mut c).await.is_err(),
    }
}

both!(a_person_is_in_a_team_once, async |database: Database| {
    let store = team(&database).await;
    join(&store, 3, 2, Role::Member).await.expect("the first");
    for role in [Role::Member, Role::Owner] {
        let refused = join(&store, 3, 2, role).await;
        assert!(
            matches!(refused, Err(StoreError::Taken(Unique::Membership))),
            "{refused:?}"
        );
    }
    join(&store, 3, 3, Role::Owner).await.expect("another person");
    let mut reader = store.read().await.expect("a reader");
    for (account, count) in [(3, 2), (1, 0), (9, 0)] {
        let counted = reader.memberships().count(account_id(account)).await;
        assert_eq!(counted.expect("a number"), count, "{account}");
    }
});

both!(
    the_primary_owner_is_the_accounts_and_no_membership,
    async |database: Database| {
        let store = team(&database).await;
        let refused = join(&store, 3, 2, Role::PrimaryOwner).await;
        assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
        join(&store, 3, 2, Role::Owner).await.expect("an owner");
        join(&store, 3, 3, Role::Member).await.expect("a member");
        for (user, expected) in [
            (1, Some(Role::PrimaryOwner)),
            (2, Some(Role::Owner)),
            (3, Some(Role::Member)),
            (4, None),
        ] {
            assert_eq!(role(&store, user, "reef").await, expected, "{user}");
        }
        assert_eq!(role(&store, 2, "zoe").await, None, "an account they are not in");
        // An account always has exactly one primary owner: the column holds one, and is never NULL.
        for sql in [
            "UPDATE accounts SET primary_owner_id = NULL WHERE slug = 'reef'",
            "UPDATE accounts SET primary_owner_id = 'nobody' WHERE slug = 'reef'",
            "UPDATE memberships SET role = 'primary-owner'",
            "UPDATE memberships SET role = 'admin'",
            "UPDATE memberships SET user_id = 'nobody'",
            "UPDATE memberships SET account_id = 'nowhere'",
        ] {
            assert!(is_refused(&database, sql).await, "{sql}");
        }
    }
);

both!(accounts_of_a_person_come_in_order, async |database: Database| {
    let store = team(&database).await;
    for (n, slug) in [(4, "tide"), (5, "alga")] {
        add_team(&store, n, slug, 3).await.expect("a team");
    }
    for account in [3, 4] {
        join(&store, account, 2, Role::Member).await.expect("a member");
    }
    database
        .execute("UPDATE accounts SET name = CASE slug WHEN 'reef' THEN 'beta' WHEN 'tide' THEN 'Alpha' ELSE name END")
        .await;
    let mut reader = store.read().await.expect("a reader");
    let joined = reader.accounts().of_user(user_id(2)).await.expect("accounts");
    let found: Vec<_> = joined
        .iter()
        .map(|joined| (joined.account.slug.as_str(), joined.account.kind))
        .collect();
    assert_eq!(
        found,
        [
            ("bea", Kind::Personal),
            ("tide", Kind::Team),
            ("reef", Kind::Team)
        ]
    );
    for (user, count) in [(1, 2), (2, 3), (3, 2), (9, 0)] {
        let counted = reader.accounts().count_of_user(user_id(user)).await;
        assert_eq!(counted.expect("a number"), count, "{user}");
    }
});

both!(
    deleting_a_person_or_team_deletes_the_memberships,
    async |database: Database| {
        let store = team(&database).await;
        add_team(&store, 4, "tide", 1).await.expect("a team");
        for (account, user) in [(3, 2), (3, 3), (4, 3)] {
            join(&store, account, user, Role::Member).await.expect("a member");
        }
        assert_eq!(
            database.execute("DELETE FROM accounts WHERE slug = 'reef'").await,
            1
        );
        assert_eq!(database.number("SELECT COUNT(*) FROM memberships").await, 1);
        assert_eq!(role(&store, 3, "reef").await, None);
        assert_eq!(role(&store, 3, "tide").await, Some(Role::Member));
        assert_eq!(
            database
                .execute("DELETE FROM users WHERE email = 'max@example.com'")
                .await,
            1
        );
        assert_eq!(database.number("SELECT COUNT(*) FROM memberships").await, 0);
        // The owner of an account cannot be deleted.
        assert!(is_refused(&database, "DELETE FROM users WHERE email = 'zoe@example.com'").await);
    }
);
