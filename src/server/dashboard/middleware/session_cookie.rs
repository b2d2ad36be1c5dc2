//! Makes removal of the session cookie work. tower-sessions removes it without `Secure`, which browsers
//! ignore for a cookie with the prefix `__Host-` (docs/security.md, S9).

use crate::server::{app::App, dashboard::session};
use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::Response,
};

/// Replaces that `Set-Cookie` with one that browsers accept; other cookies stay.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let cookies = headers.get_all(header::SET_COOKIE).iter().cloned();
    let (removals, others): (Vec<HeaderValue>, Vec<_>) =
        cookies.partition(|cookie| session::is_removal(&app, cookie));
    if !removals.is_empty() {
        headers.remove(header::SET_COOKIE);
        for cookie in others.into_iter().chain(session::removal(&app)) {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
    response
}
