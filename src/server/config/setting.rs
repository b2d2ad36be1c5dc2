//! Parsing of settings: an empty variable or flag counts as not set, and characters that no setting may have
//! are refused in one place.

use super::Options;
use crate::domain::plain_text;
use clap::{Arg, Command, CommandFactory as _, FromArgMatches as _, builder::TypedValueParser};
use std::ffi::{OsStr, OsString};

/// The only setting whose value may have several lines.
const LINES: &str = "trusted_proxies";

/// Parses arguments and the environment. Empty values mean the default, because Compose files pass `NAME:
/// ${NAME}`, and scripts `--name "$NAME"`.
pub(super) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Options, clap::Error> {
    read_where(arguments, |arg| {
        variable(arg).is_none_or(|value| !value.is_empty())
    })
}

/// Parses arguments, without the environment.
pub(super) fn read_alone(arguments: impl IntoIterator<Item = OsString>) -> Result<Options, clap::Error> {
    read_where(arguments, |_| false)
}

/// Parses arguments, and the environment for the settings that `has_variable` selects.
fn read_where(
    arguments: impl IntoIterator<Item = OsString>,
    has_variable: impl Fn(&Arg) -> bool,
) -> Result<Options, clap::Error> {
    let mut command = Options::command().mut_args(|arg| {
        if has_variable(&arg) {
            arg
        } else {
            arg.env(None::<&'static str>)
        }
    });
    let matches = command.try_get_matches_from_mut(without_empty(&Options::command(), arguments))?;
    Options::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Parses a list of arguments, for tests.
#[cfg(test)]
pub(super) fn read_all<const N: usize>(arguments: [&str; N]) -> Result<Options, clap::Error> {
    read_alone(arguments.map(OsString::from))
}

fn variable(arg: &Arg) -> Option<OsString> {
    arg.get_env().and_then(std::env::var_os)
}

/// Removes flags of settings whose value is empty.
fn without_empty(command: &Command, arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let flags: Vec<_> = command
        .get_arguments()
        .filter(|arg| arg.get_env().is_some())
        .filter_map(|arg| arg.get_long().map(|long| format!("--{long}")))
        .collect();
    let mut kept = Vec::new();
    let mut arguments = arguments.into_iter().peekable();
    while let Some(argument) = arguments.next() {
        let text = argument.to_str().unwrap_or_default();
        if text == "--" {
            kept.push(argument);
            kept.extend(arguments);
            break;
        }
        let is_flag = flags.iter().any(|flag| flag == text);
        if is_flag && arguments.next_if(|next| next.is_empty()).is_some() {
            continue;
        }
        if text
            .strip_suffix('=')
            .is_some_and(|name| flags.iter().any(|flag| flag == name))
        {
            continue;
        }
        kept.push(argument);
    }
    kept
}

/// Parser of a setting. Refuses invisible characters, which come from editors and variable files, before it
/// calls `F`.
#[derive(Clone)]
pub(super) struct Setting<F>(pub(super) F);

impl<F, T> TypedValueParser for Setting<F>
where
    F: Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<T, clap::Error> {
        let may_have_lines = arg.is_some_and(|arg| arg.get_id() == LINES);
        let parsed = match value.to_str() {
            None => Err("is not UTF-8 text".to_owned()),
            Some(text) => check(text, may_have_lines).and_then(|()| (self.0)(text)),
        };
        match parsed {
            Ok(value) => Ok(value),
            // The only public way to make a clap error with a sentence of our own.
            Err(sentence) => {
                let refuse = move |_: &str| Err::<T, _>(sentence.clone());
                let text = value.to_string_lossy();
                refuse.parse_ref(command, arg, OsStr::new(text.as_ref()))
            }
        }
    }
}

/// Refuses characters that no setting can have.
fn check(text: &str, may_have_lines: bool) -> Result<(), String> {
    let is_wrong = |c: char| c.is_control() && !(may_have_lines && matches!(c, '\n' | '\r' | '\t'));
    if text.ends_with('\r') && !may_have_lines {
        return Err(
            "ends with a carriage return: save the file that it comes from with Unix line ends".to_owned(),
        );
    }
    if text.contains(is_wrong) {
        return Err("contains a control character: remove it".to_owned());
    }
    let hidden = |c: &char| plain_text::is_refused(*c) && !c.is_control();
    if let Some(hidden) = text.chars().find(hidden) {
        let hidden = plain_text::code_point(hidden);
        return Err(format!("contains an invisible character ({hidden}): remove it"));
    }
    let is_quoted = ['"', '\''].iter().any(|&quote| {
        let inside = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        inside.is_some()
    });
    if is_quoted {
        return Err("has quotation marks around it: remove them".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_settings_without_a_value_are_not_set() {
        let command = Options::command();
        for (given, kept) in [
            (
                &["b", "--listen", "", "--brand", "X"][..],
                &["b", "--brand", "X"][..],
            ),
            (&["b", "--listen=", "--brand="], &["b"]),
            (&["b", "--listen", "--brand", ""], &["b", "--listen"]),
            (
                &["b", "member", "add", "--account", "", "--data-dir", ""],
                &["b", "member", "add", "--account", ""],
            ),
            (&["b", "--", "--listen", ""], &["b", "--", "--listen", ""]),
            (&["b", "--listen"], &["b", "--listen"]),
        ] {
            let words = given.iter().map(OsString::from);
            assert_eq!(without_empty(&command, words), kept, "{given:?}");
        }
    }
}
