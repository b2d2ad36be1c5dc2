//! The first start with the real program: several at the same moment, and one that is killed (S91).

use crate::{
    browser::{form, get},
    database::{Database, both},
    program::{BINARY, Program, command},
    rounds::rounds,
    world::PASSWORD,
};
use std::{fs, process::Stdio, thread, time::Duration};

/// Signs up and creates a key; returns it.
async fn key(program: &Program, name: &str) -> String {
    let email = format!("{name}@example.com");
    let fields = [("name", name), ("email", &email), ("password", PASSWORD)];
    let answer = program.send(form("/sign-up", &fields)).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let cookie = answer
        .session_cookie()
        .split(';')
        .next()
        .expect("a cookie")
        .to_owned();
    let fields = [
        ("account", name),
        ("name", "prod"),
        ("preset", "full_access"),
        ("form_token", "1"),
    ];
    let create = form("/api/keys/create", &fields).header("cookie", &cookie);
    let made = program.send(create).await.json();
    made["secret"].as_str().expect("a secret").to_owned()
}

async fn status(program: &Program, key: &str) -> u16 {
    program.send(get("/v1/status").bearer(key)).await.status
}

fn files(database: &Database) -> Vec<String> {
    let entries = fs::read_dir(database.folder()).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .filter(|name| !name.starts_with("babysea.db"))
        .collect();
    names.sort();
    names
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn servers_that_start_at_the_same_time_have_one_pepper() {
    for _ in 0..rounds(2) {
        let database = Database::postgres().await;
        let start = |count: u32| -> Vec<Program> {
            thread::scope(|scope| {
                let threads: Vec<_> = (0..count)
                    .map(|_| scope.spawn(|| Program::start(&database)))
                    .collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().expect("it serves"))
                    .collect()
            })
        };
        let first = start(4);
        let mut keys = Vec::new();
        for (n, program) in first.iter().enumerate() {
            keys.push(key(program, &format!("person{n}")).await);
        }
        assert_eq!(files(&database), ["pepper"], "nothing else is left");
        let works_on = async |programs: &[Program]| {
            for program in programs {
                for key in &keys {
                    assert_eq!(status(program, key).await, 200);
                }
            }
        };
        works_on(&first).await;
        for program in first {
            program.stop();
        }
        let again = start(2);
        works_on(&again).await;
    }
}

both!(
    after_a_first_start_that_was_killed_the_next_one_serves,
    async |database: Database| {
        // Each round has another delay, from before the first file is written to after the server serves.
        for round in 0..rounds(5) {
            let fresh = if database.is_postgres() {
                Database::postgres().await
            } else {
                Database::sqlite()
            };
            let mut killed = command(BINARY)
                .args([
                    "--listen",
                    "127.0.0.1:0",
                    "--database-url",
                    &fresh.url(),
                    "--data-dir",
                ])
                .arg(fresh.folder())
                .stderr(Stdio::null())
                .spawn()
                .expect("the program starts");
            thread::sleep(Duration::from_millis(u64::from(round * 26 % 130)));
            killed.kill().expect("killed");
            killed.wait().expect("its end");
            let program = Program::start(&fresh);
            let key = key(&program, "pia").await;
            assert_eq!(status(&program, &key).await, 200, "round {round}");
            program.stop();
            let program = Program::start(&fresh);
            assert_eq!(status(&program, &key).await, 200, "round {round}");
            assert_eq!(files(&fresh), ["pepper"], "round {round}");
        }
    }
);
