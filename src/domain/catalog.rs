//! The catalogue: the scopes and presets that a key can have, and the scope that each route needs. The
//! vendor's (docs.babysea.ai, `/api-keys/scopes`) is built in; a file can replace it.

mod file;
mod rules;

pub use file::FileError;

use super::{number::counted, scope::Scopes};
use rules::{is_pattern, is_scope};
use std::{collections::HashSet, sync::Arc};

/// Maximum number of scopes of a catalogue: the number of bits of [`Grants`].
pub const MOST_SCOPES: usize = 64;

/// A named set of scopes in the dialog `Add API key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Machine name, stored with the key: `full_access`.
    pub id: String,
    /// Name for people: `Full Access`.
    pub label: String,
    /// One-sentence description.
    pub description: String,
    /// Scopes of a key created with it, in the order of the catalogue's author.
    pub scopes: Vec<String>,
}

/// Value of a key's preset when its scopes were selected one by one.
pub const CUSTOM: &str = "custom";
/// Its label.
pub const CUSTOM_LABEL: &str = "Custom";

/// A route of the guarded API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// HTTP method in capitals.
    pub method: String,
    /// Path; `{model_identifier}` spans two segments, every other `{name}` one.
    pub pattern: Arc<str>,
    /// The scope a key needs.
    pub scope: Arc<str>,
    /// Index of that scope in the catalogue.
    scope_index: usize,
}

/// The scopes of a key as a bit set of indexes into one catalogue, so that checking a scope is one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grants(u64);

impl Grants {
    /// Whether the scope that the route needs is in the set.
    #[must_use]
    pub const fn open(self, route: &Route) -> bool {
        self.0 >> route.scope_index & 1 == 1
    }
}

/// Scopes, presets and routes of one API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog {
    /// All scopes.
    pub scopes: Vec<String>,
    /// The presets in the order of the dialog.
    pub presets: Vec<Preset>,
    /// The routes. If two patterns match a path, the first one applies.
    pub routes: Vec<Arc<Route>>,
}

/// How a path is close to a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NearMiss {
    /// It is the path of routes with these methods.
    Methods(Vec<String>),
    /// It is the path of a route, with a slash at the end.
    SlashAtEnd,
    /// It is the path of a route in other letters.
    LetterCase,
    /// It is not close to any.
    None,
}

/// Why a catalogue is invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The invalid part.
    pub part: Part,
    /// Reason, as a sentence.
    pub reason: String,
}

/// Part of a catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The catalogue as a whole.
    Catalog,
    /// The scope with this index.
    Scope(usize),
    /// The preset with this index.
    Preset(usize),
    /// The route with this index.
    Route(usize),
}

