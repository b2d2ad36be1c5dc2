//! The table of states and actions of the domain, over HTTP.

use crate::{
    answer::{Answer, holds_a_key},
    browser::{Browser, Made},
    database::{Database, both},
    world::World,
};
use babysea::{
    domain::key::{Key, KeyStatus, Transition},
    server::store::Tables as _,
};

/// Entry point of a form: the server function with scripts, or the page without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EntryPoint {
    Function,
    Page,
}

/// Performs a transition as a person.
async fn perform(ada: &Browser<'_>, entry_point: EntryPoint, transition: Transition, key: &Made) -> Answer {
    let (function, dialog, id, field) = match transition {
        Transition::Rotate => ("rotate", "rotate", "key", ("grace", "1")),
        Transition::Reissue => ("reissue", "reissue", "key", ("grace", "")),
        Transition::ChangeGrace => ("change-grace", "grace", "key", ("grace", "0")),
        Transition::Revoke => ("revoke", "revoke", "keys[]", ("reason", "")),
        Transition::Delete => ("delete", "delete", "keys[]", ("confirm", "prod")),
    };
    let path = match entry_point {
        EntryPoint::Function => format!("/api/keys/{function}"),
        EntryPoint::Page => format!("{}?dialog={dialog}", ada.keys()),
    };
    let token = ada.form_token().await;
    let fields = [
        ("account", ada.slug.as_str()),
        (id, key.id.as_str()),
        ("form_token", token.as_str()),
        field,
    ];
    ada.post(&path, &fields).await
}

/// Status of a successful transition: pages redirect, unless they show a secret.
fn done(entry_point: EntryPoint, transition: Transition) -> u16 {
    match (entry_point, transition) {
        (EntryPoint::Page, Transition::ChangeGrace | Transition::Revoke | Transition::Delete) => 303,
        _ => 200,
    }
}

/// The key as a domain value.
async fn read(world: &World, key: &Made) -> Key {
    let account = world.database.text("SELECT id FROM accounts").await;
    let (account, id) = (account.parse().expect("an id"), key.id.parse().expect("an id"));
    let mut store = world.app.store.read().await.expect("the database");
    let found = store.keys().by_id(account, id).await.expect("an answer");
    found.expect("the key")
}

/// SQL that puts a new key into a state, with values of the columns that do not matter for it.
fn columns(status: KeyStatus) -> &'static [&'static str] {
    match status {
        KeyStatus::Active => &["name = name", "last_used_at = 1", "expires_at = 9000000000000"],
        KeyStatus::Rotated => &[
            "rotated_at = created_at, grace_ends_at = 9000000000000",
            "rotated_at = created_at, grace_ends_at = 9000000000000, expires_at = 9000000000000, last_used_at = 1",
        ],
        KeyStatus::Expired => &[
            "expires_at = 1",
            "rotated_at = 1, grace_ends_at = 2",
            "rotated_at = 1, grace_ends_at = 9000000000000, expires_at = 2",
        ],
        KeyStatus::Revoked => &[
            "revoked_at = 1",
            "revoked_at = 2, rotated_at = 1, grace_ends_at = 9000000000000",
            "revoked_at = 1, expires_at = 1",
        ],
    }
}

async fn table(database: Database, entry_point: EntryPoint) {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let changes = "SELECT COUNT(*) FROM activity";
    for state in KeyStatus::ALL {
        for column in columns(state) {
            for transition in Transition::ALL {
                let key = ada.made("prod").await;
                let sql = format!("UPDATE api_keys SET {column} WHERE id = '{}'", key.id);
                world.database.execute(&sql).await;
                let case = format!("{entry_point:?}, {transition:?}, {column}");
                let before = read(&world, &key).await;
                assert_eq!(before.status(world.app.now()), state, "{case}");
                let allowed = before.allows(transition, world.app.now());
                let noted = world.database.number(changes).await;

                let answer = perform(&ada, entry_point, transition, &key).await;
                let expected = if allowed {
                    done(entry_point, transition)
                } else {
                    409
                };
                assert_eq!(answer.status, expected, "{case}: {}", answer.text());
                let more = world.database.number(changes).await - noted;
                // A rotation has an entry for the key and one for its replacement.
                let each = if transition == Transition::Rotate { 2 } else { 1 };
                assert_eq!(more, if allowed { each } else { 0 }, "{case}: activity");
                if !allowed {
                    assert!(!holds_a_key(answer.text()), "{case}");
                }

                // Whether the secret works afterwards: only a rotation keeps it working.
                let lives = state.is_live() && (!allowed || transition == Transition::Rotate);
                assert_eq!(world.code(&key).await == 200, lives, "{case}");
                if !allowed {
                    assert_eq!(
                        format!("{before:?}"),
                        format!("{:?}", read_again(&world, &key, &before).await),
                        "{case}"
                    );
                }
                if transition != Transition::Delete || !allowed {
                    assert_eq!(ada.delete(&[&key.id], "prod").await.status, 200, "{case}");
                }
            }
        }
    }
}

both!(
    every_state_allows_what_the_domain_says_by_its_functions,
    async |database: Database| table(database, EntryPoint::Function).await
);

both!(
    every_state_allows_what_the_domain_says_without_scripts,
    async |database: Database| table(database, EntryPoint::Page).await
);

/// Reads the key again, with the last use of `before`, because checking whether it works is a use.
async fn read_again(world: &World, key: &Made, before: &Key) -> Key {
    Key {
        last_used_at: before.last_used_at,
        ..read(world, key).await
    }
}
