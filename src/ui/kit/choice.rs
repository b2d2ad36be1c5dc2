//! Choices that say what they mean: the whole of each is the label of its radio or box.

use leptos::prelude::*;

/// One of several, as a card. It is checked, focused, disabled, or part of a choice that is wrong.
#[component]
pub fn ChoiceCard(
    /// Its name in the form.
    name: &'static str,
    /// What the form sends.
    #[prop(into)]
    value: String,
    /// Id of the title; the text's begins with it.
    #[prop(into)]
    id: String,
    /// What it is called.
    #[prop(into)]
    title: String,
    /// What it means.
    #[prop(into)]
    text: String,
    /// The same in machine names.
    #[prop(optional)]
    code: Option<String>,
    /// Whether it is the chosen one.
    checked: bool,
    /// Whether it has the focus when the form opens.
    #[prop(optional)]
    autofocus: bool,
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
                aria-labelledby=id.clone()
                aria-describedby=about.clone()
            />
            <span class="choice-title" id=id>{title}</span>
            <span class="choice-text" id=about>{text}</span>
            {code.map(|code| view! { <code class="choice-scopes">{code}</code> })}
        </label>
    }
}

/// One of a list of which any number can be chosen, with lines that say what it opens.
#[component]
pub fn ChoiceBox(
    /// Its name in the form.
    name: &'static str,
    /// What the form sends, and what it is called.
    value: String,
    /// Id of the title; the lines' begins with it.
    id: String,
    /// What it opens.
    lines: Vec<String>,
    /// Whether it is chosen.
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
            <code id=id>{value}</code>
            <span class="scope-routes" id=opens>{lines}</span>
        </label>
    }
}
