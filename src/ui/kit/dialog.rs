//! Dialogs: the frame, the head, and the foot with the actions. A body of class `dialog-body` scrolls between them.

use leptos::{children::TypedChildren, ev, html, prelude::*};

/// A dialog that the server draws. Open without a script it looks as it does when it is modal.
#[component]
pub fn Dialog(
    /// Id, where a script opens or closes it.
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

/// A dialog that a script opens; its owner handles Escape.
#[component]
pub fn LiveDialog<C: IntoView + 'static>(
    /// Id of its title.
    titled_by: &'static str,
    /// Where to find it.
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

/// The head of a dialog: its title, which names the dialog to screen readers by the id, and a line.
#[component]
pub fn DialogHead<L: IntoView>(
    /// Id of the title, for the dialog's `aria-labelledby`.
    #[prop(into)]
    id: String,
    /// The title.
    title: &'static str,
    /// The line.
    children: TypedChildren<L>,
) -> impl IntoView {
    view! {
        <header class="dialog-head">
            <h2 id=id>{title}</h2>
            <p>{children.into_inner()()}</p>
        </header>
    }
}

/// The actions: `Cancel` first, the primary one last.
#[component]
pub fn DialogFoot(
    /// The buttons.
    children: Children,
) -> impl IntoView {
    view! { <footer class="dialog-foot">{children()}</footer> }
}
