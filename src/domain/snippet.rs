//! How to use a new key: ready-made commands and code, with the key left out.

use super::{catalog::Catalog, scope::Scopes};
use serde::{Deserialize, Serialize};

/// Stands in a snippet where the key belongs.
pub const KEY: &str = "{{key}}";

/// A ready-made piece of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snippet {
    /// What it is for: the label of its tab.
    pub label: String,
    /// The text, with [`KEY`] in place of the key.
    pub text: String,
    /// What to mind, if anything.
    pub note: String,
}

/// How to find out whether a key works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// A command for a terminal, with [`KEY`] in place of the key.
    pub command: String,
    /// What it answers when all is well.
    pub expected: String,
}

/// A call that a key may make.
struct Call {
    scope: &'static str,
    method: &'static str,
    path: &'static str,
    /// The same through the vendor's TypeScript package (docs.babysea.ai, `/sdk/overview`).
    sdk: &'static str,
    body: Option<&'static str>,
}

const PROMPT: &str = r#"{"generation_prompt": "a lighthouse at dawn"}"#;

/// A call for each scope, in the order in which they are tried: one that this server answers comes first, one that
/// deletes last.
const CALLS: [Call; 6] = [
    Call {
        scope: "account:read",
        method: "GET",
        path: "/v1/status",
        sdk: "client.status()",
        body: None,
    },
    Call {
        scope: "generation:write",
        method: "POST",
        path: "/v1/generate/image/bfl/flux-schnell",
        sdk: "client.generate(\"bfl/flux-schnell\", {\n  generation_prompt: \"a lighthouse at dawn\",\n})",
        body: Some(PROMPT),
    },
    Call {
        scope: "health:read",
        method: "GET",
        path: "/v1/health/storage",
        sdk: "client.health.storage()",
        body: None,
    },
    Call {
        scope: "library:read",
        method: "GET",
        path: "/v1/library/models",
        sdk: "client.library.models()",
        body: None,
    },
    Call {
        scope: "generation:read",
        method: "GET",
        path: "/v1/content/list",
        sdk: "client.listGenerations()",
        body: None,
    },
    Call {
        scope: "generation:delete",
        method: "POST",
        path: "/v1/content/generation/cancel/00000000-0000-0000-0000-000000000000",
        sdk: "client.cancelGeneration(\"00000000-0000-0000-0000-000000000000\")",
        body: None,
    },
];

impl Call {
    /// For keys with these scopes. Another company's catalogue may know none of the calls: then the key is tried on the
    /// one route that every server has.
    fn of(scopes: &Scopes) -> &'static Self {
        CALLS
            .iter()
            .find(|call| scopes.contains(call.scope))
            .unwrap_or(&CALLS[0])
    }

    fn curl(&self, base: &str) -> String {
        let method = if self.method == "GET" {
            String::new()
        } else {
            format!(" -X {}", self.method)
        };
        let mut command = format!(
            "curl -i{method} {base}{} \\\n  -H \"Authorization: Bearer {KEY}\"",
            self.path
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
            "import requests\n\nanswer = requests.{}(\n    \"{base}{}\",\n    headers={{\"Authorization\": \"Bearer {KEY}\"}},\n{body}    timeout=30,\n)\nprint(answer.status_code, answer.json())",
            self.method.to_lowercase(),
            self.path
        )
    }

    fn typescript(&self, base: &str) -> String {
        format!(
            "import {{ BabySea }} from \"babysea\";\n\nconst client = new BabySea({{\n  apiKey: \"{KEY}\",\n  baseUrl: \"{base}\",\n}});\n\nconst answer = await {};",
            self.sdk
        )
    }
}

/// The tabs under a new key with these scopes; `base` is the address of the API, without `/v1`.
#[must_use]
pub fn snippets(base: &str, scopes: &Scopes) -> Vec<Snippet> {
    let call = Call::of(scopes);
    let snippet = |label: &str, text: String, note: &str| Snippet {
        label: label.to_owned(),
        text,
        note: note.to_owned(),
    };
    vec![
        snippet(
            "SDK",
            call.typescript(base),
            "TypeScript, with the package babysea. Outside of a first try, read the key from the environment.",
        ),
        snippet("cURL", call.curl(base), ""),
        snippet("Python", call.python(base), "With the package requests."),
        snippet(
            ".env",
            format!("BABYSEA_API_KEY={KEY}\nBABYSEA_API_BASE_URL={base}"),
            "Add .env to .gitignore, so that the key never gets into the repository.",
        ),
        snippet(
            "Secrets manager",
            format!(
                "# GitHub Actions\nprintf %s '{KEY}' | gh secret set BABYSEA_API_KEY\n\n# Docker Swarm\nprintf %s '{KEY}' | docker secret create babysea_api_key -\n\n# HashiCorp Vault\nprintf %s '{KEY}' | vault kv put secret/babysea api_key=-"
            ),
            "A space before a command keeps it out of the history of most shells.",
        ),
    ]
}

/// The one command that tells whether a key with these scopes works.
#[must_use]
pub fn trial(base: &str, catalog: &Catalog, scopes: &Scopes) -> Trial {
    let call = Call::of(scopes);
    let served = call.path == "/v1/status" && catalog.route("GET", "/v1/status").is_some();
    Trial {
        command: call.curl(base),
        expected: if served {
            "200 and “API connected successfully”.".to_owned()
        } else {
            "501 with code BSE5001: the key passed every check, and this server leaves the route itself to your API."
                .to_owned()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    static BUILT_IN: LazyLock<Catalog> = LazyLock::new(Catalog::vendor);

    #[test]
    fn every_call_is_a_route_of_its_scope() {
        for call in &CALLS {
            let route = BUILT_IN.route(call.method, call.path).expect(call.path);
            assert_eq!(*route.scope, *call.scope, "{}", call.path);
        }
        for scope in &BUILT_IN.scopes {
            assert!(CALLS.iter().any(|call| call.scope == *scope), "{scope}");
        }
    }

    #[test]
    fn a_preset_is_tried_on_a_route_it_allows() {
        for (preset, path, code) in [
            ("full_access", "/v1/status", "200"),
            (
                "generate_only",
                "-X POST https://k.example/v1/generate/image/bfl/flux-schnell",
                "501",
            ),
            ("read_only", "/v1/status", "200"),
            ("monitor_only", "/v1/health/storage", "501"),
        ] {
            let scopes = BUILT_IN
                .preset(preset)
                .expect(preset)
                .scopes
                .iter()
                .map(String::as_str)
                .collect();
            let trial = trial("https://k.example", &BUILT_IN, &scopes);
            assert!(trial.command.contains(path), "{}", trial.command);
            assert!(trial.expected.starts_with(code), "{}", trial.expected);
            for snippet in snippets("https://k.example", &scopes) {
                assert!(snippet.text.contains(KEY), "{}", snippet.label);
            }
        }
    }
}
