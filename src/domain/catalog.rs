//! The catalogue: which scopes and presets a key can have, and which route needs which scope.
//! The vendor's (docs.babysea.ai, `/api-keys/scopes`) is built in.

use super::scope::Scopes;

/// A named choice of scopes in the dialog `Add API key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Machine name, stored with the key: `full_access`.
    pub id: &'static str,
    /// Name for people: `Full Access`.
    pub label: &'static str,
    /// The vendor's sentence about it.
    pub description: &'static str,
    /// What a key made with it may do.
    pub scopes: &'static [&'static str],
}

/// Machine name of keys whose scopes were chosen one by one.
pub const CUSTOM: &str = "custom";
/// Its name for people.
pub const CUSTOM_LABEL: &str = "Custom";

/// A route of the guarded API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// HTTP method in capitals.
    pub method: &'static str,
    /// Path; `{model_identifier}` spans two segments, every other `{name}` one.
    pub pattern: &'static str,
    /// The scope a key needs.
    pub scope: &'static str,
}

/// Scopes, presets and routes of one API.
#[derive(Clone, Copy, Debug)]
pub struct Catalog {
    /// Every scope there is.
    pub scopes: &'static [&'static str],
    /// The presets in the order of the dialog.
    pub presets: &'static [Preset],
    /// The routes; where two patterns match a path, the first counts.
    pub routes: &'static [Route],
}

const fn route(method: &'static str, pattern: &'static str, scope: &'static str) -> Route {
    Route {
        method,
        pattern,
        scope,
    }
}

/// The vendor's catalogue.
pub const BUILT_IN: Catalog = Catalog {
    scopes: ALL,
    presets: &[
        Preset {
            id: "full_access",
            label: "Full Access",
            description: "All permissions - read, write, delete",
            scopes: ALL,
        },
        Preset {
            id: "generate_only",
            label: "Generate Only",
            description: "Create & read generations + browse models",
            scopes: &["generation:write", "generation:read", "library:read"],
        },
        Preset {
            id: "read_only",
            label: "Read Only",
            description: "Read generations, account info, health - no spending",
            scopes: &["generation:read", "account:read", "health:read", "library:read"],
        },
        Preset {
            id: "monitor_only",
            label: "Monitor Only",
            description: "Health checks & model catalog - no account data",
            scopes: &["health:read", "library:read"],
        },
    ],
    routes: &[
        route(
            "POST",
            "/v1/generate/image/{model_identifier}",
            "generation:write",
        ),
        route(
            "POST",
            "/v1/generate/video/{model_identifier}",
            "generation:write",
        ),
        route("GET", "/v1/content/list", "generation:read"),
        route("GET", "/v1/content/{generation_id}", "generation:read"),
        route("DELETE", "/v1/content/{generation_id}", "generation:delete"),
        route(
            "POST",
            "/v1/content/generation/cancel/{generation_id}",
            "generation:delete",
        ),
        route("GET", "/v1/status", "account:read"),
        route("GET", "/v1/usage", "account:read"),
        route("GET", "/v1/user/account", "account:read"),
        route("GET", "/v1/user/billing", "account:read"),
        route("GET", "/v1/health/inference/providers", "health:read"),
        route("GET", "/v1/health/inference/models", "health:read"),
        route("GET", "/v1/health/storage", "health:read"),
        route("GET", "/v1/health/cache", "health:read"),
        route("GET", "/v1/library/providers", "library:read"),
        route("GET", "/v1/library/models", "library:read"),
        route("GET", "/v1/estimate/{model_identifier}", "library:read"),
    ],
};

const ALL: &[&str] = &[
    "generation:write",
    "generation:read",
    "generation:delete",
    "account:read",
    "health:read",
    "library:read",
];

