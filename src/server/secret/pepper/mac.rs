//! Other uses of the pepper: digests that tell values apart without revealing them, and signatures of
//! cookies.

use super::{Pepper, Version};
use hmac::Mac as _;

/// Purpose of a digest. A digest for one purpose is not valid for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Failed sign-ins for an email.
    FailedEmail,
    /// Failed sign-ins for an email from a network.
    FailedNetwork,
    /// Failed sign-ins from a known browser.
    FailedBrowser,
    /// Signature of a known browser.
    KnownBrowser,
    /// Signature of a status line, and what ties it to a session.
    StatusLine,
}

impl Purpose {
    /// Domain separation: keys have no spaces, so no key starts with a label.
    const fn label(self) -> &'static [u8] {
        match self {
            Self::FailedEmail => b"failed email ",
            Self::FailedNetwork => b"failed network ",
            Self::FailedBrowser => b"failed browser ",
            Self::KnownBrowser => b"known browser ",
            Self::StatusLine => b"status line ",
        }
    }
}

impl Version {
    fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> hmac::Hmac<sha2::Sha256> {
        let mut mac = self.1.clone();
        mac.update(purpose.label());
        for part in parts {
            // Prefixed with its length, so that no two lists of parts give the same input.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

impl Pepper {
    /// HMAC-SHA-256 of `parts` under the current version.
    #[must_use]
    pub fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        self.present.mac(purpose, parts).finalize().into_bytes().into()
    }

    /// Whether `mac` is valid for these parts under any version. Compared in constant time.
    #[must_use]
    pub fn is_mac(&self, purpose: Purpose, parts: &[&[u8]], mac: &[u8; 32]) -> bool {
        self.versions()
            .any(|version| version.mac(purpose, parts).verify_slice(mac).is_ok())
    }
}

#[cfg(test)]
impl Pepper {
    /// A pepper with one version, for tests.
    pub(crate) fn for_test(byte: u8) -> Self {
        Self::from_lines(&[Some([byte; 32].into())]).expect("a pepper")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pepper(bytes: &[u8]) -> Pepper {
        let lines: Vec<_> = bytes.iter().map(|byte| Some([*byte; 32].into())).collect();
        Pepper::from_lines(&lines).expect("a pepper")
    }

    #[test]
    fn a_mac_is_for_one_purpose_and_its_parts() {
        let pepper = pepper(&[7]);
        let mac = pepper.mac(Purpose::KnownBrowser, &[b"a", b"bc"]);
        assert!(pepper.is_mac(Purpose::KnownBrowser, &[b"a", b"bc"], &mac));
        for (purpose, parts) in [
            (Purpose::FailedBrowser, [&b"a"[..], b"bc"]),
            (Purpose::KnownBrowser, [b"ab", b"c"]),
            (Purpose::KnownBrowser, [b"bc", b"a"]),
        ] {
            assert!(!pepper.is_mac(purpose, &parts, &mac), "{purpose:?} {parts:?}");
        }
    }

    #[test]
    fn a_mac_outlives_a_new_version_of_the_pepper_but_not_its_removal() {
        let mac = pepper(&[7]).mac(Purpose::KnownBrowser, &[b"a"]);
        assert!(pepper(&[7, 8]).is_mac(Purpose::KnownBrowser, &[b"a"], &mac));
        assert!(!pepper(&[8]).is_mac(Purpose::KnownBrowser, &[b"a"], &mac));
    }
}
