//! The error page.

use crate::ui::{
    kit::button::ButtonLink,
    layout::{Card, Frame, FrameData},
};
use leptos::{either::Either, prelude::*};

/// The page: a card, or the frame of a signed-in person, who keeps the navigation.
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
    /// The frame of a signed-in person.
    frame: Option<FrameData>,
) -> impl IntoView {
    let (href, label) = link;
    let request = request_id.map(|id| {
        view! { <p class="error-request">"Request id "<code translate="no">{id}</code></p> }
    });
    let problem = view! {
        <p class="error-code">{code}</p>
        <h1>{title}</h1>
        <p class="auth-lead">{text}</p>
        {request}
        <ButtonLink href label/>
    };
    match frame {
        Some(frame) => {
            Either::Left(view! { <Frame frame><div class="narrow card error-card">{problem}</div></Frame> })
        }
        None => Either::Right(view! { <Card>{problem}</Card> }),
    }
}
