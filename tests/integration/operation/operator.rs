//! The commands about people, members and keys, run by the server operator while a server runs.

mod keys;
mod terminal;

use crate::{
    answer::Answer,
    browser::{form, get},
    database::{Database, both},
    program::{Program, run, run_with_input},
    world::PASSWORD,
};

const NEW_PASSWORD: &str = "brass heron walnut glacier";
const BY_OPERATOR: &str = "SELECT action || ' ' || target_name || ' ' || detail FROM activity
    WHERE actor_name = 'Server operator' ORDER BY at, id";

/// A signed-in person.
pub struct Person {
    pub cookie: String,
    pub slug: String,
}

fn cookie(answer: &Answer) -> String {
    let line = answer.session_cookie();
    line.split(';').next().expect("a cookie").to_owned()
}

impl Person {
    pub async fn new(program: &Program, name: &str, email: &str) -> Self {
        let fields = [("name", name), ("email", email), ("password", PASSWORD)];
        let answer = program.send(form("/sign-up", &fields)).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        Self {
            cookie: cookie(&answer),
            slug: answer.location().split('/').nth(2).expect("a slug").to_owned(),
        }
    }

    pub async fn page(&self, program: &Program, slug: &str) -> u16 {
        let page = get(&format!("/home/{slug}/api-keys")).header("cookie", &self.cookie);
        program.send(page).await.status
    }

    /// Creates a key; returns its id and secret.
    pub async fn key(&self, program: &Program, slug: &str, name: &str) -> (String, String) {
        let fields = [
            ("account", slug),
            ("name", name),
            ("preset", "full_access"),
            ("form_token", name),
        ];
        let create = form("/api/keys/create", &fields).header("cookie", &self.cookie);
        let made = program.send(create).await.json();
        let text = |field: &str| {
            let value = made[field].as_str();
            value.unwrap_or_else(|| panic!("{made}")).to_owned()
        };
        (text("id"), text("secret"))
    }
}

pub async fn enter(program: &Program, email: &str, password: &str) -> Answer {
    program
        .send(form("/sign-in", &[("email", email), ("password", password)]))
        .await
}

pub async fn uses(program: &Program, secret: &str) -> u16 {
    program.send(get("/v1/status").bearer(secret)).await.status
}

/// Asserts that a command fails with one sentence that contains `part`.
fn refused(database: &Database, command: &[&str], input: &str, part: &str) {
    let sentence = run_with_input(database, command, input).expect_err(part);
    assert!(
        sentence.starts_with("babysea: ") && sentence.contains(part),
        "{command:?}: {sentence}"
    );
    assert!(!sentence.contains(NEW_PASSWORD), "{sentence}");
}

both!(
    people_are_listed_signed_out_and_given_a_password,
    async |database: Database| {
        let program = Program::start(&database);
        let ada = Person::new(&program, "Ada Moss", "Ada@example.com").await;
        let bo = Person::new(&program, "Bo Lind", "bo@example.com").await;
        let list = run(&database, &["user", "list"]).expect("a list");
        let lines: Vec<_> = list.lines().collect();
        assert_eq!(lines.len(), 3, "{list}");
        assert!(lines[0].starts_with("EMAIL            NAME      SINCE"), "{list}");
        assert!(
            lines[1].starts_with("Ada@example.com  Ada Moss  20") && lines[1].ends_with('1'),
            "{list}"
        );
        assert!(lines[2].starts_with("bo@example.com   Bo Lind   20"), "{list}");
        let json = run(&database, &["user", "list", "--json"]).expect("a list");
        let first: serde_json::Value =
            serde_json::from_str(json.lines().next().expect("a line")).expect("JSON");
        assert_eq!(
            (first["email"].as_str(), first["sessions"].as_str()),
            (Some("Ada@example.com"), Some("1"))
        );

        let sign_out = ["user", "sign-out", "--email", "BO@example.com"];
        refused(
            &database,
            &sign_out,
            "",
            "this would end all sessions of Bo Lind (bo@example.com), who signed up on 20",
        );
        // Without a terminal there is no prompt, whatever the input contains.
        refused(&database, &sign_out, "y\n", "add --yes to confirm");
        refused(
            &database,
            &["user", "sign-out", "--email", "who@example.com", "--yes"],
            "",
            "there is no person with the email who@example.com",
        );
        refused(
            &database,
            &["user", "sign-out", "--email", "who", "--yes"],
            "",
            "who is not an email address",
        );
        refused(
            &database,
            &["user", "sign-out", "--yes"],
            "",
            "the command needs --email",
        );
        assert_eq!(bo.page(&program, &bo.slug).await, 200);
        let printed = run(&database, &[&sign_out[..], &["--yes"]].concat()).expect("signed out");
        assert!(
            printed.starts_with("signed out Bo Lind") && printed.ends_with("; 1 session ended\n"),
            "{printed}"
        );
        assert_eq!(
            bo.page(&program, &bo.slug).await,
            303,
            "their cookie is worth nothing"
        );
        assert_eq!(ada.page(&program, &ada.slug).await, 200, "others stay");
        let again = cookie(&enter(&program, "bo@example.com", PASSWORD).await);

        let password = ["user", "password", "--email", "bo@example.com"];
        refused(
            &database,
            &password,
            NEW_PASSWORD,
            "this would set a new password for Bo Lind (bo@example.com)",
        );
        let password = [&password[..], &["--yes"]].concat();
        for (input, part) in [
            ("", "standard input has no password"),
            ("\n", "standard input has no password"),
            ("short\n", "Use at least 10 characters."),
            ("password1234\n", "Too easy to guess."),
            ("Bo Lind Bo Lind\n", "your name"),
            (&"x".repeat(5_000), "standard input has no password"),
            (&"xy ".repeat(50), "Use at most 128 characters."),
        ] {
            refused(&database, &password, input, part);
        }
        let bo = Person {
            cookie: again,
            slug: bo.slug,
        };
        assert_eq!(
            bo.page(&program, &bo.slug).await,
            200,
            "a refused password changes nothing"
        );
        let input = format!("{NEW_PASSWORD}\n");
        let printed = run_with_input(&database, &password, &input).expect("a new password");
        assert!(
            printed.starts_with("set the new password of Bo Lind")
                && printed.contains(
                    "; 1 session \
                              ended"
                )
                && !printed.contains(NEW_PASSWORD),
            "{printed}"
        );
        assert_eq!(bo.page(&program, &bo.slug).await, 303);
        assert_ne!(
            enter(&program, "bo@example.com", PASSWORD).await.status,
            303,
            "the old one"
        );
        assert_eq!(enter(&program, "bo@example.com", NEW_PASSWORD).await.status, 303);
        let entries = database.texts(BY_OPERATOR).await;
        assert_eq!(
            entries,
            ["auth.signed_out Bo Lind ", "auth.password_changed Bo Lind "]
        );
        let output = String::from_utf8(program.stop()).expect("text");
        assert!(!output.contains(NEW_PASSWORD));
    }
);

