//! The catalogue: which scopes and presets a key can have, and which route needs which scope.
//! The vendor's (docs.babysea.ai, `/api-keys/scopes`) is built in.

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
}
