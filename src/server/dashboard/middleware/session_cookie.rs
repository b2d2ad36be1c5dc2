//! Corrects what tower-sessions does with the session cookie (docs/security.md, S9). It takes the last of several, and it
//! removes the cookie without `Secure`, which browsers ignore for a name with the prefix `__Host-`.

use crate::server::{app::App, dashboard::session};
use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::Response,
};

/// Leaves one session cookie in the request, and replaces the `Set-Cookie` that removes it with one that browsers
/// accept. Other cookies stay.
pub async fn layer(State(app): State<App>, mut request: Request, next: Next) -> Response {
    session::choose(&app, request.headers_mut()).await;
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
