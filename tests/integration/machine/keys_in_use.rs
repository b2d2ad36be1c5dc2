//! Keys that are changed while programs use them: a change of several keys and the recorder never deadlock.

use crate::{
    browser::{Browser, Made},
    database::{Database, both},
    rounds::rounds,
    world::{Setup, World, all},
};
use std::cell::{Cell, RefCell};

const PEOPLE: [&str; 4] = ["Ada Moss", "Bo Reed", "Cy Holt", "Di Wren"];

/// Rotates a key twice and deletes the two old ones, repeatedly.
async fn change(person: &Browser<'_>, in_use: &RefCell<Vec<Made>>, open: &Cell<usize>) {
    let mut newest = person.made("prod").await;
    for _ in 0..rounds(4) {
        let mut old = Vec::new();
        for _ in 0..2 {
            let next = Made::of(&person.rotate(&newest.id, "168").await);
            old.push(newest.id.clone());
            in_use.borrow_mut().push(std::mem::replace(&mut newest, next));
        }
        old.sort();
        // In the reverse of the order in which the log is written.
        let ids: Vec<_> = old.iter().rev().map(String::as_str).collect();
        let answer = person.delete(&ids, "delete 2 keys").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        in_use.borrow_mut().retain(|key| !old.contains(&key.id));
    }
    open.set(open.get() - 1);
}

/// Uses all keys and flushes the recorder, as long as there are changes.
async fn load(world: &World, in_use: &RefCell<Vec<Made>>, open: &Cell<usize>) -> usize {
    let mut accepted = 0;
    while open.get() > 0 {
        // A later time, so that the use is written.
        world.advance(1);
        let secrets: Vec<_> = in_use.borrow().iter().map(|key| key.secret.clone()).collect();
        for secret in secrets {
            accepted += usize::from(world.status(&secret).await.status == 200);
        }
        // A flush during a deletion may need a retry.
        world.app.recorder.flush().await;
    }
    assert!(world.app.recorder.flush().await, "what was used is noted");
    accepted
}

both!(changes_of_keys_in_use_never_fail, async |database: Database| {
    let setup = Setup {
        arguments: &["--rate-limit", "none", "--auth-limit", "1000000"],
        ..Setup::default()
    };
    let world = World::with(database, setup).await;
    let mut people = Vec::new();
    for name in PEOPLE {
        people.push(world.person(name).await);
    }
    // More keys than a person changes at a time, so that writing takes a while.
    let in_use = RefCell::<Vec<Made>>::default();
    for _ in 0..24 {
        let key = people[0].made("busy").await;
        in_use.borrow_mut().push(key);
    }
    let open = Cell::new(PEOPLE.len());
    let changes = all(people.iter().map(|person| change(person, &in_use, &open)));
    let (_, accepted) = tokio::join!(changes, load(&world, &in_use, &open));
    assert!(accepted > 100, "the keys were in use: {accepted}");
});
