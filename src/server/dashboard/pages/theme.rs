//! `POST /theme`: the theme switch.

use crate::{
    domain::theme::Theme,
    server::{
        app::App,
        dashboard::{fields::Form, page_request, sign_in},
        http::addresses,
    },
};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

/// The selected theme, and the page to return to.
#[derive(Deserialize)]
pub struct Choice {
    #[serde(default)]
    theme: String,
    #[serde(default)]
    next: String,
}

/// Stores the theme in a cookie and redirects back to the page.
pub async fn submit(State(app): State<App>, Form(choice): Form<Choice>) -> Response {
    let theme = Theme::from_id(&choice.theme).unwrap_or_default();
    let next = addresses::without_keys(&choice.next, &app.config.key_prefix);
    let mut response = Redirect::to(sign_in::own_page(&next)).into_response();
    if let Some(cookie) = page_request::keep_theme(&app, theme) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
