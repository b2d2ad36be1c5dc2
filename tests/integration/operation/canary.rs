//! Secrets leave no trace (S8, S30, S68): searches all stored data and all output of the program for them.

use crate::{
    browser::{form, get},
    database::{Database, both},
    program::Program,
    world::PASSWORD,
};
use std::{fs, io, path::Path};

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("the data folder");
    let file = |entry: io::Result<fs::DirEntry>| {
        let path = entry.expect("an entry").path();
        (path.display().to_string(), fs::read(&path).expect("a file"))
    };
    entries.map(file).collect()
}

/// All stored data: the files of the data folder, and the tables of PostgreSQL.
async fn kept(database: &Database) -> Vec<(String, Vec<u8>)> {
    let mut places = files(database.folder());
    if database.is_postgres() {
        let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
        for table in database.texts(tables).await {
            let rows = database.texts(&format!("SELECT t::text FROM {table} AS t")).await;
            places.push((table, rows.join("\n").into_bytes()));
        }
    }
    places
}

both!(
    secrets_are_in_no_file_no_table_and_no_line_of_the_log,
    async |database: Database| {
        let program = Program::start(&database);
        let keys = "/home/ada-moss/api-keys";
        let fields = [
            ("name", "Ada Moss"),
            ("email", "ada@example.com"),
            ("password", PASSWORD),
        ];
        let answer = program.send(form("/sign-up", &fields)).await;
        assert_eq!(
            (answer.status, answer.location()),
            (303, keys),
            "{}",
            answer.text()
        );
        let cookie = answer
            .session_cookie()
            .split(';')
            .next()
            .expect("a cookie")
            .to_owned();
        let typed = "another moss for the quartz lantern";
        let wrong = [("email", "ada@example.com"), ("password", typed)];
        assert_eq!(program.send(form("/sign-in", &wrong)).await.status, 422);

        // A key through each entry point, and the second form sent twice.
        let fields = [
            ("account", "ada-moss"),
            ("name", "canary"),
            ("preset", "full_access"),
            ("form_token", "1"),
        ];
        let answer = program
            .send(form("/api/keys/create", &fields).header("cookie", &cookie))
            .await;
        let called = answer.json()["secret"].as_str().expect("a secret").to_owned();
        let fields = [
            ("name", "canary"),
            ("preset", "monitor_only"),
            ("form_token", "2"),
        ];
        let post = || form(keys, &fields).header("cookie", &cookie);
        let page = program.send(post()).await;
        let posted = page.id("kept-key").text;
        assert_eq!(program.send(post()).await.status, 409);

        // Keys that are accepted, refused, and in wrong parts of a request.
        assert_eq!(program.send(get("/v1/status").bearer(&called)).await.status, 200);
        assert_eq!(program.send(get("/v1/status").bearer(&posted)).await.status, 403);
        let unknown = babysea::domain::token::generate("bye_", |bytes| bytes.fill(7))
            .expose()
            .to_owned();
        assert_eq!(program.send(get("/v1/status").bearer(&unknown)).await.status, 401);
        let (name, value) = cookie.split_once('=').expect("a value");
        let elsewhere = get(&format!("/v1/status?api_key={called}"))
            .header("x-api-key", &called)
            .header("user-agent", &called)
            .header("cookie", &format!("{name}={called}"));
        assert_eq!(program.send(elsewhere).await.status, 401);
        for path in ["", "/v1", "/home", "/pkg"] {
            let answer = program.send(get(&format!("{path}/{called}"))).await;
            assert_eq!(
                (answer.status, answer.text().contains(&called)),
                (404, false),
                "{path}"
            );
        }
        let swapped = [("email", called.as_str()), ("password", &called)];
        assert_eq!(
            program.send(form("/api/session/sign-in", &swapped)).await.status,
            422
        );

        // Keys typed into fields that are stored.
        let id = answer.json()["id"].as_str().expect("an id").to_owned();
        for path in ["/api/keys/revoke".to_owned(), format!("{keys}?dialog=revoke")] {
            let reason = format!("found {called}");
            let fields = [
                ("account", "ada-moss"),
                ("keys[]", id.as_str()),
                ("reason", &reason),
            ];
            let refused = program.send(form(&path, &fields).header("cookie", &cookie)).await;
            assert_eq!(refused.status, 422, "{path}");
        }
        for path in ["/api/keys/create", keys] {
            let fields = [
                ("account", "ada-moss"),
                ("name", called.as_str()),
                ("preset", "full_access"),
                ("form_token", "3"),
            ];
            let refused = program.send(form(path, &fields).header("cookie", &cookie)).await;
            assert_eq!(refused.status, 422, "{path}");
        }
        let search = get(&format!("/home/ada-moss/activity?search={called}"));
        assert_eq!(program.send(search.header("cookie", &cookie)).await.status, 303);

        // The database fails during requests with keys.
        database.execute("ALTER TABLE api_keys RENAME TO gone").await;
        // A key that is not cached.
        let failed = program.send(get("/v1/status").bearer(&unknown)).await;
        assert_eq!(failed.status, 503);
        assert_eq!(program.send(post()).await.status, 503);
        database.execute("ALTER TABLE gone RENAME TO api_keys").await;

        let mut places = kept(&database).await;
        let log = program.stop();
        for line in [
            failed.header("x-request-id"),
            "INSERT INTO api_keys",
            "a key could not be checked",
            "the database failed",
        ] {
            assert!(holds(&log, line), "{line} is not in the log");
        }
        places.extend(kept(&database).await);
        let found = |text: &str| places.iter().filter(|(_, bytes)| holds(bytes, text)).count();
        assert!(
            found("canary") > 0 && found("ada@example.com") > 0,
            "the search finds what is there"
        );
        places.push(("the log".to_owned(), log));
        for (what, secret) in [
            ("a key", called.as_str()),
            ("a key without scripts", &posted),
            ("an unknown key", &unknown),
            ("a key's random part", &called[9..41]),
            ("a password", PASSWORD),
            ("a password in a form", &PASSWORD.replace(' ', "+")),
            ("a wrong password", typed),
            ("a cookie", value),
        ] {
            for (place, bytes) in &places {
                assert!(!holds(bytes, secret), "{what} is in {place}");
            }
        }
    }
);
