//! IP allowlists: parsing, the stored form, and the check of a client's address (docs/security.md, S52 to
//! S54).

use super::{number::grouped, plain_text::is_unseen};
use ipnet::{IpNet, Ipv4Net};
use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, Ipv4Addr},
};

mod blocks;
mod internal;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use blocks::Blocks;
pub use internal::is_internal;

/// Maximum length of a list as typed, in bytes; enough for 50 of the longest entries.
pub const MAX_BYTES: usize = 8_192;
/// Maximum length of an entry in characters; the longest address with a prefix length has 49.
const MAX_ENTRY: usize = 64;
/// Prefix length from which a block in ::ffff:0:0/96 contains only IPv4-mapped addresses.
const MAPPED: u8 = 96;

/// Why a list was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllowlistError {
    /// Some entries are neither addresses nor blocks.
    #[error("{}", sentences(.named, *.more))]
    Entries {
        /// The invalid entries that the message names, in the order of the list.
        named: Vec<WrongEntry>,
        /// How many more are invalid.
        more: usize,
    },
    /// More distinct entries than [`Allowlist::MAX`]; carries their number.
    #[error("Use at most {max} entries; this list has {0}.", max = Allowlist::MAX)]
    TooMany(usize),
    /// Longer than [`MAX_BYTES`]; carries its length in bytes.
    #[error("The list is too long: it has {counted} bytes, and at most {max} fit. Use blocks such as 203.0.113.0/24.", max = grouped(MAX_BYTES as u64), counted = grouped(*.0 as u64))]
    TooLong(usize),
}

/// An entry that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Entry {number}: {text} {fault}.")]
pub struct WrongEntry {
    /// Its position among the entries that are not blank, from 1.
    pub number: usize,
    /// The entry, made safe to show.
    pub text: String,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with an entry. Displayed as the end of a sentence that starts with the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not an address, for no reason listed below.
    #[error("is not an IP address or a CIDR block such as 203.0.113.0/24")]
    NotAddress,
    /// A host name: words with dots between them. A single word is just no address.
    #[error("is a host name; enter its IP address instead")]
    Name,
    /// Longer than any entry.
    #[error("is longer than {MAX_ENTRY} characters; put a comma between entries")]
    TooLong,
    /// White space inside, where entries are separated by commas and line breaks only: most likely two entries.
    #[error("has white space inside; put a comma or a line break between entries")]
    Space,
    /// A prefix length without an address, as in `10.0.0.0 /8`.
    #[error("has no address; write it directly before the slash")]
    NoAddress,
    /// An address with a zone, such as `fe80::1%eth0`.
    #[error("has a zone; leave out % and what follows it")]
    Zone,
    /// An address in brackets, as in URLs.
    #[error("has brackets; leave out the brackets and any port")]
    Brackets,
    /// An address and a port.
    #[error("has a port; leave it out")]
    Port,
    /// A number with a leading zero, which some programs read as octal.
    #[error("has a leading zero; leave it out")]
    LeadingZero,
    /// The text after the slash is no number.
    #[error("needs a number after the slash, such as /24")]
    Prefix,
    /// A prefix length longer than the address; carries the longest.
    #[error("has a prefix length over {0}; use at most /{0}")]
    PrefixOver(u8),
}

/// The CIDR blocks a key may be used from. An empty list allows every address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowlist(Vec<IpNet>);

/// A parsed list, and the changes that were made to the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The list to store, in the order of the input.
    pub list: Allowlist,
    /// One sentence for each change that the person should see.
    pub notes: Vec<String>,
}

/// An entry of a list: an address or a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry(IpNet);

impl Allowlist {
    /// Maximum number of entries, after merging duplicates.
    pub const MAX: usize = 50;

