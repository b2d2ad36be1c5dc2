//! Prompts of commands on a terminal, which `script` (util-linux) provides.

use super::{NEW_PASSWORD, Person, enter};
use crate::{
    database::Database,
    program::{self, BINARY, Program},
    world::PASSWORD,
};
use std::{
    io::{Read as _, Write as _},
    process::{Child, ChildStdout, Stdio},
};

/// A command that runs on a terminal.
struct Terminal {
    process: Child,
    output: ChildStdout,
    seen: String,
}

impl Terminal {
    fn run(database: &Database, command: &str) -> Self {
        let line = format!(
            "{} {command} --database-url {} --data-dir {}",
            BINARY,
            database.url(),
            database.folder().display()
        );
        let mut process = program::command("script")
            .args(["--quiet", "--return", "--command", &line, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script runs (util-linux)");
        let output = process.stdout.take().expect("its output");
        Self {
            process,
            output,
            seen: String::new(),
        }
    }

    /// Waits for a prompt, and types the answer.
    fn answer(&mut self, question: &str, answer: &str) {
        let from = self.seen.len();
        let mut byte = [0];
        while !self.seen[from..].contains(question) {
            let read = self.output.read(&mut byte).expect("its output");
            assert_eq!(read, 1, "it never asked {question}: {}", self.seen);
            self.seen.push(char::from(byte[0]));
        }
        let input = self.process.stdin.as_mut().expect("its input");
        input.write_all(answer.as_bytes()).expect("it reads");
    }

    /// Whether the command succeeded, and the terminal's output.
    fn end(mut self) -> (bool, String) {
        let mut rest = Vec::new();
        self.output.read_to_end(&mut rest).expect("its output");
        self.seen.push_str(&String::from_utf8_lossy(&rest));
        let status = self.process.wait().expect("its end");
        (status.success(), self.seen)
    }
}

#[tokio::test]
async fn a_command_prompts_and_a_password_is_not_echoed() {
    let database = Database::sqlite();
    let program = Program::start(&database);
    let ada = Person::new(&program, "Ada Moss", "ada@example.com").await;
    for answer in ["n\n", "\n", "ja\n"] {
        let mut terminal = Terminal::run(&database, "user sign-out --email ada@example.com");
        terminal.answer(
            "This will end all sessions of Ada Moss (ada@example.com), who signed up on 2",
            answer,
        );
        let (succeeded, seen) = terminal.end();
        assert!(
            !succeeded && seen.contains("Continue? [y/N]") && seen.contains("nothing was done"),
            "{seen}"
        );
        assert_eq!(ada.page(&program, &ada.slug).await, 200);
    }
    for (second, expected) in [("brass heron walnut\n", false), (NEW_PASSWORD, true)] {
        let mut terminal = Terminal::run(&database, "user password --email ada@example.com");
        terminal.answer("Continue? [y/N] ", "y\n");
        terminal.answer("New password: ", &format!("{NEW_PASSWORD}\n"));
        terminal.answer("Repeat the password: ", &format!("{}\n", second.trim_end()));
        let (succeeded, seen) = terminal.end();
        assert_eq!(succeeded, expected, "{seen}");
        assert!(!seen.contains("heron"), "{seen}");
        assert_eq!(seen.contains("the two passwords differ"), !expected, "{seen}");
    }
    assert_eq!(ada.page(&program, &ada.slug).await, 303);
    assert_ne!(enter(&program, "ada@example.com", PASSWORD).await.status, 303);
    assert_eq!(enter(&program, "ada@example.com", NEW_PASSWORD).await.status, 303);
    program.stop();
}
