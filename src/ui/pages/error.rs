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
) -> impl IntoView {
    view! {
        <Card>
            <p class="error-code">{code}</p>
            <h1>{title}</h1>
            <p class="auth-lead">{text}</p>
            <ButtonLink href="/".to_owned() label="Go to your API keys"/>
        </Card>
    }
}