    /// Parses a list: entries separated by commas, semicolons or white space. No entry contains any of these.
    ///
    /// # Errors
    /// The text is too long, an entry is invalid, or there are too many of them; checked in this order.
    pub fn parse(text: &str) -> Result<Reading, AllowlistError> {
        if text.len() > MAX_BYTES {
            return Err(AllowlistError::TooLong(text.len()));
        }
        let (mut list, mut notes) = (Vec::new(), Vec::new());
        let (mut named, mut more) = (Vec::new(), 0);
        let mut first_at = BTreeMap::new();
        for (number, item) in (1..).zip(entries(text)) {
            match read(item) {
                Ok(given) => {
                    let kept = as_kept(given);
                    if kept != given {
                        notes.push(format!("Entry {number}: {item} is kept as {}.", Entry(kept)));
                    }
                    if let Some(first) = first_at.get(&kept) {
                        notes.push(format!("Entry {number} repeats entry {first}."));
                    } else {
                        first_at.insert(kept, number);
                        list.push(kept);
                    }
                }
                // Name as many invalid entries as a list may have entries.
                Err(fault) if named.len() < Self::MAX => named.push(WrongEntry {
                    number,
                    text: shown(item),
                    fault,
                }),
                Err(_) => more += 1,
            }
        }
        if !named.is_empty() {
            return Err(AllowlistError::Entries { named, more });
        }
        if list.len() > Self::MAX {
            return Err(AllowlistError::TooMany(list.len()));
        }
        Ok(Reading {
            list: Self(list),
            notes: bounded(notes),
        })
    }

    /// Parses the stored form. `None` for anything else: a damaged list must not be taken for an empty one,
    /// which allows every address.
    #[must_use]
    pub fn from_stored(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let blocks = text.split(' ').map(|item| {
            let given = read(item).ok()?;
            (given == as_kept(given)).then_some(given)
        });
        let list: Vec<_> = blocks.take(Self::MAX + 1).collect::<Option<_>>()?;
        (list.len() <= Self::MAX).then_some(Self(list))
    }

    /// Whether the list allows this client address.
    #[must_use]
    pub fn allows(&self, client: IpAddr) -> bool {
        let client = canonical(client);
        self.0.is_empty() || self.0.iter().any(|block| block.contains(&client))
    }

    /// Whether the list is empty, which allows every address.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The entries, in the order of the input.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = Entry> {
        self.0.iter().copied().map(Entry)
    }
}

/// The stored form: entries separated by single spaces.
impl fmt::Display for Allowlist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, entry) in self.entries().enumerate() {
            let space = if place == 0 { "" } else { " " };
            write!(f, "{space}{entry}")?;
        }
        Ok(())
    }
}

impl Entry {
    /// The addresses it covers, in words.
    #[must_use]
    pub fn covers(self) -> String {
        let (first, last) = (self.0.network(), self.0.broadcast());
        let host_bits = self.0.max_prefix_len() - self.0.prefix_len();
        match self.0 {
            _ if host_bits == 0 => "one address".to_owned(),
            IpNet::V4(_) if host_bits == 32 => "every IPv4 address".to_owned(),
            IpNet::V6(_) if host_bits == 128 => "every IPv6 address".to_owned(),
            IpNet::V4(_) => format!("{} addresses, {first} to {last}", grouped(1 << host_bits)),
            IpNet::V6(_) => format!("{first} to {last}"),
        }
    }
}

/// A single address without prefix length, or a CIDR block.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() {
            self.0.addr().fmt(f)
        } else {
            self.0.fmt(f)
        }
    }
}

/// Converts an IPv4-mapped IPv6 address to IPv4.
#[must_use]
pub fn canonical(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

/// The entries of a list as typed, valid or not.
pub fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| matches!(c, ',' | ';') || c.is_whitespace())
        .filter(|entry| !entry.is_empty())
}

/// Number of valid and of invalid entries of a list as typed; repeated ones count each time.
#[must_use]
pub fn count(text: &str) -> (u64, u64) {
    let (valid, wrong): (Vec<_>, Vec<_>) = entries(text).partition(|entry| read(entry).is_ok());
    (valid.len() as u64, wrong.len() as u64)
}

/// Parses an entry; host bits and IPv4-mapped addresses are left as typed.
fn read(entry: &str) -> Result<IpNet, Fault> {
    if entry.chars().nth(MAX_ENTRY).is_some() {
        return Err(Fault::TooLong);
    }
    if entry.contains(char::is_whitespace) {
        return Err(Fault::Space);
    }
    let (address, prefix) = match entry.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (entry, None),
    };
    if address.is_empty() {
        return Err(Fault::NoAddress);
    }
    let ip: IpAddr = address.parse().map_err(|_| why_no_address(address))?;
    let Some(prefix) = prefix else {
        return Ok(IpNet::from(ip));
    };
    if !number(prefix) {
        return Err(Fault::Prefix);
    }
    if prefix.len() > 1 && prefix.starts_with('0') {
        return Err(Fault::LeadingZero);
    }
    let block = prefix.parse().ok().and_then(|bits| IpNet::new(ip, bits).ok());
    block.ok_or(Fault::PrefixOver(IpNet::from(ip).max_prefix_len()))
}

