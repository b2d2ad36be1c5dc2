//! Snippets: commands and code that use a new key, with a placeholder for the key.

use super::{
    catalog::{Catalog, Route},
    scope::Scopes,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Placeholder for the key.
pub const KEY: &str = "{{key}}";

/// A command or a piece of code to copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snippet {
    /// Label of its tab.
    pub label: String,
    /// The text, with [`KEY`] in place of the key.
    pub text: String,
    /// A remark below it; may be empty.
    pub note: String,
}

/// Placeholder for the API's address, in calls to routes that this server does not serve.
pub const YOUR_API: &str = "https://your-api.example";

/// A call for which the vendor's TypeScript package has a method (docs.babysea.ai, `/sdk/overview`).
struct VendorCall {
    method: &'static str,
    path: &'static str,
    sdk: &'static str,
    body: Option<&'static str>,
}

const PROMPT: &str = r#"{"generation_prompt": "a lighthouse at dawn"}"#;

/// One call for each scope of the vendor. A key's snippets use the first call that its scopes allow. So a call that
/// this server answers itself comes first, and the call that deletes something comes last.
const VENDOR: [VendorCall; 6] = [
    VendorCall {
        method: "GET",
        path: "/v1/status",
        sdk: "client.status()",
        body: None,
    },
    VendorCall {
        method: "POST",
        path: "/v1/generate/image/bfl/flux-schnell",
        sdk: "client.generate(\"bfl/flux-schnell\", {\n  generation_prompt: \"a lighthouse at dawn\",\n})",
        body: Some(PROMPT),
    },
    VendorCall {
        method: "GET",
        path: "/v1/health/storage",
        sdk: "client.health.storage()",
        body: None,
    },
    VendorCall {
        method: "GET",
        path: "/v1/library/models",
        sdk: "client.library.models()",
        body: None,
    },
    VendorCall {
        method: "GET",
        path: "/v1/content/list",
        sdk: "client.listGenerations()",
        body: None,
    },
    VendorCall {
        method: "POST",
        path: "/v1/content/generation/cancel/00000000-0000-0000-0000-000000000000",
        sdk: "client.cancelGeneration(\"00000000-0000-0000-0000-000000000000\")",
        body: None,
    },
];

/// A call that a key's scopes allow.
struct Call<'c> {
    route: &'c Route,
    path: String,
    /// The same call with the vendor's package, if it has a method for it.
    sdk: Option<&'static str>,
    body: Option<&'static str>,
}

impl<'c> Call<'c> {
    /// The example call for keys with these scopes: a call of the vendor if the catalogue has its route under
    /// one of the scopes; otherwise the first route that the scopes open, GET preferred. `None` if the scopes
    /// open no route.
    fn of(catalog: &'c Catalog, scopes: &Scopes) -> Option<Self> {
        let opened = |method: &str, path: &str| {
            let route = catalog.route(method, path)?;
            scopes.contains(&route.scope).then_some(route)
        };
        let vendor = VENDOR.iter().find_map(|call| {
            Some(Self {
                route: opened(call.method, call.path)?,
                path: call.path.to_owned(),
                sdk: Some(call.sdk),
                body: call.body,
            })
        });
        vendor.or_else(|| {
            let own = catalog.routes.iter().filter_map(|route| {
                let path = sample(&route.pattern);
                // Skips a route whose sample path matches an earlier pattern, or is reserved for this server.
                let is_it = opened(&route.method, &path).is_some_and(|found| Arc::ptr_eq(found, route));
                (is_it && path != "/v1/keys/report-leak").then_some(Self {
                    route,
                    path,
                    sdk: None,
                    body: None,
                })
            });
            own.min_by_key(|call| match call.route.method.as_str() {
                "GET" => 0,
                "DELETE" => 2,
                _ => 1,
            })
        })
    }

    /// Whether this server answers the call itself, which is so for all paths below `/v1`.
    fn is_here(&self) -> bool {
        self.path == "/v1" || self.path.starts_with("/v1/")
    }

    /// The full URL; `base` is this server's.
    fn url(&self, base: &str) -> String {
        format!("{}{}", self.base(base), self.path)
    }

