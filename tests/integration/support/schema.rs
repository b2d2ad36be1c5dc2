//! The OpenAPI document, and the part of JSON Schema that it uses, to check responses against it.

use crate::{answer::Answer, browser::get, world::World};
use serde_json::{Map, Value, json};

/// Headers that must be described wherever they are sent.
const HEADERS: [&str; 6] = [
    "X-Request-Id",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "Retry-After",
    "WWW-Authenticate",
];

/// Keywords of JSON Schema that do not constrain a value.
const TEXTS: [&str; 2] = ["description", "default"];

/// The document of a server.
pub struct Document(pub Value);

impl Document {
    /// The document of a server.
    pub async fn of(world: &World) -> Self {
        let answer = world.send(get("/v1/openapi.json")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        Self(answer.json())
    }

    /// All operations: method in capitals, path, and definition.
    pub fn operations(&self) -> Vec<(String, &str, &Value)> {
        let paths = self.0["paths"].as_object().expect("paths");
        let mut operations = Vec::new();
        for (path, item) in paths {
            for (method, operation) in item.as_object().expect("an item") {
                if method != "parameters" {
                    operations.push((method.to_uppercase(), path.as_str(), operation));
                }
            }
        }
        operations
    }

    /// The operation of a request. A path without parameters takes precedence.
    fn operation(&self, method: &str, path: &str) -> &Value {
        let fits = |template: &str| {
            let (have, want): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
            have.len() == want.len()
                && have
                    .iter()
                    .zip(want)
                    .all(|(have, want)| want.starts_with('{') || *have == want)
        };
        let mut found: Vec<_> = self
            .operations()
            .into_iter()
            .filter(|(own, template, _)| own == method && fits(template))
            .collect();
        found.sort_by_key(|(_, template, _)| template.matches('{').count());
        let first = found.first();
        first
            .unwrap_or_else(|| panic!("{method} {path} is not in the document"))
            .2
    }

    /// The schema of the response with this status.
    pub fn answer(&self, method: &str, path: &str, status: u16) -> &Value {
        let operation = self.operation(method, path);
        let answer = &operation["responses"][status.to_string()];
        assert!(answer.is_object(), "{method} {path} may not answer {status}");
        answer
    }

    /// Fails if the document does not describe this response to the request.
    pub fn check(&self, method: &str, path: &str, answer: &Answer) {
        let case = format!("{method} {path}: {}", answer.status);
        let described = self.answer(method, path, answer.status);
        let schema = &described["content"][answer.header("content-type")]["schema"];
        assert!(schema.is_object(), "{case}: another content type");
        assert_eq!(self.faults(schema, &answer.json(), "body"), [""; 0], "{case}");
        for name in HEADERS {
            let header = &described["headers"][name];
            let sent = answer.header(name);
            assert!(
                sent.is_empty() || header.is_object(),
                "{case}: {name} is not described"
            );
            let optional = name.starts_with("X-RateLimit");
            assert!(
                !sent.is_empty() || header.is_null() || optional,
                "{case}: {name} is not sent"
            );
            if !sent.is_empty() {
                let schema = &self.follow(header)["schema"];
                let value = sent
                    .parse::<u64>()
                    .map_or_else(|_| json!(sent), |number| json!(number));
                assert_eq!(self.faults(schema, &value, name), [""; 0], "{case}");
            }
        }
    }

    /// Resolves a reference.
    pub fn follow<'d>(&'d self, value: &'d Value) -> &'d Value {
        let Some(reference) = value["$ref"].as_str() else {
            return value;
        };
        let pointer = reference
            .strip_prefix('#')
            .expect("a reference within the document");
        self.0
            .pointer(pointer)
            .unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }

    /// Differences between a value and a schema. If the schema of an object lists required fields, the object
    /// may have no field that is not described.
    pub fn faults(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let schema = self.follow(schema);
        let mut faults = Vec::new();
        for (word, rule) in schema.as_object().expect("a schema") {
            let number = || rule.as_f64().expect("a number");
            let count = || usize::try_from(rule.as_u64().expect("a count")).expect("a small one");
            let length = value.as_str().map(|text| text.chars().count());
            let fine = match word.as_str() {
                "type" => is_one_of(value, rule),
                "enum" => rule.as_array().expect("values").contains(value),
                "pattern" => is_like(value, rule.as_str().expect("a pattern")),
                "format" => is_formatted(value, rule.as_str().expect("a format")),
                "minimum" => value.as_f64().is_none_or(|value| value >= number()),
                "maximum" => value.as_f64().is_none_or(|value| value <= number()),
                "minLength" => length.is_none_or(|length| length >= count()),
                "maxLength" => length.is_none_or(|length| length <= count()),
                "maxItems" => value.as_array().is_none_or(|items| items.len() <= count()),
                "required" => rule
                    .as_array()
                    .expect("names")
                    .iter()
                    .all(|name| value.get(name.as_str().expect("a name")).is_some()),
                "minItems" => value.as_array().is_none_or(|items| items.len() >= count()),
                "oneOf" => {
                    let parts = rule.as_array().expect("schemas").iter();
                    let parts: Vec<_> = parts.map(|part| self.faults(part, value, at)).collect();
                    let fitting = parts.iter().filter(|part| part.is_empty()).count();
                    if fitting == 0 {
                        faults.extend(parts.into_iter().flatten());
                    }
                    fitting == 1
                }
                "allOf" => {
                    for part in rule.as_array().expect("schemas") {
                        faults.extend(self.faults(part, value, at));
                    }
                    true
                }
                "items" => {
                    for item in value.as_array().into_iter().flatten() {
                        faults.extend(self.faults(rule, item, &format!("{at}[]")));
                    }
                    true
                }
                "properties" => {
                    for (name, rule) in rule.as_object().expect("properties") {
                        if let Some(field) = value.get(name) {
                            faults.extend(self.faults(rule, field, &format!("{at}.{name}")));
                        }
                    }
                    let named = |name: &String| rule.get(name).is_some();
                    schema.get("required").is_none()
                        || schema.get("additionalProperties").is_some()
                        || value.as_object().is_none_or(|fields| fields.keys().all(named))
                }
                "additionalProperties" if rule == true => true,
                "additionalProperties" => {
                    for field in value.as_object().into_iter().flat_map(Map::values) {
                        faults.extend(self.faults(rule, field, &format!("{at}.*")));
                    }
                    true
                }
                // Names are always strings.
                "propertyNames" => rule == &json!({ "type": "string" }),
                word => TEXTS.contains(&word),
            };
            if !fine {
                let value: String = value.to_string().chars().take(300).collect();
                faults.push(format!("{at}: {word} {rule} is not kept by {value}"));
            }
        }
        faults
    }
}

fn is_one_of(value: &Value, types: &Value) -> bool {
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type is called {other}"),
    };
    match types {
        Value::Array(types) => types.iter().any(|name| is(name.as_str().expect("a type"))),
        name => is(name.as_str().expect("a type")),
    }
}

