//! A password change during a sign-in with the old password: no session is created (S10, S13).

use crate::{
    database::{Database, both},
    world::{CHEAP, PASSWORD, World},
};
use babysea::{
    domain::{activity::Trace, client_network::Network, password::Password},
    server::{
        app::Parts,
        dashboard::session::{self, SessionTable},
        service::{
            operator::Operator,
            sign_in::{self, Try},
        },
    },
};
use std::sync::Arc;
use tower_sessions::Session;

const EMAIL: &str = "ada-moss@example.com";
const OTHER: &str = "brass heron walnut glacier beside nine silver kettles and a violet umbrella in the rain";
const SESSIONS: &str = "SELECT COUNT(*) FROM sessions";

/// Sets another password, as `babysea user password` does.
async fn change_password(world: &World, password: &str) {
    let parts = Parts {
        clock: world.clock.clone(),
        rng: world.app.rng.clone(),
        cost: CHEAP,
    };
    let operator = Operator {
        store: &world.app.store,
        config: &world.app.config,
        parts: &parts,
    };
    let person = operator.person(EMAIL).await.expect("a person");
    let password = Password::new(password.to_owned());
    let changed = operator.set_password(&person, &password).await;
    changed.unwrap_or_else(|error| panic!("{error}"));
}

both!(the_old_password_creates_no_session, async |database: Database| {
    let world = World::on(database).await;
    world.person("Ada Moss").await;
    let judged = async |password: &str| {
        let password = Password::new(password.to_owned());
        let trace = Trace {
            request_id: "req_1".to_owned(),
            ip_hash: None,
        };
        let attempt = Try {
            email: EMAIL,
            password: &password,
            network: Network::Unreadable,
            known: "",
            trace: &trace,
        };
        sign_in::sign_in(&world.app, attempt).await.expect("it is right")
    };
    let browser = || Session::new(None, Arc::new(SessionTable::new(world.app.clone())), None);

    let entered = judged(PASSWORD).await;
    change_password(&world, OTHER).await;
    let late = browser();
    let begun = session::begin(&late, entered.user, &entered.password_hash).await;
    assert!(begun.is_err(), "{begun:?}");
    assert!(late.save().await.is_err(), "nor when it is saved once more");
    assert_eq!(world.database.number(SESSIONS).await, 0);

    let entered = judged(OTHER).await;
    let begun = session::begin(&browser(), entered.user, &entered.password_hash).await;
    assert!(begun.is_ok(), "{begun:?}");
    let data = world.database.text("SELECT data FROM sessions").await;
    assert_eq!(
        data,
        format!(r#"{{"user":"{}"}}"#, entered.user),
        "and nothing of the password is kept"
    );
});

both!(
    at_the_same_time_one_of_both_is_first,
    async |database: Database| {
        let world = World::on(database).await;
        world.person("Ada Moss").await;
        let (mut old, mut new) = (PASSWORD, OTHER);
        for round in 0..12 {
            let browser = world.anonymous();
            let fields = [("email", EMAIL), ("password", old)];
            let (answer, ()) = tokio::join!(browser.post("/sign-in", &fields), change_password(&world, new));
            assert!(
                [303, 422, 503].contains(&answer.status),
                "{round}: {}",
                answer.text()
            );
            let left = world.database.number(SESSIONS).await;
            assert_eq!(left, 0, "{round}: {}", answer.status);
            // Failures must not cause a wait in the next round.
            world.advance(3_600_000);
            (old, new) = (new, old);
        }
        let fields = [("email", EMAIL), ("password", old)];
        assert_eq!(world.anonymous().post("/sign-in", &fields).await.status, 303);
        assert_eq!(world.database.number(SESSIONS).await, 1);
    }
);
