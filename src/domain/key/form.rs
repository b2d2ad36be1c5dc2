//! The form `Add API key`: its fields as they are sent, and what they mean.

use super::{Key, issue::Terms, rate_limit};
use crate::domain::{
    catalog::{CUSTOM, Catalog},
    expiry::{self, ExpiryError},
    field_errors::FieldErrors,
    name::KeyName,
    network::Allowlist,
    scope::Scopes,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// The fields. One that is missing is empty.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyForm {
    /// Name.
    pub name: String,
    /// Machine name of a preset, or `custom`.
    pub preset: String,
    /// The ticked scopes; only used if `preset` is `custom`.
    pub scopes: Vec<String>,
    /// `never`, a number of days, or `date`.
    pub expires: String,
    /// The last day, for `date`.
    pub expires_on: String,
    /// Addresses and CIDR blocks.
    pub allowlist: String,
    /// Requests a minute, or nothing.
    pub rate_limit: String,
    /// Form token: the form yields one secret, however often it is sent (docs/security.md, S35).
    pub form_token: String,
}

impl KeyForm {
    /// Validates the fields. Returns the terms of the new key, and a note for each change that was made to the allowlist.
    ///
    /// # Errors
    /// Every field that is invalid.
    pub fn read(&self, catalog: &Catalog, now: Timestamp) -> Result<(Terms, Vec<String>), FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", KeyName::parse(&self.name));
        let permissions = self.permissions(catalog, &mut errors);
        let expires_at = expiry::parse(&self.expires, &self.expires_on, now);
        let field = expires_at.as_ref().err().map_or("expires", expiry_field);
        let expires_at = errors.check(field, expires_at);
        let reading = errors.check("allowlist", Allowlist::parse(&self.allowlist));
        let rate_limit = errors.check("rate_limit", rate_limit::parse(&self.rate_limit));
        let (Some(name), Some((preset, scopes)), Some(expires_at), Some(reading), Some(rate_limit)) =
            (name, permissions, expires_at, reading, rate_limit)
        else {
            return Err(errors);
        };
        let terms = Terms {
            allowlist: reading.list,
            expires_at,
            rate_limit,
            ..Terms::new(name, preset, scopes)
        };
        Ok((terms, reading.notes))
    }

    /// The form for another key like this one, and the scopes of this one that no longer exist. The name stays empty:
    /// two keys with one name are easily confused.
    #[must_use]
    pub fn like(key: &Key, catalog: &Catalog, now: Timestamp) -> (Self, Vec<String>) {
        let is_known = |scope: &str| catalog.scopes.iter().any(|known| known == scope);
        let (known, gone): (Vec<_>, Vec<_>) = key.scopes.iter().partition(|scope| is_known(scope));
        // The scopes of a preset may have changed since the key was created; the new key gets those of this key.
        let same = catalog.preset(&key.preset).filter(|preset| {
            let scopes: Scopes = preset.scopes.iter().map(String::as_str).collect();
            scopes == key.scopes
        });
        let (expires, expires_on) = expiry::like(key.created_at, key.expires_at, now);
        let entries: Vec<_> = key.allowlist.entries().map(|entry| entry.to_string()).collect();
        let owned = |scopes: Vec<&str>| scopes.into_iter().map(str::to_owned).collect();
        let form = Self {
            preset: same.map_or(CUSTOM, |preset| &preset.id).to_owned(),
            scopes: owned(known),
            expires,
            expires_on,
            allowlist: entries.join(", "),
            rate_limit: key.rate_limit.map(|limit| limit.to_string()).unwrap_or_default(),
            ..Self::default()
        };
        (form, owned(gone))
    }

    /// Machine name and scopes of the chosen preset.
    fn permissions(&self, catalog: &Catalog, errors: &mut FieldErrors) -> Option<(String, Scopes)> {
        if self.preset == CUSTOM {
            let scopes = self.scopes.iter().map(String::as_str);
            let scopes = errors.check("scopes", catalog.custom(scopes))?;
            return Some((CUSTOM.to_owned(), scopes));
        }
        let preset = catalog.preset(&self.preset).ok_or("Choose permissions.");
        let preset = errors.check("preset", preset)?;
        let scopes = preset.scopes.iter().map(String::as_str).collect();
        Some((preset.id.clone(), scopes))
    }
}