impl Catalog {
    /// Builds and validates a catalogue; a route is its method, pattern and scope.
    ///
    /// # Errors
    /// The first invalid part.
    pub fn new(
        scopes: Vec<String>,
        presets: Vec<Preset>,
        routes: Vec<(String, String, String)>,
    ) -> Result<Self, Fault> {
        let whole = |reason: &str| Fault {
            part: Part::Catalog,
            reason: reason.to_owned(),
        };
        if scopes.is_empty() || scopes.len() > MOST_SCOPES {
            return Err(whole("there must be 1 to 64 scopes"));
        }
        if presets.is_empty() || routes.is_empty() {
            return Err(whole("there must be at least one preset and one route"));
        }
        let mut seen = HashSet::new();
        for (n, scope) in scopes.iter().enumerate() {
            let reason = if !is_scope(scope) {
                format!(
                    "the scope {scope:?} must be 1 to 64 visible ASCII characters without quotes and backslashes"
                )
            } else if !seen.insert(scope.as_str()) {
                format!("the scope {scope:?} is listed twice")
            } else {
                continue;
            };
            return Err(Fault {
                part: Part::Scope(n),
                reason,
            });
        }
        let mut ids = HashSet::new();
        for (n, preset) in presets.iter().enumerate() {
            if let Some(reason) = preset.fault(&seen, &mut ids) {
                return Err(Fault {
                    part: Part::Preset(n),
                    reason,
                });
            }
        }
        let mut known = HashSet::new();
        let mut built = Vec::with_capacity(routes.len());
        for (n, (method, pattern, scope)) in routes.into_iter().enumerate() {
            let fault = |reason| Fault {
                part: Part::Route(n),
                reason,
            };
            if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
                return Err(fault(format!("the method {method:?} must be in capitals")));
            }
            if !is_pattern(&pattern) {
                return Err(fault(format!(
                    "the pattern {pattern:?} must begin with / and have no empty segments and no segments of dots \
                     alone; a {{name}} must be a whole segment"
                )));
            }
            let Some(scope_index) = scopes.iter().position(|known| *known == scope) else {
                return Err(fault(format!("there is no scope {scope:?}")));
            };
            if !known.insert((method.clone(), pattern.clone())) {
                return Err(fault(format!("the route {method} {pattern} is listed twice")));
            }
            built.push(Arc::new(Route {
                method,
                pattern: pattern.into(),
                scope: scope.into(),
                scope_index,
            }));
        }
        Ok(Self {
            scopes,
            presets,
            routes: built,
        })
    }

    /// The scopes of a key as a bit set of this catalogue. Scopes that it does not have are ignored.
    #[must_use]
    pub fn grants(&self, scopes: &Scopes) -> Grants {
        let places = self.scopes.iter().enumerate();
        Grants(
            places
                .filter(|(_, scope)| scopes.contains(scope))
                .fold(0, |bits, (index, _)| bits | 1 << index),
        )
    }

    /// The preset with this machine name.
    #[must_use]
    pub fn preset(&self, id: &str) -> Option<&Preset> {
        self.presets.iter().find(|preset| preset.id == id)
    }

    /// Label of the preset with this machine name; also for `custom`.
    #[must_use]
    pub fn preset_label(&self, id: &str) -> String {
        match self.preset(id) {
            Some(preset) => preset.label.clone(),
            None if id == CUSTOM => CUSTOM_LABEL.to_owned(),
            None => id.to_owned(),
        }
    }

    /// Label of a key's permissions: its preset, or the number of selected scopes.
    #[must_use]
    pub fn permissions_label(&self, preset: &str, scopes: &Scopes) -> String {
        let label = self.preset_label(preset);
        match self.preset(preset) {
            Some(_) => label,
            None => with_scopes(&label, scopes.len()),
        }
    }

    /// Scopes of a key with custom permissions: known scopes only, duplicates merged (docs/security.md, S59).
    ///
    /// # Errors
    /// The message for the field.
    pub fn custom<'a>(&self, chosen: impl IntoIterator<Item = &'a str>) -> Result<Scopes, &'static str> {
        let chosen: Scopes = chosen.into_iter().collect();
        if chosen.is_empty() {
            Err("Choose at least one scope.")
        } else if chosen
            .iter()
            .all(|scope| self.scopes.iter().any(|known| known == scope))
        {
            Ok(chosen)
        } else {
            Err("One of these scopes does not exist. Reload the page and choose again.")
        }
    }

    /// The routes that need this scope.
    pub fn routes_of(&self, scope: &str) -> impl Iterator<Item = &Arc<Route>> {
        self.routes.iter().filter(move |route| *route.scope == *scope)
    }

    /// Why a path whose request matches no route is close to one. For responses only: the check compares exactly.
    #[must_use]
    pub fn near_miss(&self, path: &str) -> NearMiss {
        let methods = self.methods_of(path);
        if !methods.is_empty() {
            return NearMiss::Methods(methods);
        }
        let trimmed = path.trim_end_matches('/');
        if trimmed != path && !self.methods_of(trimmed).is_empty() {
            return NearMiss::SlashAtEnd;
        }
        let differs_in_case =
            |route: &Arc<Route>| matches_by(&route.pattern, path, str::eq_ignore_ascii_case);
        if self.routes.iter().any(differs_in_case) {
            return NearMiss::LetterCase;
        }
        NearMiss::None
    }

    /// The methods of the routes that match a path, in the order of the catalogue. `GET` routes take `HEAD` too.
    fn methods_of(&self, path: &str) -> Vec<String> {
        let mut methods: Vec<String> = Vec::new();
        for route in self.routes.iter().filter(|route| matches(&route.pattern, path)) {
            let names: &[&str] = if route.method == "GET" {
                &["GET", "HEAD"]
            } else {
                &[&route.method]
            };
            for &name in names {
                if !methods.iter().any(|known| known == name) {
                    methods.push(name.to_owned());
                }
            }
        }
        methods
    }

    /// The route that matches `method` and `path` (as received, without the query). `HEAD` matches the routes
    /// of `GET` (RFC 9110, section 9.3.2).
    #[must_use]
    pub fn route(&self, method: &str, path: &str) -> Option<&Arc<Route>> {
        let method = if method == "HEAD" { "GET" } else { method };
        self.routes
            .iter()
            .find(|route| route.method == method && matches(&route.pattern, path))
    }
}

/// Permissions by single scopes: `Custom (2 scopes)`.
#[must_use]
pub fn with_scopes(label: &str, scopes: usize) -> String {
    format!("{label} ({})", counted(scopes as u64, "scope"))
}

fn matches(pattern: &str, path: &str) -> bool {
    if !pattern.contains('{') {
        return pattern == path;
    }
    matches_by(pattern, path, |part, segment| part == segment)
}

/// The same, with another comparison of the segments that are not parameters.
fn matches_by(pattern: &str, path: &str, is_same: impl Fn(&str, &str) -> bool) -> bool {
    let mut segments = path.split('/');
    for part in pattern.split('/') {
        let spans = match part {
            "{model_identifier}" => 2,
            _ if part.starts_with('{') => 1,
            _ => {
                if !segments.next().is_some_and(|segment| is_same(part, segment)) {
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
mod tests;