fn is_formatted(value: &Value, format: &str) -> bool {
    let Some(text) = value.as_str() else {
        return matches!(format, "int32" | "int64") || value.is_null();
    };
    match format {
        "uuid" => uuid::Uuid::try_parse(text).is_ok_and(|id| id.hyphenated().to_string() == text),
        // The format of all times on /v1.
        "date-time" => {
            let form: String = text
                .chars()
                .map(|c| if c.is_ascii_digit() { '0' } else { c })
                .collect();
            form == "0000-00-00T00:00:00.000Z"
        }
        other => panic!("no format is called {other}"),
    }
}

fn is_like(value: &Value, pattern: &str) -> bool {
    assert_eq!(
        pattern, "^req_[0-9A-HJKMNP-TV-Z]{26}$",
        "the only pattern there is"
    );
    let digits = value.as_str().and_then(|text| text.strip_prefix("req_"));
    digits.is_some_and(|digits| {
        digits.len() == 26
            && digits
                .bytes()
                .all(|b| b.is_ascii_digit() || (b.is_ascii_uppercase() && !b"ILOU".contains(&b)))
    })
}

#[test]
fn an_undescribed_field_is_a_fault() {
    let document = Document(json!({}));
    let schema = json!({
        "type": "object",
        "properties": {
            "a": { "type": ["integer", "null"], "minimum": 1 },
            "b": { "type": "string", "format": "uuid" },
            "c": { "enum": ["x"] },
        },
        "required": ["a"],
    });
    let count = |value: Value| document.faults(&schema, &value, "").len();
    assert_eq!(count(json!({ "a": 1, "c": "x" })), 0);
    assert_eq!(count(json!({ "a": null })), 0);
    for wrong in [
        json!([]),
        json!({}),
        json!({ "a": 0 }),
        json!({ "a": "1" }),
        json!({ "a": 1, "b": "x" }),
        json!({ "a": 1, "c": "y" }),
        json!({ "a": 1, "d": 1 }),
    ] {
        assert!(count(wrong.clone()) > 0, "{wrong}");
    }
}
