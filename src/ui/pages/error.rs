//! The error page.

use crate::ui::{kit::button::ButtonLink, layout::Card};
use leptos::prelude::*;

/// The page.
#[component]
pub fn ErrorPage(
    /// HTTP status.
    code: u16,
    /// What happened.
    title: &'static str,
    /// What it means, and what to do.
    text: String,
    /// Address and label of the link that leads on.
    link: (String, &'static str),
    /// The request id, for the person who runs the server.
    request_id: Option<String>,
) -> impl IntoView {
    let (href, label) = link;
    let request = request_id.map(|id| {
        view! { <p class="error-request">"Request id "<code translate="no">{id}</code></p> }
    });
    view! {
        <Card>
            <p class="error-code">{code}</p>
            <h1>{title}</h1>
            <p class="auth-lead">{text}</p>
            {request}
            <ButtonLink href label/>
        </Card>
    }
}
