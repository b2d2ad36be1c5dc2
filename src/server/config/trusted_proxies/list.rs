//! The list of trusted proxies: in the setting, or in a file that is reloaded on SIGHUP.

use crate::domain::network::{Blocks, WrongEntry};
use std::{
    fs::File,
    io::{self, Read as _},
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Maximum size of a file in bytes; some 200,000 blocks.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// Proxies whose `X-Forwarded-For` is trusted; empty by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Blocks);

/// Source of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxySource {
    /// The setting itself.
    List(TrustedProxies),
    /// A file.
    File(PathBuf),
}

/// Why a list of proxies was refused.
#[derive(Debug, thiserror::Error)]
pub enum ProxiesError {
    /// An invalid entry in the setting.
    #[error("must be IP addresses or CIDR blocks, separated by commas, or @FILE; entry {}, {}, {}", .0.number, .0.text, .0.of_proxies())]
    Entry(WrongEntry),
    /// An invalid entry in a file.
    #[error("TRUSTED_PROXIES: entry {} of {path}, {}, {}", .entry.number, .entry.text, .entry.of_proxies())]
    FileEntry {
        /// The file.
        path: PathBuf,
        /// The entry.
        entry: WrongEntry,
    },
    /// The file has no entry: most likely it is the wrong one, or is being written.
    #[error("TRUSTED_PROXIES: {0} lists no proxy: add one, or leave TRUSTED_PROXIES unset")]
    Nothing(PathBuf),
    /// Not a regular file, but a folder, a pipe or a device.
    #[error(
        "TRUSTED_PROXIES: {0} is not a file: give a text file with an address or a CIDR block on each line"
    )]
    NotAFile(PathBuf),
    /// The file is larger than the maximum.
    #[error("TRUSTED_PROXIES: {0} has more than 4 MiB: list blocks instead of single addresses")]
    TooLong(PathBuf),
    /// The process is shutting down.
    #[error("TRUSTED_PROXIES could not be read, because the server is stopping")]
    Stopped,
    /// The file cannot be read.
    #[error("TRUSTED_PROXIES: {path} cannot be read: {}", why(.source))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl FromStr for TrustedProxies {
    type Err = ProxiesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Blocks::parse(text).map(Self).map_err(ProxiesError::Entry)
    }
}

impl TrustedProxies {
    /// Whether no proxy is trusted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this peer is a trusted proxy.
    #[must_use]
    pub fn trusts(&self, peer: IpAddr) -> bool {
        self.0.contains(peer)
    }

    /// Whether so many public addresses are trusted that clients must be among them ([`Blocks::are_wide`]).
    #[must_use]
    pub fn are_wide(&self) -> bool {
        self.0.are_wide()
    }
}

impl Default for ProxySource {
    fn default() -> Self {
        Self::List(TrustedProxies::default())
    }
}

impl ProxySource {
    /// Loads the list. Reading a file blocks the thread.
    ///
    /// # Errors
    /// What is wrong with the file, in a sentence that names it.
    pub fn load(&self) -> Result<TrustedProxies, ProxiesError> {
        let path = match self {
            Self::List(list) => return Ok(list.clone()),
            Self::File(path) => path,
        };
        let blocks = Blocks::parse(&read(path)?).map_err(|entry| ProxiesError::FileEntry {
            path: path.clone(),
            entry,
        })?;
        if blocks.is_empty() {
            return Err(ProxiesError::Nothing(path.clone()));
        }
        Ok(TrustedProxies(blocks))
    }
}

fn why(source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        _ => source.to_string(),
    }
}

/// Reads a file of bounded length. Only regular files are opened: a pipe would block.
fn read(path: &Path) -> Result<String, ProxiesError> {
    let failed = |source| ProxiesError::Unreadable {
        path: path.to_owned(),
        source,
    };
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(ProxiesError::NotAFile(path.to_owned()));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(ProxiesError::TooLong(path.to_owned()));
    }
    // Entries with invalid UTF-8 are refused later, by their number.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{net::Ipv4Addr, process::Command};

    fn proxies(text: &str) -> TrustedProxies {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn the_setting_is_a_list_of_any_length_or_one_sentence() {
        for none in ["", " ", ",", " , "] {
            assert_eq!(proxies(none), TrustedProxies::default(), "{none:?}");
        }
        assert_eq!(
            proxies("10.0.0.7/8,2001:db8::1"),
            proxies(" 10.0.0.0/8 , 2001:db8::1/128")
        );
        let many: Vec<_> = (0..5_000_u32)
            .map(|n| Ipv4Addr::from(2 * n).to_string())
            .collect();
        let list = proxies(&many.join(","));
        assert!(list.trusts(Ipv4Addr::from(9_998).into()) && !list.trusts(Ipv4Addr::from(9_997).into()));
        for (text, end) in [
            (
                "10.0.0.0/33",
                "entry 1, 10.0.0.0/33, has a prefix length over 32; use at most /32",
            ),
            (
                "10.0.0.1, proxy.internal, 10.0.0.0/x",
                "entry 2, proxy.internal, is a name; give the addresses that it stands for",
            ),
            (
                "10.0.0.1 10.0.0.2",
                "entry 1, 10.0.0.1 10.0.0.2, has white space inside; put a comma or a line break between entries",
            ),
        ] {
            let sentence = text.parse::<TrustedProxies>().expect_err(text).to_string();
            assert_eq!(
                sentence,
                format!("must be IP addresses or CIDR blocks, separated by commas, or @FILE; {end}")
            );
        }
    }

    #[test]
    fn a_file_is_a_list_or_one_sentence() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("edges");
        let load = || ProxySource::File(file.clone()).load();
        let write = |text: &str| std::fs::write(&file, text).expect("a file");
        assert!(matches!(load(), Err(ProxiesError::Unreadable { .. })));
        let lines: Vec<_> = (0..3_000)
            .map(|n| format!("10.{}.{}.0/24 # edge", n / 256, n % 256))
            .collect();
        write(&lines.join("\r\n"));
        let list = load().expect("a list");
        assert!(
            list.trusts(Ipv4Addr::new(10, 11, 183, 7).into())
                && !list.trusts(Ipv4Addr::new(10, 12, 0, 1).into())
        );
        for (text, end) in [
            ("", "lists no proxy: add one, or leave TRUSTED_PROXIES unset"),
            (
                "# none\n\n",
                "lists no proxy: add one, or leave TRUSTED_PROXIES unset",
            ),
        ] {
            write(text);
            assert!(load().expect_err(text).to_string().ends_with(end), "{text:?}");
        }
        write("10.0.0.1\n10.0.0.1:80\n");
        let wrong = load().expect_err("a port").to_string();
        assert!(
            wrong.starts_with("TRUSTED_PROXIES: entry 2 of ")
                && wrong.ends_with("10.0.0.1:80, has a port; leave it out"),
            "{wrong}"
        );
        std::fs::write(&file, [b'1', 0xFF]).expect("a file");
        assert!(matches!(load(), Err(ProxiesError::FileEntry { .. })));
        File::create(&file)
            .and_then(|file| file.set_len(MOST_BYTES + 1))
            .expect("a long file");
        assert!(matches!(load(), Err(ProxiesError::TooLong(_))));
        let folder_itself = ProxySource::File(folder.path().to_owned());
        assert!(matches!(folder_itself.load(), Err(ProxiesError::NotAFile(_))));
        let pipe = folder.path().join("pipe");
        assert!(
            Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .expect("mkfifo runs")
                .success()
        );
        assert!(matches!(
            ProxySource::File(pipe).load(),
            Err(ProxiesError::NotAFile(_))
        ));
    }
}
