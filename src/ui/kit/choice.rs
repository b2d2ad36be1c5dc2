//! Radio buttons and check boxes with an explanation; the label covers the whole card or row.

use leptos::prelude::*;

/// A radio button as a card. Its states: checked, focused, disabled, invalid.
#[component]
pub fn ChoiceCard(
    /// Its name in the form.
    name: &'static str,
    /// What the form sends.
    #[prop(into)]
    value: String,
    /// Id of the title; ids of the texts begin with it.
    #[prop(into)]
    id: String,
    /// Title.
    #[prop(into)]
    title: String,
    /// Explanation.
    #[prop(into)]
    text: String,
    /// The explanation in machine names, such as scopes.
    #[prop(optional)]
    code: Option<String>,
    /// Whether it is the chosen one.
    checked: bool,
    /// Whether it has the focus when the form opens.
    #[prop(optional)]
    autofocus: bool,
    /// Whether it grants everything that there is; a script recognises it by `data-widest`.
    #[prop(optional)]
    is_widest: bool,
) -> impl IntoView {
    let about = format!("{id}-about");
    view! {
        <label class="choice-card">
            <input
                type="radio"
                name=name
                value=value
                checked=checked
                autofocus=autofocus
                data-label=title.clone()
                data-widest=is_widest
                aria-labelledby=id.clone()
                aria-describedby=about.clone()
            />
            <span class="choice-title" id=id>{title}</span>
            <span class="choice-text" id=about>{text}</span>
            {code.map(|code| view! { <code translate="no" class="choice-scopes">{code}</code> })}
        </label>
    }
}

/// A check box with lines that list what it grants.
#[component]
pub fn ChoiceBox(
    /// Its name in the form.
    name: &'static str,
    /// Value in the form; also the title.
    value: String,
    /// Id of the title; ids of the lines begin with it.
    id: String,
    /// What it grants: one route a line.
    lines: Vec<String>,
    /// Whether it is checked.
    checked: bool,
    /// Whether it has the focus when the form opens.
    autofocus: bool,
) -> impl IntoView {
    let opens = format!("{id}-routes");
    let lines = lines
        .into_iter()
        .map(|line| view! { <span class="scope-route">{line}</span> })
        .collect_view();
    view! {
        <label class="scope-choice">
            <input
                type="checkbox"
                name=name
                value=value.clone()
                checked=checked
                autofocus=autofocus
                aria-labelledby=id.clone()
                aria-describedby=opens.clone()
            />
            <code translate="no" id=id>{value}</code>
            <span class="scope-routes" id=opens translate="no">{lines}</span>
        </label>
    }
}