/// The field beside which an error of the expiry is shown.
const fn expiry_field(error: &ExpiryError) -> &'static str {
    match error {
        ExpiryError::Unknown => "expires",
        _ => "expires_on",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{AccountId, UserId};

    const NOW: Timestamp = Timestamp::from_millis(1_795_458_000_000);

    #[test]
    fn what_a_key_is_made_with() {
        let form = KeyForm {
            name: " prod ".to_owned(),
            preset: "custom".to_owned(),
            scopes: vec!["health:read".to_owned(), "account:read".to_owned()],
            expires: "7".to_owned(),
            allowlist: "203.0.113.7".to_owned(),
            rate_limit: "60".to_owned(),
            ..KeyForm::default()
        };
        let (terms, notes) = form.read(&Catalog::vendor(), NOW).expect("valid fields");
        assert_eq!((terms.name.as_str(), terms.preset.as_str()), ("prod", "custom"));
        assert!(terms.scopes.contains("health:read") && terms.scopes.contains("account:read"));
        assert_eq!(
            terms.expires_at,
            Some(NOW.plus(std::time::Duration::from_hours(24 * 7)))
        );
        assert_eq!(
            (terms.allowlist.to_string().as_str(), terms.rate_limit),
            ("203.0.113.7", Some(60))
        );
        assert_eq!((terms.replaces, notes.len()), (None, 0));
    }

    /// A key made of a form is what the form of another like it makes.
    #[test]
    fn a_key_like_another_has_its_terms() {
        let catalog = Catalog::vendor();
        let made = |form: &KeyForm, now| {
            let (terms, _) = form.read(&catalog, now).expect("valid fields");
            let (account, creator) = (AccountId::from_random([2; 16]), UserId::from_random([3; 16]));
            Key::issue(account, creator, terms, now, "bye_", |bytes| bytes.fill(7)).0
        };
        let first = KeyForm {
            name: "prod".to_owned(),
            preset: "generate_only".to_owned(),
            expires: "30".to_owned(),
            allowlist: "203.0.113.9/24, ::1".to_owned(),
            rate_limit: "60".to_owned(),
            ..KeyForm::default()
        };
        let later = NOW.plus(std::time::Duration::from_hours(24 * 50));
        for (form, is_preset) in [
            (first.clone(), true),
            (
                KeyForm {
                    preset: CUSTOM.to_owned(),
                    scopes: vec!["health:read".to_owned()],
                    expires: "never".to_owned(),
                    allowlist: String::new(),
                    rate_limit: String::new(),
                    ..first.clone()
                },
                false,
            ),
            (
                KeyForm {
                    expires: "date".to_owned(),
                    expires_on: "2027-12-31".to_owned(),
                    ..first
                },
                true,
            ),
        ] {
            let key = made(&form, NOW);
            let (like, gone) = KeyForm::like(&key, &catalog, later);
            assert_eq!((like.name.as_str(), gone.len()), ("", 0));
            assert_eq!(
                (like.preset == form.preset, like.expires == form.expires),
                (true, true),
                "{like:?}"
            );
            let named = KeyForm {
                name: "prod".to_owned(),
                ..like
            };
            let other = made(&named, later);
            let lifetime = |key: &Key| key.expires_at.map(|end| end.since(key.created_at));
            assert_eq!((&other.scopes, &other.allowlist), (&key.scopes, &key.allowlist));
            assert_eq!((&other.preset, other.rate_limit), (&key.preset, key.rate_limit));
            assert_eq!(other.preset != CUSTOM, is_preset);
            if form.expires == "date" {
                assert_eq!(other.expires_at, key.expires_at);
            } else {
                assert_eq!(lifetime(&other), lifetime(&key));
            }
        }
    }

    /// A preset whose scopes have changed, and a scope that is gone.
    #[test]
    fn a_key_from_before_becomes_custom() {
        let catalog = Catalog::vendor();
        let terms = Terms::new(
            KeyName::parse("old").expect("a name"),
            "read_only",
            ["account:read", "tides:write"].into_iter().collect(),
        );
        let (account, creator) = (AccountId::from_random([2; 16]), UserId::from_random([3; 16]));
        let (key, _) = Key::issue(account, creator, terms, NOW, "bye_", |bytes| bytes.fill(7));
        let (form, gone) = KeyForm::like(&key, &catalog, NOW);
        assert_eq!(
            (form.preset.as_str(), form.scopes),
            (CUSTOM, vec!["account:read".to_owned()])
        );
        assert_eq!(gone, ["tides:write"]);
    }

    #[test]
    fn every_invalid_field_is_named() {
        let form = KeyForm {
            preset: "custom".to_owned(),
            expires: "date".to_owned(),
            allowlist: "nowhere".to_owned(),
            rate_limit: "0".to_owned(),
            ..KeyForm::default()
        };
        let errors = form.read(&Catalog::vendor(), NOW).expect_err("invalid fields");
        for field in ["name", "scopes", "expires_on", "allowlist", "rate_limit"] {
            assert!(errors.get(field).is_some(), "{field}: {errors:?}");
        }
        assert!(errors.get("preset").is_none() && errors.get("expires").is_none());
        let errors = KeyForm::default()
            .read(&Catalog::vendor(), NOW)
            .expect_err("nothing chosen");
        assert!(errors.get("preset").is_some() && errors.get("scopes").is_none());
        let form = KeyForm {
            expires: "soon".to_owned(),
            ..KeyForm::default()
        };
        let errors = form
            .read(&Catalog::vendor(), NOW)
            .expect_err("no choice of the form");
        assert!(errors.get("expires").is_some() && errors.get("expires_on").is_none());
    }
}
