//! A change of a role counts from the next request on.

use super::{ABSENT, Standing, many_keys, ready, ways};
use crate::{
    database::{Database, both},
    world::World,
};
use babysea::domain::role::{Action, Role};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

both!(
    a_role_is_read_anew_for_every_request,
    async |database: Database| {
        let world = World::with(database, many_keys()).await;
        let team = world.person("Pia Reef").await.team("Reef Lab").await;
        // Created in advance, by a person who may.
        let keys = RefCell::new(BTreeMap::<_, Vec<_>>::new());
        for action in Action::ALL {
            for _ in 0..5 * ways(action, "", ABSENT).len() {
                let key = ready(&world, &team, action).await;
                keys.borrow_mut().entry(action.label()).or_default().push(key);
            }
        }
        let oda = world.member("Oda Fjord", &team.slug, Role::Owner).await;
        let user = "(SELECT id FROM users WHERE email = 'oda-fjord@example.com')";
        let statuses = async |action| {
            let mut statuses = BTreeSet::new();
            for n in 0..ways(action, &oda.slug, ABSENT).len() {
                let key = keys.borrow_mut().get_mut(action.label()).and_then(Vec::pop);
                let key = key.expect("one for each");
                let call = ways(action, &oda.slug, &key).swap_remove(n);
                let path = call.address();
                let allowed = Standing::In(Role::Owner).status(action, &path);
                let status = oda.send(call).await.status;
                statuses.insert(if status == allowed { 200 } else { status });
            }
            statuses
        };
        for (change, expected) in [
            ("SELECT 1".to_owned(), (200, 200)),
            (
                format!("UPDATE memberships SET role = 'member' WHERE user_id = {user}"),
                (200, 403),
            ),
            (
                format!("UPDATE memberships SET role = 'owner' WHERE user_id = {user}"),
                (200, 200),
            ),
            (
                format!("DELETE FROM memberships WHERE user_id = {user}"),
                (404, 404),
            ),
            (
                format!("UPDATE accounts SET primary_owner_id = {user} WHERE kind = 'team'"),
                (200, 200),
            ),
        ] {
            world.database.execute(&change).await;
            for action in Action::ALL {
                let expected = if action == Action::SeeKeys {
                    expected.0
                } else {
                    expected.1
                };
                assert_eq!(statuses(action).await, [expected].into(), "{change}: {action:?}");
            }
        }
        // The former primary owner is no member now.
        assert_eq!(team.get(&team.keys()).await.status, 404);
    }
);
