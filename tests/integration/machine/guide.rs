//! docs/api.md matches the code.

use crate::{schema::Document, world::World};
use babysea::server::machine::error::kinds;
use serde_json::Value;
use std::collections::BTreeSet;

const GUIDE: &str = include_str!("../../../docs/api.md");
const REPORT: &str = "/v1/keys/report-leak";

#[test]
fn the_guide_has_the_table_of_errors() {
    let rows = GUIDE.lines().filter(|line| line.starts_with("| `BSE"));
    let expected = kinds::ALL.iter().map(|kind| {
        format!(
            "| `{}` | `{}` | {} | {} | `{}` | {} |",
            kind.code,
            kind.name,
            kind.status.as_u16(),
            if kind.retryable { "yes" } else { "no" },
            kind.reason,
            // Markdown takes text in angle brackets for a tag.
            kind.message.replace('<', "&lt;").replace('>', "&gt;")
        )
    });
    assert_eq!(rows.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn the_guides_examples_are_answers_of_the_document() {
    let document = Document::of(&World::sqlite().await).await;
    let mut route = None;
    let mut checked = BTreeSet::new();
    let mut blocks = GUIDE.split("```");
    while let (Some(prose), block) = (blocks.next(), blocks.next()) {
        let heading = prose.lines().rev().find_map(|line| line.strip_prefix("### `"));
        if let Some((method, path)) =
            heading.and_then(|heading| heading.trim_end_matches('`').split_once(' '))
        {
            route = Some((method, path));
        }
        let Some(text) = block.and_then(|block| block.strip_prefix("json\n")) else {
            continue;
        };
        let body: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"));
        let (method, path) = route.expect("a heading before the example");
        let code = body["error"]["code"].as_str();
        let kind = kinds::ALL.iter().find(|kind| Some(kind.code) == code);
        let status = kind.map_or(200, |kind| kind.status.as_u16());
        let schema = &document.answer(method, path, status)["content"]["application/json"]["schema"];
        assert_eq!(document.faults(schema, &body, path), [""; 0], "{text}");
        checked.insert((method, path, status));
    }
    for path in ["/v1/status", "/v1/user/account", "/v1/usage"] {
        assert!(checked.contains(&("GET", path, 200)), "{path}");
    }
    assert!(checked.contains(&("POST", REPORT, 200)));
    assert!(
        checked.iter().any(|(_, _, status)| *status >= 400),
        "an error as well"
    );
}
