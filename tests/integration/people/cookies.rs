//! Cookies belong to a host, not to a port: those of other programs and of other copies of this one (S9).

use crate::{
    browser::get,
    database::{Database, both},
    world::{HTTPS_ORIGIN, Setup, World},
};
use axum::http::HeaderValue;
use tower_sessions::session::Id;

/// The cookie of a Flask program.
const FLASK: &str = "eyJ1IjoxfQ.Zq.abc";

both!(
    of_several_cookies_the_known_one_counts,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let own = format!("babysea-3000={}", ada.session().expect("a session"));
        let unknown = || format!("babysea-3000={}", Id::default());
        for cookies in [
            own.clone(),
            format!("session={FLASK}; {own}"),
            format!("{own}; session={FLASK}"),
            format!("babysea-3000={FLASK}; {own}"),
            format!("{own}; babysea-3000={FLASK}"),
            format!("{}; {own}", unknown()),
            format!("{own}; {}", unknown()),
            format!("{own}; {own}; babysea-3000="),
            format!("{}; babysea-3000=x; {own}; {}", unknown(), unknown()),
            format!("babysea-3001={}; {own}; babysea-3001-theme=dark", Id::default()),
            format!("n=é; {own}"),
            format!("n=é; {own}; babysea-3000=x"),
        ] {
            let answer = world.send(get(&ada.keys()).header("cookie", &cookies)).await;
            assert_eq!(answer.status, 200, "{cookies}");
            assert_eq!(answer.all("set-cookie"), Vec::<&str>::new(), "{cookies}");
        }
        let latin = [b"n=\xe9; ", own.as_bytes()].concat();
        let latin = HeaderValue::from_bytes(&latin).expect("a header's value");
        let odd = get(&ada.keys()).raw_header("cookie", latin);
        assert_eq!(world.send(odd).await.status, 200);
        let lines = get(&ada.keys())
            .header("cookie", &unknown())
            .header("cookie", &own)
            .header("cookie", &format!("babysea-3000={FLASK}"));
        assert_eq!(world.send(lines).await.status, 200);
        // There is a limit to what one request can ask the database.
        let mut many: Vec<_> = (0..8).map(|_| unknown()).collect();
        many.push(own);
        let answer = world
            .send(get(&ada.keys()).header("cookie", &many.join("; ")))
            .await;
        assert_eq!(answer.status, 303);
    }
);

#[tokio::test]
async fn cookies_of_other_programs_are_left_alone() {
    for (origin, name) in [
        (crate::world::ORIGIN, "babysea-3000"),
        (HTTPS_ORIGIN, "__Host-session"),
    ] {
        let setup = Setup {
            origin,
            ..Setup::default()
        };
        let world = World::with(Database::sqlite(), setup).await;
        for cookies in [
            format!("session={FLASK}"),
            format!("{name}={FLASK}"),
            format!("{name}=; {name}=x"),
            format!("babysea-3001={}", Id::default()),
            "done=1; theme=dark; known=~; signed-out=done".to_owned(),
        ] {
            for path in ["/sign-in", "/", "/home/ada-moss/api-keys", "/nowhere"] {
                let answer = world.send(get(path).header("cookie", &cookies)).await;
                assert_eq!(answer.all("set-cookie"), Vec::<&str>::new(), "{cookies} {path}");
                assert!(!answer.text().contains("data-theme"), "{cookies} {path}");
            }
        }
    }
}
