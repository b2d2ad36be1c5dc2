//! Forms with two doors. Posted plainly, a form reaches `server::http::pages` and comes back as a page; once its
//! island lives, the same form calls a server function and shows the outcome in place. What was typed stays in the
//! fields either way (docs/architecture.md, "A form post").

use crate::{
    api::{error::ApiError, form::FormState},
    domain::field_errors::FieldErrors,
};
use leptos::{
    ev::SubmitEvent,
    prelude::*,
    server_fn::ServerFn,
    task::spawn_local,
    wasm_bindgen::{JsCast as _, JsValue},
    web_sys::{FormData, HtmlElement, HtmlFormElement, RequestInit, Response, UrlSearchParams},
};
use serde::de::DeserializeOwned;
use wasm_bindgen_futures::JsFuture;

/// A form on its way: what is wrong with it, and whether it is being sent.
#[derive(Clone, Copy)]
pub struct FormHandle {
    state: StoredValue<FormState>,
    message: RwSignal<Option<String>>,
    errors: RwSignal<FieldErrors>,
    pending: RwSignal<bool>,
}

impl FormHandle {
    /// A form that starts as `state` says.
    #[must_use]
    pub fn new(state: FormState) -> Self {
        Self {
            message: RwSignal::new(state.message()),
            errors: RwSignal::new(state.errors().clone()),
            pending: RwSignal::new(false),
            state: StoredValue::new(state),
        }
    }

    /// What `field` held when the form was drawn.
    #[must_use]
    pub fn value(self, field: &str) -> String {
        self.state.with_value(|state| state.value(field))
    }

