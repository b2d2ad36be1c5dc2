//! Sends a form in place once scripts run: the same fields, to a server function instead of to the page. A
//! form names its server function in `data-function`. Errors are written beside the fields that the server
//! rendered; the input stays (docs/architecture.md, "A form post").

use super::dom::{each_below, focus, set, write};
use crate::api::wire::ApiError;
use leptos::{
    ev::SubmitEvent,
    prelude::*,
    server_fn::ServerFn,
    task::spawn_local,
    wasm_bindgen::{JsCast as _, JsValue},
    web_sys::{Element, FormData, HtmlFormElement, RequestInit, Response, UrlSearchParams},
};
use serde::de::DeserializeOwned;
use wasm_bindgen_futures::JsFuture;

/// Result of a server function after which the browser navigates: the path of the next page, or nothing where
/// the form has the path in `data-next`.
pub trait Navigation {}

impl Navigation for String {}

impl Navigation for () {}

/// Path of a server function after which the browser navigates: the value of `data-function` in a form that
/// [`navigate`] sends.
#[must_use]
pub const fn navigates<F>() -> &'static str
where
    F: ServerFn<Error = ApiError>,
    F::Output: Navigation,
{
    F::PATH
}

/// Navigates to another page of this server.
pub fn go_to(path: &str) {
    // Browsers refuse this only for addresses that cannot be parsed; these come from the server.
    let _ = window().location().assign(path);
}

/// Sends a form in place if it names the server function `F`; returns whether it does. `done` gets the
/// function's result. Errors are shown at the form, and the first field with an error gets the focus.
pub fn send<F>(event: &SubmitEvent, done: impl FnOnce(F::Output) + 'static) -> bool
where
    F: ServerFn<Error = ApiError>,
    F::Output: DeserializeOwned + 'static,
{
    match function_of(event) {
        Some((form, path)) if path == F::PATH => {
            submit(event, form, path, done);
            true
        }
        _ => false,
    }
}

/// Sends a form in place if it names a server function, then navigates to the next page.
pub fn navigate(event: &SubmitEvent) {
    if let Some((form, path)) = function_of(event) {
        let next = form.get_attribute("data-next");
        submit(event, form, path, move |path: Option<String>| {
            if let Some(path) = path.or(next) {
                go_to(&path);
            }
        });
    }
}

/// The submitted form, and the path of its server function.
fn function_of(event: &SubmitEvent) -> Option<(HtmlFormElement, String)> {
    let form = event.target()?.dyn_into::<HtmlFormElement>().ok()?;
    let path = form.get_attribute("data-function")?;
    Some((form, path))
}

fn submit<T: DeserializeOwned + 'static>(
    event: &SubmitEvent,
    form: HtmlFormElement,
    path: String,
    done: impl FnOnce(T) + 'static,
) {
    event.prevent_default();
    if is_busy(&form) {
        return;
    }
    set_busy(&form, true);
    spawn_local(async move {
        let Ok(fields) = fields(&form) else {
            return set_busy(&form, false);
        };
        match fetch(&path, &fields).await {
            // The button stays busy: the result closes the form or leaves the page.
            Ok(output) => {
                show_errors(&form, &ApiError::default());
                done(output);
            }
            Err(error) => {
                set_busy(&form, false);
                show_errors(&form, &error);
                focus_first_error(&form);
            }
        }
    });
}

fn fields(form: &HtmlFormElement) -> Result<UrlSearchParams, JsValue> {
    let fields: JsValue = FormData::new_with_form(form)?.into();
    UrlSearchParams::new_with_str_sequence_sequence(&fields)
}

/// Calls the server function `F` with form fields, encoded as a browser would. The client that comes with
/// server functions would parse the fields into the function's arguments and then serialise them again, which
/// makes the WebAssembly module larger for the same request
/// (docs/decisions/0002-pages-without-a-client-router.md).
///
/// # Errors
/// The server's refusal, or that it could not be reached.
pub async fn call<F>(fields: &UrlSearchParams) -> Result<F::Output, ApiError>
where
    F: ServerFn<Error = ApiError>,
    F::Output: DeserializeOwned + 'static,
{
    fetch(F::PATH, fields).await
}

async fn fetch<T: DeserializeOwned>(path: &str, fields: &UrlSearchParams) -> Result<T, ApiError> {
    match post(path, fields).await {
        Ok((true, body)) => parse(&body),
        Ok((false, body)) => Err(parse(&body)?),
        Err(_) => Err(ApiError::message(
            "The server could not be reached. What you typed is still here: try again in a moment.",
        )),
    }
}

async fn post(path: &str, fields: &UrlSearchParams) -> Result<(bool, String), JsValue> {
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_body(fields);
    let answer = JsFuture::from(window().fetch_with_str_and_init(path, &request)).await?;
    let answer = answer.dyn_into::<Response>()?;
    let body = JsFuture::from(answer.text()?).await?;
    Ok((answer.ok(), body.as_string().unwrap_or_default()))
}

fn parse<T: DeserializeOwned>(body: &str) -> Result<T, ApiError> {
    serde_json::from_str(body).map_err(|_| {
        ApiError::message(
            "The server gave an answer that this page cannot read. Reload the page and try again.",
        )
    })
}

/// The submit button of the form (see [`SubmitButton`](super::button::SubmitButton)).
fn submit_button(form: &Element) -> Option<Element> {
    form.query_selector("[data-submits]").ok().flatten()
}

fn is_busy(form: &Element) -> bool {
    submit_button(form).is_some_and(|button| button.has_attribute("aria-busy"))
}

/// Sets or clears the busy state of the form within `form`.
pub fn set_busy(form: &Element, busy: bool) {
    let Some(button) = submit_button(form) else { return };
    for attribute in ["aria-busy", "aria-disabled"] {
        set(&button, attribute, busy);
    }
}

/// Shows the errors of a form, and clears earlier ones.
fn show_errors(form: &Element, error: &ApiError) {
    each_below(form, "[data-form-message]", &mut |place| {
        write(place, error.message.as_deref());
    });
    each_below(form, "[data-error-of]", &mut |place| {
        let name = place.get_attribute("data-error-of").unwrap_or_default();
        let wrong = error.fields.get(&name);
        write(place, wrong);
        // The element with the field's id is the input, or the group of its radio buttons.
        if let Some(field) = document().get_element_by_id(&name) {
            set(&field, "aria-invalid", wrong.is_some());
        }
    });
}

fn focus_first_error(form: &Element) {
    let wrong = "input[aria-invalid], select[aria-invalid], textarea[aria-invalid], [aria-invalid] input";
    if let Ok(Some(field)) = form.query_selector(wrong) {
        focus(&field);
    }
}
