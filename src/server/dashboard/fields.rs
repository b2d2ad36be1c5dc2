//! Parses forms and queries with repeated fields the way server functions do, so that both entry points have the same
//! format.

use super::error_page::{Problem, UNREADABLE};
use crate::{api::wire::FormState, server::http::media_type};
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::future::ready;

/// Extractor of a query's fields; a field named `keys[]` is a list.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Response;

    fn from_request_parts(parts: &mut Parts, _: &S) -> impl Future<Output = Result<Self, Response>> + Send {
        let query = parts.uri.query().unwrap_or_default();
        let read = serde_qs::Config::new(5, false).deserialize_str(query);
        ready(read.map(Self).map_err(|_| {
            let text = "The part after the question mark is damaged, or names a field twice. Copy the address again, or go on from your API keys.";
            Problem::new(UNREADABLE, text).refuse(StatusCode::BAD_REQUEST)
        }))
    }
}

/// Extractor of a posted form's fields; a field named `scopes[]` or `keys[]` is a list.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Form<T> {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        read(request).await.map(Self)
    }
}

/// Parses a posted form, for handlers that read it later.
///
/// # Errors
/// The response to a form that cannot be parsed.
pub async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Response> {
    if !media_type::is_form(request.headers()) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
    }
    let body = Bytes::from_request(request, &())
        .await
        .map_err(IntoResponse::into_response)?;
    // The same settings as server_fn: little nesting, and brackets may be percent-encoded, as browsers send
    // them.
    serde_qs::Config::new(5, false)
        .deserialize_bytes(&body)
        .map_err(|_| StatusCode::UNPROCESSABLE_ENTITY.into_response())
}

/// A posted form to be drawn again: each field with its value, a list with each of its values.
pub fn state(form: &impl Serialize) -> FormState {
    let Ok(Value::Object(fields)) = serde_json::to_value(form) else {
        return FormState::default();
    };
    let values = fields.into_iter().flat_map(|(field, value)| {
        let values = match value {
            Value::Array(values) => values,
            value => vec![value],
        };
        values.into_iter().map(move |value| (field.clone(), value))
    });
    values.fold(FormState::default(), |state, (field, value)| match value {
        Value::String(text) => state.with(&field, text),
        _ => state,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key::form::KeyForm;

    #[test]
    fn a_form_is_drawn_again_with_every_value() {
        let form = KeyForm {
            name: "prod".to_owned(),
            scopes: vec!["account:read".to_owned(), "health:read".to_owned()],
            ..KeyForm::default()
        };
        let drawn = state(&form);
        assert_eq!(
            (drawn.value("name"), drawn.value("expires")),
            ("prod".to_owned(), String::new())
        );
        for (scope, is_held) in [
            ("account:read", true),
            ("health:read", true),
            ("library:read", false),
        ] {
            assert_eq!(drawn.holds("scopes", scope), is_held, "{scope}");
        }
        assert_eq!(state(&"no form"), FormState::default());
    }
}
