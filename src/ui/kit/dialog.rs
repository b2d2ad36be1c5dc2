//! Dialogs: frame, header, and footer with the actions. Between them a body of class `dialog-body` scrolls.

use leptos::{children::TypedChildren, ev, html, prelude::*};

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
    /// Whether it is open.
    #[prop(default = true)]
    open: bool,
    /// Its form.
    children: Children,
) -> impl IntoView {
    view! { <dialog id=id class="dialog" open=open aria-labelledby=titled_by>{children()}</dialog> }
}

/// A dialog that a script opens. The caller handles Escape.
#[component]
pub fn LiveDialog<C: IntoView + 'static>(
    /// Id of its title.
    titled_by: &'static str,
    /// Reference through which the caller opens it.
    node: NodeRef<html::Dialog>,
    /// Its form.
    children: TypedChildren<C>,
) -> impl IntoView {
    view! {
        <dialog
            class="dialog"
            node_ref=node
            closedby="none"
            aria-labelledby=titled_by
            on:cancel=|event: ev::Event| event.prevent_default()
        >
            {children.into_inner()()}
        </dialog>
    }
}

/// Header of a dialog: the title, which is the dialog's accessible name, and a line below it.
#[component]
pub fn DialogHead<L: IntoView>(
    /// Id of the title, for the dialog's `aria-labelledby`.
    #[prop(into)]
    id: String,
    /// The title.
    title: &'static str,
    /// The line below the title.
    children: TypedChildren<L>,
) -> impl IntoView {
    view! {
        <header class="dialog-head">
            <h2 id=id>{title}</h2>
            <p>{children.into_inner()()}</p>
        </header>
    }
}

/// Footer of a dialog: `Cancel` first, the primary action last.
#[component]
pub fn DialogFoot(
    /// The buttons.
    children: Children,
) -> impl IntoView {
    view! { <footer class="dialog-foot">{children()}</footer> }
}
