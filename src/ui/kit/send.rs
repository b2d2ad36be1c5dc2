//! Sends a form in place, once its island lives: the same fields, to the server function instead of to the page. What
//! is wrong is written beside the fields that the server drew; what was typed stays (docs/architecture.md, "A form post").

#![expect(
    missing_docs,
    reason = "the macro of an island leaves the docs off what it makes of it"
)]

use crate::api::wire::ApiError;
use leptos::{
    ev::SubmitEvent,
    prelude::*,
    task::spawn_local,
    wasm_bindgen::{JsCast as _, JsValue},
    web_sys::{Element, FormData, HtmlElement, HtmlFormElement, RequestInit, Response, UrlSearchParams},
};
use serde::de::DeserializeOwned;
use wasm_bindgen_futures::JsFuture;

/// A form whose server function answers with the path of the page that follows.
#[island]
pub fn LiveForm(
    /// Path of the server function.
    function: String,
    /// The form, as the server drew it.
    children: Children,
) -> impl IntoView {
    let submit = move |event: SubmitEvent| send(&event, &function, |path: String| go_to(&path));
    view! { <div class="live" on:submit=submit>{children()}</div> }
}

/// Leaves for another page of this server.
pub fn go_to(path: &str) {
    // Browsers refuse this only for addresses that cannot be read; ours come from the server.
    let _ = window().location().assign(path);
}

/// The form that is being submitted.
#[must_use]
pub fn form_of(event: &SubmitEvent) -> Option<HtmlFormElement> {
    event.target()?.dyn_into().ok()
}

/// Takes a submit over: sends the form's fields to the server function at `path`. `done` gets what it returned; a refusal
/// is shown at the form, with the focus on the first field it names.
pub fn send<T: DeserializeOwned>(event: &SubmitEvent, path: &str, done: impl FnOnce(T) + 'static) {
    let Some(form) = form_of(event) else { return };
    event.prevent_default();
    if is_busy(&form) {
        return;
    }
    set_busy(&form, true);
    let path = path.to_owned();
    spawn_local(async move {
        let Ok(fields) = fields(&form) else {
            return set_busy(&form, false);
        };
        match call(&path, &fields).await {
            // The button stays busy: what follows leaves the page or closes the form.
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

/// Calls the server function at `path` with fields as a form of the browser would send them. The client that comes with
/// server functions would first read the fields into the function's arguments and then write them again, which makes the
/// module larger for the same request (docs/decisions/0002-pages-without-a-client-router.md).
///
/// # Errors
/// What the server refused, or that it could not be reached.
pub async fn call<T: DeserializeOwned>(path: &str, fields: &UrlSearchParams) -> Result<T, ApiError> {
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

/// Every element below `root` that `selector` finds.
fn each(root: &Element, selector: &str, mut act: impl FnMut(&Element)) {
    let Ok(found) = root.query_selector_all(selector) else {
        return;
    };
    for n in 0..found.length() {
        if let Some(element) = found.item(n).and_then(|node| node.dyn_into::<Element>().ok()) {
            act(&element);
        }
    }
}

fn submit_button(form: &HtmlFormElement) -> Option<Element> {
    form.query_selector("button[type=submit].primary").ok().flatten()
}

fn is_busy(form: &HtmlFormElement) -> bool {
    submit_button(form).is_some_and(|button| button.has_attribute("aria-busy"))
}

/// The button says that the form is on its way.
pub fn set_busy(form: &HtmlFormElement, busy: bool) {
    let Some(button) = submit_button(form) else { return };
    for attribute in ["aria-busy", "aria-disabled"] {
        set(&button, attribute, busy);
    }
}

/// Sets an attribute to `true`, or takes it away.
pub fn set(element: &Element, attribute: &str, on: bool) {
    // Neither can fail: the names are right.
    let _ = if on {
        element.set_attribute(attribute, "true")
    } else {
        element.remove_attribute(attribute)
    };
}

/// Writes a text into an element that is there for it, or hides it.
pub fn say(element: &Element, text: Option<&str>) {
    element.set_text_content(text);
    let _ = element.toggle_attribute_with_force("hidden", text.is_none());
}

/// Shows what is wrong with a form, and takes back what was said before.
pub fn show_errors(form: &HtmlFormElement, error: &ApiError) {
    each(form, "[data-form-message]", |place| {
        say(place, error.message.as_deref());
    });
    each(form, "[data-error-of]", |place| {
        let name = place.get_attribute("data-error-of").unwrap_or_default();
        let wrong = error.fields.get(&name);
        say(place, wrong);
        // What carries the field's id is the field, or the group of its choices.
        if let Some(field) = document().get_element_by_id(&name) {
            set(&field, "aria-invalid", wrong.is_some());
        }
    });
}

fn focus_first_error(form: &HtmlFormElement) {
    let wrong = "input[aria-invalid], select[aria-invalid], textarea[aria-invalid], [aria-invalid] input";
    if let Some(field) = form
        .query_selector(wrong)
        .ok()
        .flatten()
        .and_then(|field| field.dyn_into::<HtmlElement>().ok())
    {
        // A field that is gone has nothing to focus.
        let _ = field.focus();
    }
}
