//! Email addresses: the form that is shown, and the form that is compared.

use super::token::found;
use std::fmt;

/// Maximum length in bytes (RFC 5321, section 4.5.3.1.3, less the angle brackets).
pub const MAX_BYTES: usize = 254;

/// A syntactically plausible address: a local part, an `@`, and a domain. Whether it receives mail is not
/// checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

/// Why an address was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing was typed.
    #[error("Enter your email address.")]
    Missing,
    /// Longer than [`MAX_BYTES`].
    #[error("Use an address of at most {MAX_BYTES} characters.")]
    TooLong,
    /// Not an email address.
    #[error("Enter an address like name@example.com.")]
    Malformed,
}

impl Email {
    /// Parses an address; white space around it is dropped.
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(EmailError::Missing);
        }
        if text.len() > MAX_BYTES {
            return Err(EmailError::TooLong);
        }
        let Some((local, domain)) = text.rsplit_once('@') else {
            return Err(EmailError::Malformed);
        };
        // Addresses are shown to others, and stay in the activity.
        if found::whole(&found::visible(text)).next().is_some() {
            return Err(EmailError::Malformed);
        }
        let bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '@' | '<' | '>' | ',' | ';');
        let labels_fine = domain.split('.').all(|label| !label.is_empty());
        if local.is_empty() || local.contains(bad) || domain.contains(bad) || !labels_fine {
            return Err(EmailError::Malformed);
        }
        Ok(Self(text.to_owned()))
    }

    /// The form that must be unique: addresses that differ only in case are the same address (S58).
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_no_address() {
        let key = crate::domain::token::generate("bye_", |bytes| bytes.fill(7));
        let address = format!("{}@example.com", key.expose());
        assert_eq!(Email::parse(&address), Err(EmailError::Malformed));
    }

    #[test]
    fn shapes() {
        for good in ["a@b", "Ada.Moss+keys@Example.com", " ada@example.com "] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "ada",
            "@example.com",
            "ada@",
            "a b@c",
            "a@b@c",
            "a@b..c",
            "a@.b",
            "a\u{0}@b",
            "<a@b>",
        ] {
            assert_eq!(Email::parse(bad), Err(EmailError::Malformed), "{bad}");
        }
        assert_eq!(Email::parse(" "), Err(EmailError::Missing));
        let longest = format!("{}@b", "a".repeat(MAX_BYTES - 2));
        assert!(Email::parse(&longest).is_ok());
        assert_eq!(Email::parse(&format!("a{longest}")), Err(EmailError::TooLong));
    }

    #[test]
    fn case_does_not_make_two_addresses() {
        let key = |text| Email::parse(text).map(|email| email.key());
        assert_eq!(key("ADA@Example.COM").as_deref(), Ok("ada@example.com"));
        let shown = Email::parse(" ADA@Example.COM ").map(|email| email.to_string());
        assert_eq!(shown.as_deref(), Ok("ADA@Example.COM"));
    }
}
