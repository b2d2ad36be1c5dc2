//! `POST /theme`: the switch between light and dark.

use crate::{
    domain::theme::Theme,
    server::{
        app::App,
        dashboard::{fields::Form, page_request, sign_in},
    },
};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

/// What was chosen, and the page it was chosen on.
#[derive(Deserialize)]
pub struct Choice {
    #[serde(default)]
    theme: String,
    #[serde(default)]
    next: String,
}

/// Keeps the choice in a cookie and goes back to the page.
pub async fn submit(State(app): State<App>, Form(choice): Form<Choice>) -> Response {
    let theme = Theme::from_id(&choice.theme).unwrap_or_default();
    let mut response = Redirect::to(sign_in::own_page(&choice.next)).into_response();
    if let Some(cookie) = page_request::keep_theme(&app, theme) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