both!(
    members_are_listed_changed_and_removed,
    async |database: Database| {
        let program = Program::start(&database);
        let pia = Person::new(&program, "Pia Reef", "pia@example.com").await;
        let max = Person::new(&program, "Max Tarn", "max@example.com").await;
        let team = form("/home/create-team", &[("name", "Reef Lab")]).header("cookie", &pia.cookie);
        assert_eq!(program.send(team).await.status, 303);
        let in_team = |command: &'static str, more: &[&str]| {
            [
                &[
                    "member",
                    command,
                    "--account",
                    "reef-lab",
                    "--email",
                    "max@example.com",
                ],
                more,
            ]
            .concat()
            .iter()
            .map(|&word| word.to_owned())
            .collect::<Vec<_>>()
        };
        let words = |words: &[String]| -> Vec<String> { words.to_vec() };
        let try_it = |command: Vec<String>, part: &str| {
            let command: Vec<_> = command.iter().map(String::as_str).collect();
            refused(&database, &command, "", part);
        };
        let done = |command: Vec<String>| {
            let command: Vec<_> = command.iter().map(String::as_str).collect();
            run(&database, &command).unwrap_or_else(|error| panic!("{error}"))
        };
        try_it(
            in_team("remove", &["--yes"]),
            "max@example.com is not in reef-lab",
        );
        done(in_team("add", &["--role", "member"]));
        assert_eq!(max.page(&program, "reef-lab").await, 200);
        let list = run(&database, &["member", "list", "--account", "reef-lab"]).expect("a list");
        let lines: Vec<_> = list.lines().collect();
        assert!(
            lines.len() == 3
                && lines[1].starts_with("primary owner  pia@example.com  Pia Reef")
                && lines[2].starts_with("member         max@example.com  Max Tarn"),
            "{list}"
        );
        refused(
            &database,
            &["member", "list", "--account", "nowhere"],
            "",
            "there is no account nowhere",
        );

        let create = form(
            "/api/keys/create",
            &[
                ("account", "reef-lab"),
                ("name", "x"),
                ("preset", "full_access"),
                ("form_token", "1"),
            ],
        );
        assert_eq!(
            program.send(create.header("cookie", &max.cookie)).await.status,
            403
        );
        try_it(
            in_team("role", &["--role", "owner"]),
            "this would change the role of Max Tarn (max@example.com), member of Reef Lab since 20",
        );
        try_it(
            in_team("role", &["--role", "member", "--yes"]),
            "is already member",
        );
        try_it(
            in_team("role", &["--role", "admin", "--yes"]),
            "must be owner or member",
        );
        assert_eq!(
            done(in_team("role", &["--role", "owner", "--yes"])),
            "max@example.com is now owner of Reef Lab\n"
        );
        let (_, secret) = max.key(&program, "reef-lab", "madebymax").await;

        for command in ["remove", "role"] {
            let mut words = words(&in_team(command, &["--yes"]));
            "pia@example.com".clone_into(&mut words[5]);
            if command == "role" {
                words.extend(["--role".to_owned(), "member".to_owned()]);
            }
            try_it(words, "is the primary owner of reef-lab, which always has one");
        }
        try_it(
            in_team("remove", &[]),
            "this would remove Max Tarn (max@example.com), owner of Reef Lab since 20",
        );
        assert_eq!(max.page(&program, "reef-lab").await, 200);
        let printed = done(in_team("remove", &["--yes"]));
        assert!(
            printed.contains("the keys they created stay with the team"),
            "{printed}"
        );
        assert_eq!(max.page(&program, "reef-lab").await, 404);
        assert_eq!(uses(&program, &secret).await, 200);
        let entries = database.texts(BY_OPERATOR).await;
        assert_eq!(
            entries,
            [
                "membership.joined Max Tarn as member",
                "membership.role_changed Max Tarn from member to owner",
                "membership.removed Max Tarn was owner",
            ]
        );
        program.stop();
    }
);
