//! E-mail addresses: what is stored for showing, and what two addresses are compared by.

use std::fmt;

/// Longest address taken, in bytes (RFC 5321, section 4.5.3.1.3, less the angle brackets).
pub const MAX_BYTES: usize = 254;

/// An address that has the shape of one: something, an `@`, and a domain. Whether it receives mail only mail can tell.
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
    /// No address.
    #[error("Enter an address like name@example.com.")]
    Malformed,
}

impl Email {
    /// Reads an address; white space around it is dropped.
    ///
    /// # Errors
    /// The first rule broken.
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
        let bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '@' | '<' | '>' | ',' | ';');
        let labels_fine = domain.split('.').all(|label| !label.is_empty());
        if local.is_empty() || local.contains(bad) || domain.contains(bad) || !labels_fine {
            return Err(EmailError::Malformed);
        }
        Ok(Self(text.to_owned()))
    }

    /// The form that must be unique: addresses that differ in case only are one address (S58).
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
        assert_eq!(key("ADA@Example.COM"), key("ada@example.com"));
    }
}
