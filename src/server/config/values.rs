//! How single values of the configuration are read; what is wrong with one is a sentence after its name.

use super::{Location, RateLimit, SignUpLimit};
use crate::domain::{password, role::Role, token};

pub(super) fn parse_location(text: &str) -> Result<Location, &'static str> {
    text.parse()
}

pub(super) fn parse_brand(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let fine = (1..=40).contains(&text.chars().count()) && !text.contains(char::is_control);
    fine.then(|| text.to_owned())
        .ok_or("must have 1 to 40 characters")
}

pub(super) fn parse_prefix(text: &str) -> Result<String, &'static str> {
    token::is_prefix(text)
        .then(|| text.to_owned())
        .ok_or("must be lower-case letters and digits, a letter first, and end in _; 16 characters at most")
}

pub(super) fn parse_rate_limit(text: &str) -> Result<RateLimit, &'static str> {
    match text.parse() {
        _ if text == "none" => Ok(RateLimit(None)),
        Ok(limit) if limit > 0 => Ok(RateLimit(Some(limit))),
        _ => Err("must be a number of requests a minute, at least 1, or none"),
    }
}

pub(super) fn parse_sign_up_limit(text: &str) -> Result<SignUpLimit, &'static str> {
    match text.parse() {
        _ if text == "none" => Ok(SignUpLimit(None)),
        Ok(limit) if limit > 0 => Ok(SignUpLimit(Some(limit))),
        _ => Err("must be a number of sign-ups an hour, at least 1, or none"),
    }
}

pub(super) fn parse_role(text: &str) -> Result<Role, &'static str> {
    Role::from_id(text)
        .filter(|&role| role != Role::PrimaryOwner)
        .ok_or("must be owner or member: a team keeps the primary owner it was made by")
}

pub(super) fn parse_minimum(text: &str) -> Result<usize, String> {
    let range = password::LEAST_MINIMUM..=64;
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("must be a number from {} to {}", range.start(), range.end()))
}