    /// What is wrong with `field`, as it changes.
    pub fn error(self, field: &'static str) -> impl Fn() -> Option<String> + Copy + Send + Sync + 'static {
        move || self.errors.with(|errors| errors.get(field).map(str::to_owned))
    }

    /// Whether `field` has the focus when the form is drawn: the first one that is wrong, else the one that is `meant`.
    fn starts_at(self, field: &str, meant: bool) -> bool {
        self.errors
            .with_untracked(|errors| errors.first().map_or(meant, |first| first == field))
    }

    /// Takes back what was said of the form; what was typed stays.
    pub fn forget_errors(self) {
        self.message.set(None);
        self.errors.set(FieldErrors::default());
    }

    /// Takes a submit over: sends the form's fields to the server function `S`. `done` gets what it returned; a refusal
    /// is shown at the form, with the focus on the first field it names.
    pub fn submit<S>(self, event: &SubmitEvent, done: impl FnOnce(S::Output) + 'static)
    where
        S: ServerFn<Error = ApiError>,
        S::Output: DeserializeOwned,
    {
        let form = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
        let Some(form) = form else { return };
        event.prevent_default();
        if self.pending.get_untracked() {
            return;
        }
        self.pending.set(true);
        spawn_local(async move {
            match call(S::PATH, &form).await.and_then(|answer| parse(&answer)) {
                // The button stays busy: what follows leaves the page or replaces the form.
                Ok(output) => {
                    self.forget_errors();
                    done(output);
                }
                Err(error) => {
                    self.pending.set(false);
                    self.message.set(error.message);
                    self.errors.set(error.fields);
                    request_animation_frame(move || focus_first_error(&form));
                }
            }
        });
    }

    /// Ready to be sent again.
    pub fn reset_pending(self) {
        self.pending.set(false);
    }
}

/// Sends a form's fields as the browser itself would, and gives back the body of the answer. The client that comes with
/// server functions would first read the fields into the function's arguments and then write them again, which makes
/// the module larger for the same request (docs/decisions/0002-pages-without-a-client-router.md).
async fn call(path: &str, form: &HtmlFormElement) -> Result<String, ApiError> {
    let send = async {
        let fields: JsValue = FormData::new_with_form(form)?.into();
        let fields = UrlSearchParams::new_with_str_sequence_sequence(&fields)?;
        let request = RequestInit::new();
        request.set_method("POST");
        request.set_body(&fields);
        let answer = JsFuture::from(window().fetch_with_str_and_init(path, &request)).await?;
        let answer = answer.dyn_into::<Response>()?;
        let body = JsFuture::from(answer.text()?).await?;
        Ok::<_, JsValue>((answer.ok(), body.as_string().unwrap_or_default()))
    };
    match send.await {
        Ok((true, body)) => Ok(body),
        Ok((false, body)) => Err(parse(&body)?),
        Err(_) => Err(ApiError::message(
            "The server could not be reached. What you typed is still here: try again in a moment.",
        )),
    }
}

fn parse<T: DeserializeOwned>(body: &str) -> Result<T, ApiError> {
    serde_json::from_str(body).map_err(|_| {
        ApiError::message(
            "The server gave an answer that this page cannot read. Reload the page and try again.",
        )
    })
}

fn focus_first_error(form: &HtmlFormElement) {
    let found = form.query_selector("input[aria-invalid=true], [aria-invalid=true] input");
    if let Some(field) = found
        .ok()
        .flatten()
        .and_then(|field| field.dyn_into::<HtmlElement>().ok())
    {
        // A field that is gone has nothing to focus.
        let _ = field.focus();
    }
}

/// The sentence about the whole form; announced when it appears.
#[component]
pub fn FormMessage(
    /// The form.
    form: FormHandle,
) -> impl IntoView {
    move || {
        form.message
            .get()
            .map(|message| view! { <p class="form-error" role="alert">{message}</p> })
    }
}

/// A text field with its label, hint and error.
#[component]
pub fn TextField(
    /// The form.
    form: FormHandle,
    /// Its name in the form; also its id.
    name: &'static str,
    /// What it is called.
    label: &'static str,
    /// `text`, `email` or `password`. What a password field held is never drawn again.
    #[prop(default = "text")]
    kind: &'static str,
    /// What browsers may fill in.
    autocomplete: &'static str,
    /// What to do, in a sentence.
    #[prop(optional, into)]
    hint: Option<String>,
    /// Most UTF-16 code units that browsers take.
    #[prop(optional)]
    maxlength: Option<usize>,
    /// Whether it has the focus when the page or dialog opens.
    #[prop(optional)]
    autofocus: bool,
) -> impl IntoView {
    let error = form.error(name);
    let hint_id = format!("{name}-hint");
    let error_id = format!("{name}-error");
    let described = {
        let (hint_id, error_id, hinted) = (hint_id.clone(), error_id.clone(), hint.is_some());
        move || match (error().is_some(), hinted) {
            (true, _) => Some(error_id.clone()),
            (false, true) => Some(hint_id.clone()),
            (false, false) => None,
        }
    };
    let value = if kind == "password" {
        String::new()
    } else {
        form.value(name)
    };
    let autofocus = form.starts_at(name, autofocus);
    view! {
        <div class="field">
            <div class="field-head">
                <label for=name>{label}</label>
            </div>
            <input
                id=name
                name=name
                type=kind
                value=value
                autocomplete=autocomplete
                maxlength=maxlength
                autofocus=autofocus
                spellcheck="false"
                autocapitalize="off"
                aria-required="true"
                aria-invalid=move || error().map(|_| "true")
                aria-describedby=described
            />
            {hint.map(|hint| view! { <p class="field-hint" id=hint_id>{hint}</p> })}
            <p class="field-error" id=error_id hidden=move || error().is_none()>
                {error}
            </p>
        </div>
    }
}

/// The button that sends the form; it says so while it does.
#[component]
pub fn SubmitButton(
    /// The form.
    form: FormHandle,
    /// What it does.
    label: &'static str,
    /// Extra classes.
    #[prop(optional)]
    class: &'static str,
) -> impl IntoView {
    let busy = move || form.pending.get().then_some("true");
    view! {
        <button class=format!("button primary {class}") type="submit" aria-busy=busy aria-disabled=busy>
            {label}
        </button>
    }
}
