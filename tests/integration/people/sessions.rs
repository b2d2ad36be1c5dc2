//! Sessions: the cookie, and that an ended session never comes back.

use crate::{
    answer::is_session,
    browser::{form, get},
    database::{Database, both},
    world::{HTTPS_ORIGIN, PASSWORD, Setup, World},
};
use babysea::server::dashboard::session::SessionTable;
use std::collections::{BTreeSet, HashMap};
use tower_sessions::{
    SessionStore as _,
    session::{Id, Record},
};

const COUNT: &str = "SELECT COUNT(*) FROM sessions";

fn https() -> Setup {
    Setup {
        origin: HTTPS_ORIGIN,
        ..Setup::default()
    }
}

/// Name and attributes of a cookie, without its lifetime.
fn attributes(line: &str) -> (String, BTreeSet<String>) {
    let mut parts = line.split("; ");
    let name = parts
        .next()
        .and_then(|pair| pair.split_once('='))
        .expect("a cookie")
        .0;
    let rest = parts.filter(|part| !part.starts_with("Max-Age=") && !part.starts_with("Expires="));
    (name.to_owned(), rest.map(str::to_owned).collect())
}

fn expected(name: &str, attributes: &[&str]) -> (String, BTreeSet<String>) {
    (
        name.to_owned(),
        attributes.iter().map(|&text| text.to_owned()).collect(),
    )
}

#[tokio::test]
async fn the_cookie_is_as_strict_as_the_origin_allows() {
    for (setup, cookie) in [
        (
            Setup::default(),
            expected("babysea-3000", &["HttpOnly", "SameSite=Lax", "Path=/"]),
        ),
        (
            https(),
            expected(
                "__Host-session",
                &["HttpOnly", "SameSite=Lax", "Path=/", "Secure"],
            ),
        ),
    ] {
        let world = World::with(Database::sqlite(), setup).await;
        let browser = world.anonymous();
        let fields = [
            ("name", "Ada Moss"),
            ("email", "ada@example.com"),
            ("password", PASSWORD),
        ];
        let up = browser.post("/sign-up", &fields).await;
        assert_eq!(attributes(up.session_cookie()), cookie, "sign-up");
        let signed_in = world.anonymous().sign_in("ada@example.com", PASSWORD).await;
        assert_eq!(attributes(signed_in.session_cookie()), cookie, "sign-in");
        let called = world.anonymous().post("/api/session/sign-in", &fields).await;
        assert_eq!(attributes(called.session_cookie()), cookie, "the function");
        // Browsers only accept a removal with the attributes that the name's prefix requires.
        let out = browser.post("/sign-out", &[]).await;
        let mut lines = out.all("set-cookie");
        lines.retain(|line| is_session(line));
        for line in &lines {
            assert!(line.contains("Max-Age=0"), "{line}");
        }
        let removals: Vec<_> = lines.into_iter().map(attributes).collect();
        assert!(removals.contains(&cookie), "{removals:?}");
    }
}

#[tokio::test]
async fn reading_pages_sets_no_session_cookie() {
    let world = World::sqlite().await;
    for path in [
        "/",
        "/sign-in",
        "/sign-up",
        "/nowhere",
        "/home/ada/api-keys",
        "/v1/status",
        "/healthz",
    ] {
        let answer = world.anonymous().get(path).await;
        assert_eq!(answer.all("set-cookie"), Vec::<&str>::new(), "{path}");
    }
    assert_eq!(world.database.number(COUNT).await, 0);
}

