//! Error messages for invalid settings and invalid command lines.

use super::Options;
use crate::domain::token::found;
use clap::{
    CommandFactory as _,
    error::{ContextKind, ContextValue, ErrorKind},
};
use std::error::Error as _;

/// Maximum length of a value in a message, in characters.
const SHOWN: usize = 60;
/// Length of a pepper in digits, to recognise one that was put into another setting by mistake.
const SECRET_DIGITS: usize = 64;

/// One sentence: the setting, its value, and what it must be. A value that may hold a secret is never shown.
/// `None` for the text of `--help` or `--version`.
#[must_use]
pub fn explain(error: &clap::Error) -> Option<String> {
    let is_help = matches!(
        error.kind(),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand
    );
    if !error.use_stderr() || is_help {
        return None;
    }
    let named = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) => vec![argument.clone()],
        Some(ContextValue::Strings(arguments)) => arguments.clone(),
        _ => Vec::new(),
    };
    let name = named.first().map(|argument| name(argument)).unwrap_or_default();
    Some(match error.kind() {
        ErrorKind::ArgumentConflict => {
            let other = match error.get(ContextKind::PriorArg) {
                Some(ContextValue::String(other)) => other.clone(),
                Some(ContextValue::Strings(others)) => others.first().cloned().unwrap_or_default(),
                _ => String::new(),
            };
            if other.is_empty() || other == named.first().cloned().unwrap_or_default() {
                format!("{name} is given twice on the command line: give it once")
            } else {
                format!(
                    "{name} and {} cannot be combined: give one of them",
                    self::name(&other)
                )
            }
        }
        ErrorKind::MissingRequiredArgument => {
            let flags: Vec<_> = named.iter().map(|argument| flags(argument)).collect();
            format!("the command needs {}", flags.join(" and "))
        }
        ErrorKind::UnknownArgument if is_flag(&name) => {
            format!(
                "there is no option {}: babysea --help lists all options",
                flag(&name)
            )
        }
        ErrorKind::InvalidSubcommand => {
            "there is no such command: babysea --help lists all commands".to_owned()
        }
        ErrorKind::ValueValidation | ErrorKind::InvalidValue if !name.is_empty() => {
            let value = match error.get(ContextKind::InvalidValue) {
                Some(ContextValue::String(value)) => value.as_str(),
                _ => "",
            };
            let fault = match error.source() {
                Some(fault) => fault.to_string(),
                None if value.is_empty() => {
                    return Some(format!("{name} has no value: give it one, or leave it out"));
                }
                None => "is not a valid value".to_owned(),
            };
            if may_be_shown(&name, value) {
                format!("{name} is {}: it {fault}", shown(value))
            } else {
                format!("{name}: it {fault}")
            }
        }
        _ => "the command line is invalid: babysea --help lists all options".to_owned(),
    })
}

/// The variable of a flag, or the flag if it has no variable.
fn name(argument: &str) -> String {
    let command = Options::command();
    let flag = flag(argument);
    let variable = command
        .get_arguments()
        .filter(|arg| arg.get_long().is_some_and(|long| flag == format!("--{long}")))
        .find_map(|arg| arg.get_env());
    match variable {
        Some(variable) => variable.to_string_lossy().into_owned(),
        None => flag.to_owned(),
    }
}

/// Extracts the flag: `--listen` from `--listen <LISTEN>` or `--listen=3000`.
fn flag(argument: &str) -> &str {
    argument.split([' ', '=']).next().unwrap_or_default()
}

/// Extracts the flags of a group such as `<--key <KEY>|--all>`, or of a single argument.
fn flags(argument: &str) -> String {
    let choices: Vec<_> = argument
        .trim_start_matches('<')
        .split('|')
        .map(|choice| flag(choice).trim_end_matches('>'))
        .collect();
    choices.join(" or ")
}

fn is_flag(text: &str) -> bool {
    let name = flag(text).strip_prefix("--").unwrap_or_default();
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

/// Whether a value can be shown: not an address with a password, a key, or the pepper.
fn may_be_shown(name: &str, value: &str) -> bool {
    let has_password = value.contains("://") && value.contains('@');
    let digits = value.bytes().filter(u8::is_ascii_hexdigit).count();
    name != "DATABASE_URL" && !has_password && !found::holds(value) && digits < SECRET_DIGITS
}

fn shown(value: &str) -> String {
    if value.chars().nth(SHOWN).is_none() {
        return format!("{value:?}");
    }
    let beginning: String = value.chars().take(SHOWN).collect();
    format!("{beginning:?} and longer")
}
