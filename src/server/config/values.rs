//! Parsers of single settings; their errors are the end of a sentence after `it`.

use super::{Location, ProxySource, RateLimit, SignUpLimit};
use crate::domain::{password, plain_text, role::Role, token};
use clap::ValueEnum;
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Upper bound of numbers that have no other upper bound.
pub(super) const ANY: u64 = 4_294_967_295;
/// Prefixes of an SQLite file in `DATABASE_URL`.
const SQLITE: [&str; 2] = ["sqlite://", "sqlite:"];

pub(super) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "must be an IP address and a port, such as 127.0.0.1:3000 or [::1]:3000".to_owned())
}

pub(super) fn parse_choice<T: ValueEnum>(text: &str) -> Result<T, String> {
    T::from_str(text, false).map_err(|_| {
        let values = T::value_variants().iter().filter_map(T::to_possible_value);
        let names: Vec<_> = values.map(|value| value.get_name().to_owned()).collect();
        format!("must be {}", names.join(" or "))
    })
}

pub(super) fn parse_number<T: TryFrom<u64>, const LEAST: u64, const MOST: u64>(
    text: &str,
) -> Result<T, String> {
    let number = text.parse().ok().filter(|number| (LEAST..=MOST).contains(number));
    number
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("must be a whole number from {LEAST} to {MOST}"))
}

/// Parses `30m`, `24h` or `7d`.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    const LEAST: u64 = 5;
    const MOST: u64 = 31 * 24 * 60;
    let minutes = [("m", 1), ("h", 60), ("d", 24 * 60)]
        .into_iter()
        .find_map(|(unit, minutes)| {
            let number = text.strip_suffix(unit)?;
            let is_number = number.bytes().all(|b| b.is_ascii_digit());
            number
                .parse::<u64>()
                .ok()
                .filter(|_| is_number)?
                .checked_mul(minutes)
        });
    let minutes = minutes.filter(|minutes| (LEAST..=MOST).contains(minutes));
    minutes
        .map(|minutes| Duration::from_secs(minutes * 60))
        .ok_or_else(|| "must be a number and m, h or d, such as 30m, 24h or 7d: from 5m to 31d".to_owned())
}

/// Parses the path of a file or a folder.
pub(super) fn parse_path(text: &str) -> Result<PathBuf, String> {
    let fault = if text == ":memory:" {
        "is not a file: data in memory would be lost when the process ends; give the path of a file"
    } else if text.starts_with("file:") {
        "is a URL: give the path alone"
    } else if text.starts_with("~/") || text == "~" {
        "begins with ~, which only a shell expands: give the full path"
    } else if text.trim() != text {
        "has a leading or trailing blank: remove it"
    } else if text.contains(char::is_control) {
        "contains a control character: remove it"
    } else {
        return Ok(text.into());
    };
    Err(fault.to_owned())
}

pub(super) fn parse_pepper_path(text: &str) -> Result<PathBuf, String> {
    if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(
            "must be the path of the file that holds the secret, but looks like the secret itself".to_owned(),
        );
    }
    parse_path(text)
}

pub(super) fn parse_location(text: &str) -> Result<Location, String> {
    if text.trim() != text {
        return Err("has a leading or trailing blank: remove it".to_owned());
    }
    if let Some(file) = SQLITE.iter().find_map(|scheme| text.strip_prefix(scheme)) {
        if file.is_empty() {
            return Err("names no file: give sqlite:FILE".to_owned());
        }
        if file.contains('?') {
            return Err("takes no options after the file: remove ? and what follows".to_owned());
        }
        let file = parse_path(file).map_err(|fault| format!("names {file:?}, which {fault}"));
        return file.map(Location::Sqlite);
    }
    text.parse().map_err(|_| {
        "must be postgres://user:password@host:port/database or sqlite:FILE; percent-encode all characters of user \
         and password but letters and digits"
            .to_owned()
    })
}

pub(super) fn parse_proxies(text: &str) -> Result<ProxySource, String> {
    match text.strip_prefix('@') {
        Some("") => Err("names no file after @: give @FILE".to_owned()),
        Some(file) => parse_path(file)
            .map(ProxySource::File)
            .map_err(|fault| format!("names {file:?}, which {fault}")),
        None => text
            .parse()
            .map(ProxySource::List)
            .map_err(|error: crate::server::config::trusted_proxies::ProxiesError| error.to_string()),
    }
}

pub(super) fn parse_brand(text: &str) -> Result<String, String> {
    let text = text.trim();
    let fine = (1..=40).contains(&text.chars().count()) && !text.contains(plain_text::is_refused);
    fine.then(|| text.to_owned())
        .ok_or_else(|| "must have 1 to 40 characters".to_owned())
}

pub(super) fn parse_prefix(text: &str) -> Result<String, String> {
    token::is_prefix(text).then(|| text.to_owned()).ok_or_else(|| {
        "must begin with a lower-case letter, go on with lower-case letters and digits, and end with _; at most 16 \
         characters"
            .to_owned()
    })
}

pub(super) fn parse_rate_limit(text: &str) -> Result<RateLimit, String> {
    number_or_none(text, "requests a minute").map(RateLimit)
}

pub(super) fn parse_sign_up_limit(text: &str) -> Result<SignUpLimit, String> {
    number_or_none(text, "sign-ups an hour").map(SignUpLimit)
}

fn number_or_none(text: &str, of_what: &str) -> Result<Option<u32>, String> {
    match text.parse() {
        _ if text == "none" => Ok(None),
        Ok(limit) if limit > 0 => Ok(Some(limit)),
        _ => Err(format!("must be a number of {of_what} from 1 to {ANY}, or none")),
    }
}

pub(super) fn parse_role(text: &str) -> Result<Role, &'static str> {
    Role::from_id(text)
        .filter(|&role| role != Role::PrimaryOwner)
        .ok_or("must be owner or member: the primary owner of a team cannot be changed")
}

pub(super) fn parse_minimum(text: &str) -> Result<usize, String> {
    let range = password::LEAST_MINIMUM..=64;
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        for (text, minutes) in [
            ("5m", Some(5)),
            ("24h", Some(1_440)),
            ("31d", Some(44_640)),
            ("4m", None),
            ("32d", None),
            ("24", None),
            ("h", None),
            ("+5m", None),
            ("1.5h", None),
            ("99999999999999999999d", None),
            ("18446744073709551615d", None),
        ] {
            let expected = minutes.map(|minutes| Duration::from_secs(minutes * 60));
            assert_eq!(parse_duration(text).ok(), expected, "{text}");
        }
    }
}
