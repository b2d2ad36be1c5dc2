//! The line above `Add`: what the chosen fields add up to. `public/page.js` keeps it up to date.

use super::{PresetChoice, ScopeChoice};
use crate::{
    api::wire::FormState,
    domain::{
        catalog::{CUSTOM, CUSTOM_LABEL, with_scopes},
        expiry::{self, NEVER, ON_A_DATE},
        key::rate_limit,
        network,
        number::grouped,
    },
};
use leptos::prelude::*;

/// Id of the line, which the script makes the description of the button `Add`.
const SUMMARY: &str = "create-summary";

/// What a key made of the form would be.
#[derive(Debug, PartialEq, Eq)]
struct Summary {
    /// Such as `Full Access, never expires, any address`.
    text: String,
    /// Whether nothing restricts it.
    is_widest: bool,
}

fn summary(form: &FormState, presets: &[PresetChoice], scopes: &[ScopeChoice]) -> Summary {
    let (preset, expires) = (form.value("preset"), form.value("expires"));
    let ticked = scopes.iter().filter(|choice| form.holds("scopes", &choice.scope));
    let ticked = ticked.count();
    let chosen = presets.iter().find(|choice| choice.id == preset);
    let (permissions, has_all) = match chosen {
        Some(chosen) => (chosen.label.clone(), chosen.is_widest),
        None if preset == CUSTOM => (with_scopes(CUSTOM_LABEL, ticked), ticked == scopes.len()),
        None => ("No permissions chosen".to_owned(), false),
    };
    let ends = match expires.as_str() {
        NEVER | "" => "never expires".to_owned(),
        ON_A_DATE => match expiry::end_of(&form.value("expires_on")) {
            Some(end) => format!("expires on {}", end.date()),
            None => "expires on a date".to_owned(),
        },
        days => format!("expires in {days} days"),
    };
    let (entries, wrong) = network::count(&form.value("allowlist"));
    let number = |number: u64, of: &str| match number {
        1 => format!("1 {of} entry"),
        _ => format!("{} {of} entries", grouped(number)),
    };
    let mut addresses = Vec::new();
    if entries > 0 {
        addresses.push(number(entries, "allowlist"));
    }
    if wrong > 0 {
        addresses.push(number(wrong, "wrong allowlist"));
    }
    if addresses.is_empty() {
        addresses.push("any address".to_owned());
    }
    let addresses = addresses.join(", ");
    let limit = rate_limit::parse(&form.value("rate_limit")).ok().flatten();
    let parts = [permissions, ends, addresses];
    let parts: Vec<_> = parts.into_iter().chain(limit.map(rate_limit::label)).collect();
    Summary {
        text: parts.join(", "),
        is_widest: has_all && entries + wrong == 0 && matches!(expires.as_str(), NEVER | ""),
    }
}

/// The line. Hidden without scripts: it would go on showing what the form was rendered with.
#[component]
pub fn SummaryLine(
    /// The form.
    form: FormState,
    /// Presets in the order of the dialog.
    presets: Vec<PresetChoice>,
    /// Scopes for `Custom`.
    scopes: Vec<ScopeChoice>,
) -> impl IntoView {
    let Summary { text, is_widest } = summary(&form, &presets, &scopes);
    view! {
        <p class="create-summary" id=SUMMARY data-sums hidden>
            <b data-sum>{text}</b>
            <span hidden=!is_widest data-unrestricted>
                "Nothing restricts this key. Whoever has it can do everything, from anywhere, until you revoke it."
            </span>
        </p>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(values: &[(&str, &str)]) -> (String, bool) {
        let preset = |id: &str, label: &str, is_widest| PresetChoice {
            id: id.to_owned(),
            label: label.to_owned(),
            description: String::new(),
            scopes: String::new(),
            is_widest,
        };
        let presets = [
            preset("full_access", "Full Access", true),
            preset("read_only", "Read Only", false),
        ];
        let scopes = ["a:read", "b:read"].map(|scope| ScopeChoice {
            scope: scope.to_owned(),
            routes: Vec::new(),
        });
        let form = values.iter().fold(FormState::default(), |form, (name, value)| {
            form.with(name, *value)
        });
        let Summary { text, is_widest } = summary(&form, &presets, &scopes);
        (text, is_widest)
    }

    #[test]
    fn a_form_in_one_line() {
        let custom = [("preset", "custom"), ("scopes", "a:read"), ("scopes", "b:read")];
        for (values, text, is_widest) in [
            (
                &[][..],
                "No permissions chosen, never expires, any address",
                false,
            ),
            (
                &[("preset", "full_access"), ("expires", "never")],
                "Full Access, never expires, any address",
                true,
            ),
            (
                &[("preset", "full_access"), ("allowlist", "10.0.0.1, abc")],
                "Full Access, never expires, 1 allowlist entry, 1 wrong allowlist entry",
                false,
            ),
            (
                &[("preset", "full_access"), ("allowlist", "abc 10.0.0.0/33")],
                "Full Access, never expires, 2 wrong allowlist entries",
                false,
            ),
            // Its own rate limit slows a key down, but restricts nothing that it may do.
            (
                &[("preset", "full_access"), ("rate_limit", "1,000")],
                "Full Access, never expires, any address, 1,000 requests a minute",
                true,
            ),
            (
                &[("preset", "full_access"), ("expires", "30")],
                "Full Access, expires in 30 days, any address",
                false,
            ),
            (
                &[("preset", "full_access"), ("allowlist", "10.0.0.1; ::1")],
                "Full Access, never expires, 2 allowlist entries",
                false,
            ),
            (
                &[
                    ("preset", "read_only"),
                    ("expires", "date"),
                    ("expires_on", "2027-01-31"),
                    ("allowlist", "::1"),
                ],
                "Read Only, expires on 31 Jan 2027, 1 allowlist entry",
                false,
            ),
            (
                &[
                    ("preset", "read_only"),
                    ("expires", "date"),
                    ("expires_on", "soon"),
                    ("rate_limit", "x"),
                ],
                "Read Only, expires on a date, any address",
                false,
            ),
            (
                &custom[..2],
                "Custom (1 scope), never expires, any address",
                false,
            ),
            (&custom, "Custom (2 scopes), never expires, any address", true),
        ] {
            assert_eq!(said(values), (text.to_owned(), is_widest), "{values:?}");
        }
    }
}
