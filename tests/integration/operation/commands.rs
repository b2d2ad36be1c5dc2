//! The commands, run as people run them while a server uses the same data (S32, S71).

use crate::{
    browser::{form, get},
    database::{Database, both},
    program::{Program, run},
    world::PASSWORD,
};

/// The part of a `Set-Cookie` that a browser sends back.
fn cookie(line: &str) -> String {
    line.split(';').next().expect("a cookie").to_owned()
}

/// Signs up; returns the cookie.
async fn sign_up(program: &Program, name: &str, email: &str) -> String {
    let fields = [("name", name), ("email", email), ("password", PASSWORD)];
    let answer = program.send(form("/sign-up", &fields)).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    cookie(answer.session_cookie())
}

/// Adds a person to a team; returns the command's output.
fn add(database: &Database, account: &str, email: &str, role: &str) -> Result<String, String> {
    run(
        database,
        &[
            "member",
            "add",
            "--account",
            account,
            "--email",
            email,
            "--role",
            role,
        ],
    )
}

both!(
    people_are_added_while_the_server_runs,
    async |database: Database| {
        let program = Program::start(&database);
        let pia = sign_up(&program, "Pia Reef", "pia@example.com").await;
        let max = sign_up(&program, "Max Tarn", "max@example.com").await;
        let team = form("/home/create-team", &[("name", "Reef Lab")]).header("cookie", &pia);
        assert_eq!(program.send(team).await.status, 303);
        let seen = async || {
            let page = get("/home/reef-lab/api-keys").header("cookie", &max);
            program.send(page).await.status
        };
        assert_eq!(seen().await, 404);
        for (account, email, role, part) in [
            (
                "nowhere",
                "max@example.com",
                "member",
                "there is no account nowhere",
            ),
            (
                "reef-lab",
                "who@example.com",
                "member",
                "there is no person with the email who@example.com",
            ),
            ("reef-lab", "pia@example.com", "owner", "is the primary owner"),
            (
                "reef-lab",
                "max@example.com",
                "primary-owner",
                "must be owner or member",
            ),
            ("reef-lab", "max@example.com", "admin", "must be owner or member"),
        ] {
            let refused = add(&database, account, email, role).expect_err(part);
            assert!(
                refused.starts_with("babysea: ") && refused.contains(part),
                "{refused}"
            );
        }
        assert_eq!(seen().await, 404);
        let printed = add(&database, "reef-lab", "max@example.com", "member").expect("added");
        assert_eq!(printed.trim(), "max@example.com is now member of Reef Lab");
        assert_eq!(seen().await, 200);
        program.stop();
        // It also works without a server.
        let refused = add(&database, "reef-lab", "max@example.com", "owner").expect_err("twice");
        assert!(refused.contains("is in reef-lab already"), "{refused}");
    }
);

both!(
    the_pepper_is_changed_while_keys_go_on_working,
    async |database: Database| {
        let program = Program::start(&database);
        let pia = sign_up(&program, "Pia Reef", "pia@example.com").await;
        let create = form(
            "/api/keys/create",
            &[
                ("account", "pia-reef"),
                ("name", "prod"),
                ("preset", "full_access"),
                ("form_token", "1"),
            ],
        );
        let made = program.send(create.header("cookie", &pia)).await.json();
        let secret = made["secret"].as_str().expect("a secret").to_owned();
        let list = || {
            run(&database, &["pepper", "list"])
                .expect("a list")
                .trim()
                .to_owned()
        };
        let remove = |version: &str| run(&database, &["pepper", "remove", "--version", version]);
        assert_eq!(list(), "version 1: 1 key");
        let printed = run(&database, &["pepper", "add"]).expect("added");
        assert!(printed.starts_with("version 2 was added"), "{printed}");
        let status = async |program: &Program| program.send(get("/v1/status").bearer(&secret)).await.status;
        assert_eq!(status(&program).await, 200, "the server has the file as it was");
        program.stop();

        let program = Program::start(&database);
        assert_eq!(list(), "version 1: 1 key\nversion 2: 0 keys");
        for (version, part) in [
            ("1", "1 stored keys cannot be checked without it"),
            ("2", "has no version 2 to remove"),
            ("3", "has no version 3 to remove"),
        ] {
            let refused = remove(version).expect_err(part);
            assert!(
                refused.contains("PEPPER_FILE") && refused.contains(part),
                "{refused}"
            );
        }
        assert_eq!(status(&program).await, 200, "under the older version");
        // Queued rows are written before the end.
        program.stop();
        assert_eq!(list(), "version 1: 0 keys\nversion 2: 1 key");
        let printed = remove("1").expect("removed");
        assert!(printed.starts_with("version 1 was removed"), "{printed}");
        assert_eq!(list(), "version 2: 1 key");
        let program = Program::start(&database);
        assert_eq!(status(&program).await, 200, "under the only one left");
        program.stop();
    }
);

#[tokio::test]
async fn commands_make_no_database() {
    let database = Database::sqlite();
    for command in [
        &["pepper", "list"][..],
        &["pepper", "remove", "--version", "1"],
        &[
            "member",
            "add",
            "--account",
            "a",
            "--email",
            "a@example.com",
            "--role",
            "owner",
        ],
    ] {
        let refused = run(&database, command).expect_err("no database");
        assert!(refused.contains("there is no database"), "{refused}");
    }
    let refused = run(&database, &["pepper", "add"]).expect_err("no file");
    assert!(
        refused.contains("PEPPER_FILE") && refused.contains("is missing"),
        "{refused}"
    );
    let files = std::fs::read_dir(database.folder()).expect("a folder").count();
    assert_eq!(files, 0, "nothing was made");
}
