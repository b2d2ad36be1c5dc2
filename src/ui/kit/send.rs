//! Sends a form in place once scripts run: the same fields, to a server function instead of to the page. A
//! form names its server function in `data-function`. Errors are written beside the fields that the server
//! rendered; the input stays (docs/architecture.md, "A form post").

use super::{
    button::Kind,
    dom::{closest, each_below, focus, set, show, write},
    fragment,
    go::replace,
};
use crate::{
    api::wire::{ApiError, Next},
    domain::paths,
};
use leptos::{
    ev::SubmitEvent,
    prelude::*,
    server_fn::ServerFn,
    task::spawn_local,
    wasm_bindgen::{JsCast as _, JsValue},
    web_sys::{
        Element, FormData, HtmlFormElement, RequestInit, Response, ScrollIntoViewOptions,
        ScrollLogicalPosition, UrlSearchParams,
    },
};
use serde::de::DeserializeOwned;
use wasm_bindgen_futures::JsFuture;

/// How long the browser waits for the answer to a form, in milliseconds: longer than the server takes at most.
const LIMIT: i32 = 45_000;

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

/// Sends a form in place if it names the server function `F`; returns whether it does. `done` gets the
/// function's result. Errors are shown at the form, and the first field with an error gets the focus.
pub fn send<F>(
    event: &SubmitEvent,
    form: &HtmlFormElement,
    done: impl FnOnce(&HtmlFormElement, F::Output) + 'static,
) -> bool
where
    F: ServerFn<Error = ApiError>,
    F::Output: DeserializeOwned + 'static,
{
    let names_it = form.get_attribute("data-function").as_deref() == Some(F::PATH);
    if names_it {
        submit(event, form.clone(), F::PATH.to_owned(), done);
    }
    names_it
}

/// Sends a form in place if it names a server function, then replaces the page by the next one.
pub fn navigate(event: &SubmitEvent, form: &HtmlFormElement) {
    if let Some(path) = form.get_attribute("data-function") {
        submit(event, form.clone(), path, |form, path: Option<String>| {
            if let Some(path) = path.or(form.get_attribute("data-next")) {
                replace(&path);
            }
        });
    }
}

fn submit<T: DeserializeOwned + 'static>(
    event: &SubmitEvent,
    form: HtmlFormElement,
    path: String,
    done: impl FnOnce(&HtmlFormElement, T) + 'static,
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
        let answer = ask(&path, Some(&fields), LIMIT).await;
        let is_refused = matches!(answer, Ok(Answer { status: 400..500, .. }));
        match read(answer) {
            // The button stays busy: the result closes the form or leaves the page.
            Ok(output) => {
                show_errors(&form, &ApiError::default());
                done(&form, output);
            }
            Err(error) => {
                set_busy(&form, false);
                if !is_refused {
                    // It may have been done all the same; the form's token is used up then.
                    reload_once_closed(&form);
                }
                refuse(&form, &error);
            }
        }
    });
}

/// Shows why the form was refused, and what the person can do.
fn refuse(form: &HtmlFormElement, error: &ApiError) {
    let again = form.get_attribute("data-again");
    if let (Next::Leave, Some(dialog)) = (&error.next, again) {
        // The server renders the reason in place of the form.
        return fragment::open(dialog, None);
    }
    show_errors(form, error);
    if let Next::Reissue(path) = &error.next {
        // Sent again, the form would only be refused again; the list behind it lacks the key.
        each_below(form, "input, select, textarea, [data-adds]", &mut |field| {
            set(field, "disabled", true);
        });
        if let Some(button) = submit_button(form) {
            show(&button, false);
            let foot = button.parent_element();
            let link = foot.and_then(|foot| add_link(&foot, path, "Reissue secret", "data-opens-dialog"));
            // Cannot fail: the attribute name is valid.
            let _ = link.map(|link| link.set_attribute("class", Kind::Primary.class()));
        }
        reload_once_closed(form);
    }
    focus_first_error(form);
}

/// Makes the page load again once a dialog is closed, because its list and its forms may be out of date.
fn reload_once_closed(form: &HtmlFormElement) {
    if let Some(holder) = closest(form, "[data-dialogs]") {
        set(&holder, "data-reloads", true);
    }
}

/// The fields of a form.
///
/// # Errors
/// Never for forms of the page.
pub fn fields(form: &HtmlFormElement) -> Result<UrlSearchParams, JsValue> {
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
    read(ask(F::PATH, Some(fields), LIMIT).await)
}