impl Catalog {
    /// The preset with this machine name.
    #[must_use]
    pub fn preset(&self, id: &str) -> Option<&'static Preset> {
        self.presets.iter().find(|preset| preset.id == id)
    }

    /// Name for people of the preset with this machine name, `Custom` included.
    #[must_use]
    pub fn preset_label(&self, id: &str) -> String {
        match self.preset(id) {
            Some(preset) => preset.label.to_owned(),
            None if id == CUSTOM => CUSTOM_LABEL.to_owned(),
            None => id.to_owned(),
        }
    }

    /// What a key may do, for people: its preset, or how many scopes were chosen.
    #[must_use]
    pub fn permissions_label(&self, preset: &str, scopes: &Scopes) -> String {
        let label = self.preset_label(preset);
        match (self.preset(preset), scopes.len()) {
            (Some(_), _) => label,
            (None, 1) => format!("{label} · 1 scope"),
            (None, count) => format!("{label} · {count} scopes"),
        }
    }

    /// The scopes of a custom key, as chosen: known ones only, repetitions merged (docs/security.md, S59).
    ///
    /// # Errors
    /// What to show at the field.
    pub fn custom<'a>(&self, chosen: impl IntoIterator<Item = &'a str>) -> Result<Scopes, &'static str> {
        let chosen: Scopes = chosen.into_iter().collect();
        if chosen.is_empty() {
            Err("Choose at least one scope.")
        } else if chosen.iter().all(|scope| self.scopes.contains(&scope)) {
            Ok(chosen)
        } else {
            Err("One of these scopes does not exist. Reload the page and choose again.")
        }
    }

    /// The routes that a scope opens.
    pub fn routes_of(&self, scope: &str) -> impl Iterator<Item = &'static Route> {
        self.routes.iter().filter(move |route| route.scope == scope)
    }

    /// The route that `method` and `path` (as sent, without its query) ask for. `HEAD` asks for what `GET` would
    /// (RFC 9110, section 9.3.2).
    #[must_use]
    pub fn route(&self, method: &str, path: &str) -> Option<&'static Route> {
        let method = if method == "HEAD" { "GET" } else { method };
        self.routes
            .iter()
            .find(|route| route.method == method && matches(route.pattern, path))
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    for part in pattern.split('/') {
        let spans = match part {
            "{model_identifier}" => 2,
            _ if part.starts_with('{') => 1,
            _ => {
                if segments.next() != Some(part) {
                    return false;
                }
                continue;
            }
        };
        for _ in 0..spans {
            if segments.next().is_none_or(str::is_empty) {
                return false;
            }
        }
    }
    segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_and_route_uses_known_scopes() {
        for scope in BUILT_IN
            .presets
            .iter()
            .flat_map(|p| p.scopes)
            .chain(BUILT_IN.routes.iter().map(|r| &r.scope))
        {
            assert!(BUILT_IN.scopes.contains(scope), "{scope}");
        }
    }

    #[test]
    fn paths_find_their_route() {
        let scope = |method, path| BUILT_IN.route(method, path).map(|route| route.scope);
        assert_eq!(scope("GET", "/v1/status"), Some("account:read"));
        assert_eq!(scope("HEAD", "/v1/status"), Some("account:read"));
        assert_eq!(
            scope("POST", "/v1/generate/image/bfl/flux-schnell"),
            Some("generation:write")
        );
        assert_eq!(scope("DELETE", "/v1/content/7"), Some("generation:delete"));
        assert_eq!(scope("GET", "/v1/content/list"), Some("generation:read"));
        for (method, path) in [
            ("POST", "/v1/status"),
            ("GET", "/v1/status/"),
            ("GET", "/v1/statuses"),
            ("GET", "/v1"),
            ("GET", "/v1/content/"),
            ("POST", "/v1/generate/image/bfl"),
            ("POST", "/v1/generate/image/bfl/"),
            ("POST", "/v1/generate/image/bfl/flux/schnell"),
            ("get", "/v1/status"),
        ] {
            assert_eq!(scope(method, path), None, "{method} {path}");
        }
    }

    #[test]
    fn custom_scopes_are_known_and_at_least_one() {
        let custom = |chosen: &[&str]| {
            BUILT_IN
                .custom(chosen.iter().copied())
                .map(|scopes| scopes.to_string())
        };
        assert_eq!(
            custom(&["library:read", "account:read", "library:read"]),
            Ok("account:read library:read".to_owned())
        );
        assert!(custom(&[]).is_err());
        for unknown in ["", "account:write", "account:read library:read", "Account:read"] {
            assert!(custom(&["account:read", unknown]).is_err(), "{unknown:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_choice_of_known_scopes_is_kept_as_it_is(chosen in proptest::collection::vec(0..6_usize, 1..12)) {
            let chosen: Vec<&str> = chosen.into_iter().map(|n| BUILT_IN.scopes[n]).collect();
            let scopes = BUILT_IN.custom(chosen.iter().copied()).expect("known scopes");
            for scope in BUILT_IN.scopes {
                proptest::prop_assert_eq!(scopes.contains(scope), chosen.contains(scope));
            }
            proptest::prop_assert_eq!(Scopes::from_stored(&scopes.to_string()), scopes);
        }

        #[test]
        fn no_other_scope_is_taken(other in "\\PC{0,20}") {
            proptest::prop_assume!(!BUILT_IN.scopes.contains(&other.as_str()));
            proptest::prop_assert!(BUILT_IN.custom([other.as_str()]).is_err());
        }
    }
}
