//! Error messages for wrong configuration values.

/// One sentence about a wrong value: the variable and what is wrong, never the value, since that can hold
/// a password. `None` when the error is the text of `--help` or `--version`.
#[must_use]
pub fn explain(error: &clap::Error) -> Option<String> {
    use clap::error::{ContextKind, ContextValue};
    use std::error::Error as _;
    if !error.use_stderr() {
        return None;
    }
    let argument = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) => argument.clone(),
        _ => return Some("the command line cannot be read: babysea --help lists what it takes".to_owned()),
    };
    let variable = argument
        .split(['<', '>'])
        .nth(1)
        .map(str::to_owned)
        .unwrap_or(argument);
    let valid = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) => format!("must be one of {}", values.join(", ")),
        _ => "is not a value it can have".to_owned(),
    };
    Some(format!(
        "{variable}: {}",
        error.source().map_or(valid, ToString::to_string)
    ))
}