both!(
    signing_in_and_up_gives_a_new_id_and_ends_the_old,
    async |database: Database| {
        let world = World::on(database).await;
        let person = world.person("Ada Moss").await;
        let first = person.copy();
        assert_eq!(person.sign_in(&person.email, PASSWORD).await.status, 303);
        assert_ne!(person.session(), first.session());
        assert!(person.is_signed_in().await);
        assert!(!first.is_signed_in().await);

        let second = person.copy();
        let fields = [
            ("name", "Bea Reef"),
            ("email", "bea@example.com"),
            ("password", PASSWORD),
        ];
        assert_eq!(person.post("/api/session/sign-up", &fields).await.status, 200);
        assert_ne!(person.session(), second.session());
        assert!(!second.is_signed_in().await);
        assert_eq!(world.database.number(COUNT).await, 1, "one browser, one session");
    }
);

both!(a_wrong_password_ends_nothing, async |database: Database| {
    let world = World::on(database).await;
    let person = world.person("Ada Moss").await;
    assert_eq!(person.sign_in(&person.email, "wrong").await.status, 422);
    assert!(person.is_signed_in().await);
});

both!(a_planted_id_is_never_taken_over, async |database: Database| {
    let world = World::on(database).await;
    let email = world.person("Ada Moss").await.email.clone();
    let planted = Id::default().to_string();
    let victim = world.anonymous();
    victim.plant("babysea-3000", &planted);
    let attacker = victim.copy();
    assert_eq!(victim.sign_in(&email, PASSWORD).await.status, 303);
    let now = victim.session().expect("a cookie");
    assert_ne!(now, planted);
    assert_eq!(victim.get("/home/ada-moss/api-keys").await.status, 200);
    assert_eq!(attacker.get("/home/ada-moss/api-keys").await.status, 303);
});

#[tokio::test]
async fn the_table_takes_no_id_that_it_did_not_make() {
    let world = World::sqlite().await;
    let given = Id::default();
    let mut record = Record {
        id: given,
        data: HashMap::new(),
        expiry_date: time::OffsetDateTime::UNIX_EPOCH,
    };
    let table = SessionTable::new(world.app.clone());
    table.create(&mut record).await.expect("a session");
    assert_ne!(record.id, given);
    assert!(table.load(&record.id).await.expect("an answer").is_some());
    assert_eq!(table.load(&given).await.expect("an answer"), None);
}

#[tokio::test]
async fn a_cookie_without_a_session_id_signs_nobody_in() {
    let world = World::sqlite().await;
    let person = world.person("Ada Moss").await;
    for value in ["", "x", "AAAA", "%00", "' OR 1=1 --", &"A".repeat(4_000)] {
        let answer = world
            .send(get(&person.keys()).header("cookie", &format!("babysea-3000={value}")))
            .await;
        assert_eq!(answer.status, 303, "{value}");
    }
}

both!(
    the_store_keeps_only_a_digest_of_the_id,
    async |database: Database| {
        let world = World::on(database).await;
        let person = world.person("Ada Moss").await;
        let cookie = person.session().expect("a cookie");
        let id: Id = cookie.parse().expect("an id");
        let hex = if world.database.is_postgres() {
            "encode(id_hash, 'hex')"
        } else {
            "lower(hex(id_hash))"
        };
        let stored = world
            .database
            .texts(&format!("SELECT {hex} || data FROM sessions"))
            .await
            .remove(0);
        assert_eq!(stored.find('{'), Some(64), "32 bytes: {stored}");
        let plain = hex::encode(id.0.to_le_bytes());
        assert!(
            !stored.contains(&plain) && !stored.contains(&id.to_string()),
            "{stored}"
        );
    }
);

