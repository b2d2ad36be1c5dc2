//! A role in one team gives no permission in another.

use super::{ABSENT, KEYS, Standing, everybody, many_keys, ready, ways};
use crate::{
    database::{Database, both},
    world::World,
};
use babysea::domain::role::Action;

both!(
    a_role_in_one_team_is_nothing_in_another,
    async |database: Database| {
        let world = World::with(database, many_keys()).await;
        let team = world.person("Pia Reef").await.team("Reef Lab").await;
        let other = world.person("Ada Moss").await.team("Moss Lab").await;
        for (standing, person) in everybody(&world, &team).await {
            let Standing::In(role) = standing else { continue };
            for action in Action::ALL {
                let key = ready(&world, &other, action).await;
                let before = world.database.texts(KEYS).await;
                let absent = ways(action, "nowhere", ABSENT);
                for (call, absent) in ways(action, &other.slug, &key).into_iter().zip(absent) {
                    let case = format!("{role:?} {action:?} {}", call.address());
                    let answer = person.send(call).await;
                    assert_eq!(answer.status, 404, "{case}");
                    let unknown = person.send(absent).await;
                    assert_eq!(answer.comparable(), unknown.comparable(), "{case}");
                }
                assert_eq!(world.database.texts(KEYS).await, before, "{role:?} {action:?}");
            }
        }
    }
);