/// Normalises a block: IPv4-mapped addresses become IPv4, host bits are cleared. An IPv6 block that is larger
/// than the mapped range stays IPv6; client addresses are never mapped, so it covers no IPv4 client.
fn as_kept(given: IpNet) -> IpNet {
    let mapped = match given {
        IpNet::V6(block) => block
            .addr()
            .to_ipv4_mapped()
            .zip(block.prefix_len().checked_sub(MAPPED))
            .and_then(|(ip, bits)| Ipv4Net::new(ip, bits).ok()),
        IpNet::V4(_) => None,
    };
    mapped.map_or(given, IpNet::V4).trunc()
}

/// Finds the most helpful reason why a text is no address.
fn why_no_address(address: &str) -> Fault {
    let is_ip = |text: &str| text.parse::<IpAddr>().is_ok();
    let before_zone = address.split_once('%').map(|(before, _)| before);
    if before_zone.is_some_and(is_ip) {
        return Fault::Zone;
    }
    let bracketed = address.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    if bracketed.is_some_and(|(inside, _)| is_ip(inside)) {
        return Fault::Brackets;
    }
    let before_port = address.rsplit_once(':').filter(|(_, port)| number(port));
    let host = before_port.map_or(address, |(host, _)| host);
    if before_port.is_some() && host.parse::<Ipv4Addr>().is_ok() {
        return Fault::Port;
    }
    if is_ip(&without_leading_zeros(address)) {
        return Fault::LeadingZero;
    }
    if is_name(host) {
        Fault::Name
    } else {
        Fault::NotAddress
    }
}

fn number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Removes leading zeros from the numbers of an IPv4 address, or from the last group of an IPv6 address.
fn without_leading_zeros(address: &str) -> String {
    let dotted = address.rfind(':').map_or(0, |colon| colon + 1);
    let (head, dotted) = address.split_at(dotted);
    let parts = dotted.split('.').map(|part| {
        let rest = part.trim_start_matches('0');
        if rest.is_empty() && !part.is_empty() {
            "0"
        } else {
            rest
        }
    });
    format!("{head}{}", parts.collect::<Vec<_>>().join("."))
}

/// Whether a text looks like a host name rather than a word, or a mistyped address such as `10.0.0.x`.
fn is_name(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    let is_in_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    text.chars().all(is_in_name)
        && text.rsplit_once('.').is_some_and(|(front, last)| {
            last.starts_with(char::is_alphabetic) && !front.split('.').all(number)
        })
}

/// The entry, made safe to show: one line, short, no hidden or reordered characters.
fn shown(entry: &str) -> String {
    let safe = |c: char| match c {
        _ if c.is_whitespace() => ' ',
        _ if is_unseen(c) => '\u{FFFD}',
        _ => c,
    };
    if entry.chars().nth(MAX_ENTRY).is_none() {
        return entry.chars().map(safe).collect();
    }
    entry.chars().take(MAX_ENTRY - 1).map(safe).chain(['…']).collect()
}

fn sentences(named: &[WrongEntry], more: usize) -> String {
    let mut all: Vec<_> = named.iter().map(WrongEntry::to_string).collect();
    match more {
        0 => {}
        1 => all.push("1 more entry is wrong too.".to_owned()),
        _ => all.push(format!("{} more entries are wrong too.", grouped(more as u64))),
    }
    all.join(" ")
}

/// Limits the number of sentences: a text has room for thousands of duplicates.
fn bounded(mut notes: Vec<String>) -> Vec<String> {
    let more = notes.len().saturating_sub(Allowlist::MAX);
    if more > 1 {
        notes.truncate(Allowlist::MAX);
        notes.push(format!("{} more changes were made.", grouped(more as u64)));
    }
    notes
}