    fn base<'b>(&self, base: &'b str) -> &'b str {
        if self.is_here() { base } else { YOUR_API }
    }

    fn curl(&self, base: &str) -> String {
        let method = match self.route.method.as_str() {
            "GET" => String::new(),
            method => format!(" -X {method}"),
        };
        let mut command = format!(
            "curl -i{method} {} \\\n  -H \"Authorization: Bearer {KEY}\"",
            quoted(&self.url(base))
        );
        if let Some(body) = self.body {
            command += " \\\n  -H \"Content-Type: application/json\" \\\n  -d '";
            command += body;
            command += "'";
        }
        command
    }

    fn python(&self, base: &str) -> String {
        let body = self
            .body
            .map(|body| format!("    json={body},\n"))
            .unwrap_or_default();
        format!(
            "import requests\n\nanswer = requests.request(\n    \"{}\",\n    \"{}\",\n    headers={{\"Authorization\": \"Bearer {KEY}\"}},\n{body}    timeout=30,\n)\nprint(answer.status_code, answer.text)",
            self.route.method,
            self.url(base)
        )
    }

    fn typescript(&self, base: &str) -> Snippet {
        let from_environment = "In real code, read the key from an environment variable.";
        match self.sdk {
            Some(sdk) => snippet(
                "SDK",
                format!(
                    "import {{ BabySea }} from \"babysea\";\n\nconst client = new BabySea({{\n  apiKey: \"{KEY}\",\n  baseUrl: \"{base}\",\n}});\n\nconst answer = await {sdk};"
                ),
                &format!("TypeScript, package babysea. {from_environment}"),
            ),
            None => snippet(
                "TypeScript",
                format!(
                    "const answer = await fetch(\"{}\", {{\n  method: \"{}\",\n  headers: {{ Authorization: \"Bearer {KEY}\" }},\n}});\nconsole.log(answer.status, await answer.text());",
                    self.url(base),
                    self.route.method
                ),
                from_environment,
            ),
        }
    }

    /// The output of the command, in words. With `has_allowlist`, also that of another address.
    fn expected(&self, has_allowlist: bool) -> String {
        let mut expected = match &*self.route.pattern {
            "/v1/status" => "You should see 200 and “API connected successfully”.".to_owned(),
            "/v1/user/account" | "/v1/usage" => "You should see 200 and the data of the account.".to_owned(),
            _ if self.is_here() => {
                "You should see 501 BSE5001. That means the key works; the route itself is served by your API."
                    .to_owned()
            }
            _ => format!(
                "Put the address of your API in place of {YOUR_API}. A 401 or 403 would mean that the key was refused."
            ),
        };
        if has_allowlist {
            expected += " From an address outside the allowlist you see 403 BSE1007.";
        }
        expected
    }
}

/// An example path for a pattern.
fn sample(pattern: &str) -> String {
    let segments = pattern.split('/').map(|segment| match segment {
        "{model_identifier}" => "example/model",
        name if name.starts_with('{') => "example",
        plain => plain,
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Quotes a word for the shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/:@%+,=".contains(c);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn snippet(label: &str, text: String, note: &str) -> Snippet {
    Snippet {
        label: label.to_owned(),
        text,
        note: note.to_owned(),
    }
}

/// Prefix of a brand's environment variables: `BABYSEA` for `BabySea`. Empty if the brand has no ASCII letter or digit.
fn variable(brand: &str) -> String {
    let words = brand.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<_> = words
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_uppercase)
        .collect();
    match words.join("_") {
        name if name.starts_with(|c: char| c.is_ascii_digit()) => format!("_{name}"),
        name => name,
    }
}

/// The snippets for a new key of `brand` with these scopes; `base` is this server's URL, without `/v1`. With
/// `has_allowlist` the command's remark mentions that only listed addresses may use the key.
#[must_use]
pub fn snippets(
    brand: &str,
    base: &str,
    catalog: &Catalog,
    scopes: &Scopes,
    has_allowlist: bool,
) -> Vec<Snippet> {
    let brand = variable(brand);
    let named = |what: &str| {
        [&brand, what]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("_")
    };
    let (key, address) = (named("API_KEY"), named("API_BASE_URL"));
    let secret = key.to_ascii_lowercase();
    let path = if brand.is_empty() {
        "api".to_owned()
    } else {
        brand.to_ascii_lowercase()
    };
    let call = Call::of(catalog, scopes);
    let api = call.as_ref().map_or(YOUR_API, |call| call.base(base));
    let mut snippets = Vec::new();
    if let Some(call) = &call {
        snippets.push(call.typescript(base));
        snippets.push(snippet("cURL", call.curl(base), &call.expected(has_allowlist)));
        snippets.push(snippet("Python", call.python(base), "Python, package requests."));
    }
    snippets.push(snippet(
        ".env",
        format!("{key}={KEY}\n{address}={api}"),
        "Add .env to .gitignore to keep the key out of your repository.",
    ));
    snippets.push(snippet(
        "Secrets manager",
        format!(
            "# GitHub Actions\nprintf %s '{KEY}' | gh secret set {key}\n\n# Docker Swarm\nprintf %s '{KEY}' | docker secret create {secret} -\n\n# HashiCorp Vault\nprintf %s '{KEY}' | vault kv put secret/{path} api_key=-"
        ),
        "A space before a command keeps it out of the history of most shells.",
    ));
    snippets
}