fn read<T: DeserializeOwned>(answer: Result<Answer, JsValue>) -> Result<T, ApiError> {
    match answer {
        Ok(answer) if answer.is_ok => parse(&answer.body),
        Ok(answer) => Err(parse(&answer.body)?),
        Err(_) => Err(ApiError::message(
            "The server could not be reached. Your entries are kept. Try again in a few seconds.",
        )),
    }
}

/// An answer of the server.
pub struct Answer {
    /// Whether its status is a success.
    pub is_ok: bool,
    /// Its status.
    pub status: u16,
    /// The text.
    pub body: String,
}

/// Sends a request: POST with fields, otherwise GET. `limit` is in milliseconds.
///
/// # Errors
/// When there is no answer in time.
pub async fn ask(path: &str, fields: Option<&UrlSearchParams>, limit: i32) -> Result<Answer, JsValue> {
    let request = RequestInit::new();
    if let Some(fields) = fields {
        request.set_method("POST");
        request.set_body(fields);
    }
    let late = js_sys::Promise::new(&mut |_, reject| {
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&reject, limit);
    });
    let first = js_sys::Array::of2(&window().fetch_with_str_and_init(path, &request), &late);
    let answer = JsFuture::from(js_sys::Promise::race(&first)).await?;
    let answer = answer.dyn_into::<Response>()?;
    let body = JsFuture::from(answer.text()?).await?;
    Ok(Answer {
        is_ok: answer.ok(),
        status: answer.status(),
        body: body.as_string().unwrap_or_default(),
    })
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

/// Whether the form within `form` is being sent.
#[must_use]
pub fn is_busy(form: &Element) -> bool {
    submit_button(form).is_some_and(|button| button.has_attribute("aria-busy"))
}

/// Sets or clears the busy state of the form within `form`. Escape does not close its dialog meanwhile.
fn set_busy(form: &Element, busy: bool) {
    let Some(button) = submit_button(form) else { return };
    wait(&button, busy);
    // `cancel` does nothing meanwhile.
    each_below(form, "[data-closes]", &mut |button| {
        set(button, "aria-disabled", busy);
    });
    if let Some(dialog) = closest(form, "dialog") {
        // Cannot fail: the attribute name is valid.
        let _ = if busy {
            dialog.set_attribute("closedby", "none")
        } else {
            dialog.remove_attribute("closedby")
        };
    }
}

/// Sets or clears the busy state of a button.
pub fn wait(button: &Element, busy: bool) {
    for attribute in ["aria-busy", "aria-disabled"] {
        set(button, attribute, busy);
    }
}

/// Drops what was typed into the form within `form`, and its errors.
pub fn reset(form: &Element) {
    each_below(form, "form[data-function]", &mut |form| {
        show_errors(form, &ApiError::default());
        form.unchecked_ref::<HtmlFormElement>().reset();
    });
}

/// Shows the errors of a form, and clears earlier ones.
fn show_errors(form: &Element, error: &ApiError) {
    each_below(form, "[data-form-message]", &mut |place| {
        write(place, error.message.as_deref());
        if let Next::SignIn = &error.next {
            add_link(place, paths::SIGN_IN, "Sign in", "target");
        }
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

/// Adds a link: in a new tab (`target`), or to a dialog (`data-opens-dialog`).
fn add_link(place: &Element, path: &str, label: &str, mark: &str) -> Option<Element> {
    let link = document().create_element("a").ok()?;
    let is_new_tab = mark == "target";
    link.set_text_content(Some(&if is_new_tab {
        format!("{label} (opens a new tab)")
    } else {
        label.to_owned()
    }));
    // Cannot fail: the attribute names are valid.
    let _ = link.set_attribute("href", path);
    let _ = link.set_attribute(mark, "_blank");
    let _ = place.append_with_str_1(" ");
    let _ = place.append_child(&link);
    Some(link)
}

/// Moves the focus to the way on of a message, or else to the first wrong field, and shows the sentence that says what is wrong.
fn focus_first_error(form: &Element) {
    let find = |what: &str| form.query_selector(what).ok().flatten();
    let way_on = find("[data-form-message] a, a[data-opens-dialog]");
    let wrong = "input[aria-invalid], select[aria-invalid], textarea[aria-invalid], [aria-invalid] input";
    if let Some(target) = way_on.or_else(|| find(wrong)) {
        focus(&target);
    }
    let said = find("[data-error-of]:not([hidden])").or_else(|| find("[data-form-message]:not([hidden])"));
    if let Some(sentence) = said {
        let nearest = ScrollIntoViewOptions::new();
        nearest.set_block(ScrollLogicalPosition::Nearest);
        sentence.scroll_into_view_with_scroll_into_view_options(&nearest);
    }
}
