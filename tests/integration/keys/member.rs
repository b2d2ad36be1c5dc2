//! A team's keys as a member sees them (S16): all of them, with every control of an owner disabled.

use crate::{
    answer::{Answer, shown_part},
    browser::call,
    html::Part,
    world::World,
};
use babysea::domain::role::Role;

#[tokio::test]
async fn a_member_sees_the_keys_and_every_control_disabled() {
    let world = World::sqlite().await;
    let team = world.person("Pia Reef").await.team("Reef Lab").await;
    let key = team.made("prod").await;
    let leaked = team.made("leaked").await;
    let report = call("POST", "/v1/keys/report-leak");
    let report = report.body("application/json", format!("{{\"key\": \"{}\"}}", leaked.secret));
    assert_eq!(world.send(report).await.status, 200);
    let max = world.member("Max Tarn", &team.slug, Role::Member).await;
    let detail = format!("/{}", key.id);
    for (person, manages) in [(&team, true), (&max, false)] {
        for (query, controls) in [
            (
                "",
                &[
                    "Create API key",
                    "Actions for prod",
                    "Acknowledge the leak of leaked",
                ][..],
            ),
            ("?dialog=create", &["Create API key", "Actions for prod"]),
            (&format!("?dialog=reissue&key={}", key.id), &["Actions for prod"]),
            (&detail, &["Rotate", "Reissue secret", "Revoke", "Delete"]),
        ] {
            let page = person.get(&format!("{}{query}", person.keys())).await;
            if !manages && query.starts_with("?dialog") {
                // A dialog that may not be opened leads to the list.
                assert_eq!(
                    (page.status, page.location()),
                    (303, person.keys().as_str()),
                    "{query}"
                );
                continue;
            }
            assert_eq!(page.status, 200, "{query}");
            assert!(page.text().contains(shown_part(&key.secret)));
            for part in ["<dialog", "data-menu", "name=\"form_token\"", "name=\"keys[]\""] {
                // The page of a key has dialogs, but no form before one is opened.
                let there = manages && (query != detail || part == "<dialog");
                assert_eq!(page.text().contains(part), there, "{query}: {part}");
            }
            for control in controls {
                let (is_disabled, why) = button(&page, control);
                assert_eq!(is_disabled, !manages, "{query}: {control}");
                assert_eq!(
                    why.as_deref(),
                    (!manages).then_some("read-only"),
                    "{query}: {control}"
                );
            }
            let says = page.text().contains("Only team owners can create or change them");
            assert_eq!(says, !manages, "{query}");
            let owner = page.select("#read-only bdi");
            let owner: Vec<_> = owner.iter().map(Part::text).collect();
            assert_eq!(owner, if manages { vec![] } else { vec!["Pia Reef"] }, "{query}");
        }
    }
}

/// Whether the button with this name is disabled, and the id of its description.
fn button(page: &Answer, name: &str) -> (bool, Option<String>) {
    let buttons = page.select("button, a[data-menu]");
    let mut named = buttons.iter().filter(|button| {
        let is_text = button.texts.iter().any(|text| text.starts_with(name));
        let named_by = button.tag.get("aria-labelledby").map(|ids| {
            let parts = ids
                .split(' ')
                .map(|id| page.select(&format!("#{id}")).remove(0).text());
            parts.collect::<Vec<_>>().join(" ")
        });
        let has_name = button.tag.get("aria-label") == Some(name) || named_by.as_deref() == Some(name);
        has_name || is_text
    });
    let tag = &named.next().expect(name).tag;
    let why = tag.get("aria-describedby").map(str::to_owned);
    (tag.get("disabled").is_some(), why)
}