both!(
    after_signing_out_the_old_cookie_is_dead_even_if_a_request_saves_late,
    async |database: Database| {
        let world = World::on(database).await;
        let person = world.person("Ada Moss").await;
        let elsewhere = world.anonymous();
        elsewhere.sign_in(&person.email, PASSWORD).await;
        let old = person.copy();

        // A request in flight loads its session before the sign-out, and saves it afterwards.
        let table = SessionTable::new(world.app.clone());
        let cookie = old.session().expect("a cookie");
        let id: Id = cookie.parse().expect("an id");
        let record = table.load(&id).await.expect("an answer").expect("a session");

        let out = person.post("/sign-out", &[]).await;
        assert_eq!((out.status, out.location()), (303, "/sign-in"));
        assert_eq!(out.header("clear-site-data"), "\"storage\"");
        assert_eq!(person.session(), None);
        table.save(&record).await.expect("ignored");

        assert!(!old.is_signed_in().await);
        assert_eq!(table.load(&id).await.expect("an answer"), None);
        assert_eq!(
            elsewhere.get(&person.keys()).await.status,
            200,
            "other browsers stay signed in"
        );
        // Signing out again, or without a session, is no error.
        assert_eq!(old.post("/sign-out", &[]).await.status, 303);
        assert_eq!(world.anonymous().post("/sign-out", &[]).await.status, 303);
    }
);

#[tokio::test]
async fn a_stale_cookie_is_removed_with_its_attributes() {
    let world = World::with(Database::sqlite(), https()).await;
    let browser = world.anonymous();
    browser.plant("__Host-session", &Id::default().to_string());
    let answer = browser.get("/home/ada/api-keys").await;
    assert_eq!(answer.status, 303);
    let mut lines = answer.all("set-cookie");
    lines.retain(|line| is_session(line));
    assert!(!lines.is_empty());
    for line in lines {
        let (name, attributes) = attributes(line);
        assert_eq!(name, "__Host-session");
        assert!(
            attributes.contains("Secure") && attributes.contains("Path=/"),
            "{line}"
        );
    }
}

both!(
    a_session_that_cannot_be_stored_is_no_sign_in,
    async |database: Database| {
        let world = World::on(database).await;
        let email = world.person("Ada Moss").await.email.clone();
        world
            .database
            .execute("ALTER TABLE sessions RENAME TO gone")
            .await;
        for path in ["/sign-in", "/api/session/sign-in"] {
            let answer = world
                .send(form(path, &[("email", &email), ("password", PASSWORD)]))
                .await;
            assert_eq!(answer.all("set-cookie"), Vec::<&str>::new(), "{path}");
            assert_eq!(
                (answer.status, answer.header("retry-after")),
                (503, "2"),
                "{path}: {}",
                answer.text()
            );
        }
        world
            .database
            .execute("ALTER TABLE gone RENAME TO sessions")
            .await;
        assert_eq!(world.anonymous().sign_in(&email, PASSWORD).await.status, 303);
    }
);

#[tokio::test]
async fn a_failed_sign_out_is_reported() {
    let world = World::sqlite().await;
    let person = world.person("Ada Moss").await;
    world.app.store.close().await;
    let answer = person.post("/sign-out", &[]).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), "2");
    assert_eq!(answer.all("set-cookie"), Vec::<&str>::new());
}

both!(
    a_key_never_authenticates_the_dashboard,
    async |database: Database| {
        let world = World::on(database).await;
        let person = world.person("Ada Moss").await;
        let key = person.key("prod", "full_access").await;
        assert_eq!(world.status(&key).await.status, 200);
        let page = world.send(get(&person.keys()).bearer(&key)).await;
        assert_eq!(page.status, 303, "{}", page.location());
        let posted = world
            .send(form(&person.keys(), &[("name", "more"), ("preset", "full_access")]).bearer(&key))
            .await;
        assert_eq!(posted.status, 303);
        let fields = [
            ("account", "ada-moss"),
            ("name", "more"),
            ("preset", "full_access"),
            ("form_token", "t"),
        ];
        let called = world.send(form("/api/keys/create", &fields).bearer(&key)).await;
        assert_eq!(called.status, 401);
        let cookie = world
            .send(get(&person.keys()).header("cookie", &format!("babysea-3000={key}")))
            .await;
        assert_eq!(cookie.status, 303);
        assert_eq!(world.database.number("SELECT COUNT(*) FROM api_keys").await, 1);
    }
);
