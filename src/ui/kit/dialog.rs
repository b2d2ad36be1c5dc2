//! Dialogs: frame, header, and footer with the actions. Between them a body of class `dialog-body` scrolls.

use leptos::{children::TypedChildren, prelude::*};

/// A dialog that the server renders. When it is rendered open, it looks like a modal one even without
/// scripts.
#[component]
pub fn Dialog(
    /// Id, for scripts that open or close it.
    #[prop(optional, into)]
    id: Option<String>,
    /// Id of its title.
    #[prop(into)]
    titled_by: String,
    /// Ids of the elements that screen readers read after the title.
    #[prop(optional, into)]
    described_by: Option<String>,
    /// Whether it is open.
    #[prop(default = true)]
    open: bool,
    /// Its form.
    children: Children,
) -> impl IntoView {
    view! {
        <dialog id=id class="dialog" open=open aria-labelledby=titled_by aria-describedby=described_by>
            {children()}
        </dialog>
    }
}

/// Id of the line below the title with this id, for the dialog's `described_by`.
#[must_use]
pub fn lead_id(title: &str) -> String {
    format!("{title}-lead")
}

/// Header of a dialog: the title, which is the dialog's accessible name, and a line below it. A plain element,
/// because `<header>` would be a landmark of the page.
#[component]
pub fn DialogHead<L: IntoView>(
    /// Id of the title, for the dialog's `aria-labelledby`.
    #[prop(into)]
    id: String,
    /// The title.
    title: &'static str,
    /// Whether the title has the focus when the dialog opens, so that it is read from its start.
    #[prop(optional)]
    autofocus: bool,
    /// The line below the title.
    children: TypedChildren<L>,
) -> impl IntoView {
    let lead = lead_id(&id);
    view! {
        <div class="dialog-head">
            <h2 id=id tabindex=autofocus.then_some("-1") autofocus=autofocus>{title}</h2>
            <p id=lead>{children.into_inner()()}</p>
        </div>
    }
}

/// Footer of a dialog: `Cancel` first, the primary action last.
#[component]
pub fn DialogFoot(
    /// The buttons.
    children: Children,
) -> impl IntoView {
    view! { <div class="dialog-foot">{children()}</div> }
}
