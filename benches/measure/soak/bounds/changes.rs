//! Changes on a schedule: keys are created, rotated and revoked at a steady rate, however long each answer takes.

use super::{
    others::{Kind, Shared},
    people::{Person, another_address, create, key_of},
};
use crate::program::form;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

/// Pause between two changes, for a little more than 20 changes a second.
const EVERY: Duration = Duration::from_millis(48);
/// Maximum number of changes in flight. Beyond it, a change is not sent and counts as refused.
const IN_FLIGHT: usize = 256;

/// A key, and the index of the person who has it.
type Owned = (usize, String);

/// Keys for the next changes.
#[derive(Default)]
struct Keys {
    /// To be rotated.
    created: VecDeque<Owned>,
    /// To be revoked: rotated keys in their grace period, and their successors.
    rotated: VecDeque<Owned>,
}

/// One change.
enum Change {
    Create(usize),
    Rotate(Owned),
    Revoke(Owned),
}

impl Keys {
    /// The kind of the change with this number. Of four changes, one creates, one rotates and two revoke, so that the number of
    /// keys stays the same. If the response with the key has not arrived yet, a key is created instead.
    fn next(&mut self, number: usize, people: usize) -> Change {
        let change = match number % 4 {
            0 => None,
            1 => self.created.pop_front().map(Change::Rotate),
            _ => self.rotated.pop_front().map(Change::Revoke),
        };
        change.unwrap_or(Change::Create(number % people))
    }
}

fn lock(keys: &Mutex<Keys>) -> MutexGuard<'_, Keys> {
    keys.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes changes until the end of the watch, and waits for the last answers.
pub(super) async fn keep_changing(of: Shared, people: Vec<Person>) {
    let (people, keys) = (Arc::new(people), Arc::<Mutex<Keys>>::default());
    let places = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut ticks = interval(EVERY);
    // Late changes are sent too.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut running = JoinSet::new();
    for number in 0.. {
        ticks.tick().await;
        if of.stopped() {
            break;
        }
        while running.try_join_next().is_some() {}
        let change = lock(&keys).next(number, people.len());
        let Ok(target) = Arc::clone(&places).try_acquire_owned() else {
            let unsent = Err(std::io::ErrorKind::WouldBlock.into());
            of.seen().add(change.kind(), Instant::now(), unsent);
            continue;
        };
        let (of, people, keys) = (of.clone(), Arc::clone(&people), Arc::clone(&keys));
        running.spawn(async move {
            change.make(&of, &people, &keys).await;
            drop(target);
        });
    }
    while running.join_next().await.is_some() {}
}

impl Change {
    const fn kind(&self) -> Kind {
        match self {
            Self::Create(_) => Kind::Create,
            Self::Rotate(_) => Kind::Rotate,
            Self::Revoke(_) => Kind::Revoke,
        }
    }

    async fn make(self, of: &Shared, people: &[Person], keys: &Mutex<Keys>) {
        let (kind, from) = (self.kind(), another_address());
        let made = |reply| key_of(&reply).ok();
        match self {
            Self::Create(owner) => {
                let request = create(&people[owner], "changed", &from);
                if let Some((id, _)) = of.timed(kind, &request).await.and_then(made) {
                    lock(keys).created.push_back((owner, id));
                }
            }
            Self::Rotate((owner, key)) => {
                let person = &people[owner];
                // A form of its own for each key: each is rotated once.
                let token = key.replace('-', "");
                let fields = format!("account={}&key={key}&grace=1&form_token={token}", person.slug);
                let request = form("/api/keys/rotate", &person.cookie, &from, &fields);
                if let Some((id, _)) = of.timed(kind, &request).await.and_then(made) {
                    lock(keys).rotated.extend([(owner, key), (owner, id)]);
                }
            }
            Self::Revoke((owner, key)) => {
                let person = &people[owner];
                let fields = format!("account={}&keys%5B%5D={key}&reason=", person.slug);
                let request = form("/api/keys/revoke", &person.cookie, &from, &fields);
                of.timed(kind, &request).await;
            }
        }
    }
}
