//! Prompts of commands: confirmation, and a new password.

use crate::domain::password::Password;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use tokio::sync::oneshot;

/// Maximum length of an answer in bytes; longer than any password.
const MOST_BYTES: u64 = 4_096;
const NOTHING_DONE: &str = "nothing was done";

/// Asks for confirmation, unless `yes` is set. `what` completes the sentences `this will` and `this would`.
///
/// # Errors
/// One sentence, when the answer is not yes or there is no terminal.
pub fn confirm(yes: bool, what: &str) -> Result<(), String> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(format!(
            "this would {what}: add --yes to confirm, or run it in a terminal"
        ));
    }
    prompt(&format!("This will {what}. Continue? [y/N] "));
    let answer = read_line().unwrap_or_default();
    if is_yes(&answer) {
        Ok(())
    } else {
        Err(NOTHING_DONE.to_owned())
    }
}

fn is_yes(answer: &str) -> bool {
    let answer = answer.trim().to_lowercase();
    answer == "y" || answer == "yes"
}

/// Asks for a new password: typed twice without echo on a terminal, or read from the first line of standard
/// input.
///
/// # Errors
/// One sentence, when there is none.
pub async fn new_password() -> Result<Password, String> {
    if !io::stdin().is_terminal() {
        return match read_line().map(Password::new) {
            Some(password) if !password.expose().is_empty() => Ok(password),
            _ => Err(
                "standard input has no password: write it on one line of at most 4,096 bytes of UTF-8"
                    .to_owned(),
            ),
        };
    }
    let first = read_hidden("New password: ").await?;
    let second = read_hidden("Repeat the password: ").await?;
    if first.expose() == second.expose() {
        Ok(first)
    } else {
        Err("the two passwords differ: nothing was done".to_owned())
    }
}

/// Ignores write errors: a lost line must not end the command (docs/security.md, S93).
fn prompt(text: &str) {
    let mut output = io::stderr().lock();
    let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
}

/// Reads a line from standard input without its line end; `None` if it is too long or not UTF-8.
fn read_line() -> Option<String> {
    // Allocated in full at once: a reallocation would leave a copy of the password in freed memory.
    let mut bytes = Vec::with_capacity(usize::try_from(MOST_BYTES).unwrap_or_default() + 1);
    let input = io::stdin().lock();
    input.take(MOST_BYTES + 1).read_until(b'\n', &mut bytes).ok()?;
    line(bytes)
}

fn line(bytes: Vec<u8>) -> Option<String> {
    if bytes.len() as u64 > MOST_BYTES {
        return None;
    }
    let mut text = String::from_utf8(bytes).ok()?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Some(text)
}

/// Reads a line without echo. SIGINT ends the prompt and restores the echo.
async fn read_hidden(label: &str) -> Result<Password, String> {
    let failed = |_| NOTHING_DONE.to_owned();
    let echo = NoEcho::begin().map_err(|error| format!("the terminal cannot hide what is typed: {error}"))?;
    prompt(label);
    let (sender, receiver) = oneshot::channel();
    // A thread of its own, because the process would wait at exit for a blocking task of tokio.
    std::thread::spawn(move || sender.send(read_line().map(Password::new)));
    let typed = tokio::select! {
        typed = receiver => typed.map_err(failed)?,
        _ = tokio::signal::ctrl_c() => None,
    };
    drop(echo);
    prompt("\n");
    typed.ok_or_else(|| NOTHING_DONE.to_owned())
}

/// Turns the terminal's echo off until it is dropped.
struct NoEcho(Termios);

impl NoEcho {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut without = before.clone();
        without.local_modes -= LocalModes::ECHO;
        tcsetattr(io::stdin(), OptionalActions::Flush, &without)?;
        Ok(Self(before))
    }
}

impl Drop for NoEcho {
    fn drop(&mut self) {
        // Best effort: there is nothing to do if it fails.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for (answer, expected) in [
            ("y", true),
            (" YES ", true),
            ("", false),
            ("n", false),
            ("yess", false),
            ("no, yes", false),
        ] {
            assert_eq!(is_yes(answer), expected, "{answer:?}");
        }
    }

    #[test]
    fn a_line_loses_its_end_alone() {
        for (bytes, expected) in [
            (&b"a b \n"[..], Some("a b ")),
            (b"a\r\n", Some("a")),
            (b"a", Some("a")),
            (b"\n", Some("")),
            (b"\xFF\n", None),
        ] {
            assert_eq!(line(bytes.to_vec()).as_deref(), expected, "{bytes:?}");
        }
        assert_eq!(line(vec![b'a'; 4_096]).map(|text| text.len()), Some(4_096));
        assert_eq!(line(vec![b'a'; 4_097]), None);
    }
}
