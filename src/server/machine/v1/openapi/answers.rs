//! Answers as the document has them. Errors are made by the code that sends them: status, headers and body of an
//! example are those of a real answer.

use crate::server::machine::{
    envelope::{Failure, Success},
    error::V1Error,
    v1::{
        account::AccountProfile,
        leak::{Report, Reported},
        status::KeyStatus,
        usage::UsageTotals,
    },
};
use std::collections::BTreeMap;
use utoipa::{
    PartialSchema as _, ToSchema,
    openapi::{
        Content, Ref, RefOr,
        content::ContentBuilder,
        example::ExampleBuilder,
        header::{Header, HeaderBuilder},
        response::{Response, ResponseBuilder, ResponsesBuilder},
        schema::{AdditionalProperties, AllOfBuilder, ComponentsBuilder, ObjectBuilder, Schema, Type},
    },
};

/// An id of a request, as an example.
const REQUEST_ID: &str = "req_01KAS5Z8QH8X5M2N7T4R6WCYDE";

const REQUEST_ID_HEADER: &str = "X-Request-Id";

/// The headers that say how a key stands.
const LIMITS: [&str; 3] = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"];

/// Whether the limits of a key are told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum QuotaHeaders {
    /// In every answer to a known key.
    OfKey,
    /// There is no key.
    None,
}

/// A success with this data.
pub fn success<T: ToSchema>(about: &str) -> Response {
    let schema = Ref::from_schema_name(frame::<T>());
    ResponseBuilder::new()
        .description(about)
        .content("application/json", Content::new(Some(schema)))
        .build()
}

/// The name of the frame with this data; utoipa's own name leaves the data out.
fn frame<T: ToSchema>() -> String {
    format!("{}{}", Success::<'_, T>::name(), T::name())
}

/// The document itself.
pub fn document() -> Response {
    let schema = ObjectBuilder::new()
        .property("openapi", ObjectBuilder::new().schema_type(Type::String))
        .property("info", ObjectBuilder::new())
        .property("paths", ObjectBuilder::new())
        .required("openapi")
        .required("info")
        .required("paths")
        .additional_properties(Some(AdditionalProperties::FreeForm(true)));
    ResponseBuilder::new()
        .description("An OpenAPI 3.1 document.")
        .content("application/json", Content::new(Some(Schema::from(schema))))
        .build()
}

/// All answers of an operation.
pub fn responses(success: Option<Response>, errors: &[V1Error], limits: QuotaHeaders) -> ResponsesBuilder {
    let mut responses = ResponsesBuilder::new();
    if let Some(success) = success {
        responses = responses.response("200", with_headers(success, limits));
    }
    let mut by_status = BTreeMap::<u16, Vec<&V1Error>>::new();
    // A mistake of ours may be anywhere.
    let mistake = (!errors.is_empty()).then_some(&V1Error::Internal);
    for error in errors.iter().chain(mistake) {
        by_status
            .entry(error.kind().status.as_u16())
            .or_default()
            .push(error);
    }
    for (status, errors) in by_status {
        responses = responses.response(status.to_string(), with_headers(refused(&errors), limits));
    }
    responses
}

fn with_headers(mut response: Response, limits: QuotaHeaders) -> Response {
    let mut add = |name: &str| {
        let header = Ref::new(format!("#/components/headers/{name}"));
        response.headers.insert(name.to_owned(), RefOr::Ref(header));
    };
    add(REQUEST_ID_HEADER);
    if limits == QuotaHeaders::OfKey {
        LIMITS.into_iter().for_each(add);
    }
    response
}

/// The answer to errors of one status.
fn refused(errors: &[&V1Error]) -> Response {
    let mut codes: Vec<&str> = errors.iter().map(|error| error.code()).collect();
    codes.dedup();
    let code = text().enum_values(Some(codes));
    let error = ObjectBuilder::new().property("code", code);
    let schema = AllOfBuilder::new()
        .item(Ref::from_schema_name(Failure::name()))
        .item(ObjectBuilder::new().property("error", error));
    let mut about = Vec::new();
    let mut examples = Vec::new();
    let mut response = ResponseBuilder::new();
    for error in errors {
        let kind = error.kind();
        let body = serde_json::to_value(error.body(REQUEST_ID)).unwrap_or_default();
        let message = body["error"]["message"].as_str().unwrap_or_default();
        about.push(format!("- `{}`, `{}`: {message}", kind.code, kind.reason));
        let example = ExampleBuilder::new().summary(message).value(Some(body.clone()));
        examples.push((format!("{}_{}", kind.code, kind.reason), example));
        let sent = error.response(REQUEST_ID);
        for (name, ..) in HEADERS {
            if sent.headers().contains_key(name) {
                response = response.header_ref(name, Ref::new(format!("#/components/headers/{name}")));
            }
        }
    }
    let content = ContentBuilder::new()
        .schema(Some(schema))
        .examples_from_iter(examples);
    response
        .description(about.join("\n"))
        .content("application/json", content.build())
        .build()
}

/// Every header that is described: name, whether it is a number, what it says.
const HEADERS: [(&str, bool, &str); 6] = [
    (
        REQUEST_ID_HEADER,
        false,
        "The request's id, also in the body and in the log.",
    ),
    (
        LIMITS[0],
        true,
        "Requests a minute of the limit that has the least left: the account's, or the key's own. Absent where there is no limit.",
    ),
    (LIMITS[1], true, "Requests that are left in this minute."),
    (
        LIMITS[2],
        true,
        "When the minute ends and the count begins anew, in Unix seconds.",
    ),
    ("Retry-After", true, "Whole seconds to wait, at least 1."),
    (
        "WWW-Authenticate",
        false,
        "The challenge of RFC 6750, with the scope that is needed if that is what the key lacks.",
    ),
];

/// The schemas and headers that answers refer to.
pub fn components() -> ComponentsBuilder {
    let mut schemas = Vec::new();
    add::<Failure<'_>>(&mut schemas);
    add::<Report>(&mut schemas);
    add_framed::<KeyStatus<'_>>(&mut schemas);
    add_framed::<AccountProfile>(&mut schemas);
    add_framed::<UsageTotals>(&mut schemas);
    add_framed::<Reported<'_>>(&mut schemas);
    let mut components = ComponentsBuilder::new().schemas_from_iter(schemas);
    for (name, number, about) in HEADERS {
        components = components.header(name, header(name, number, about));
    }
    components
}

type Named = (String, RefOr<Schema>);

/// A type and all that it is made of.
fn add<T: ToSchema>(schemas: &mut Vec<Named>) {
    schemas.push((T::name().into(), T::schema()));
    T::schemas(schemas);
}

/// The same for data, and for the frame around it.
fn add_framed<T: ToSchema>(schemas: &mut Vec<Named>) {
    add::<T>(schemas);
    schemas.push((frame::<T>(), Success::<'_, T>::schema()));
}

fn header(name: &str, number: bool, about: &str) -> Header {
    let schema = if number {
        let least = i32::from(name == "Retry-After");
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(least))
    } else {
        text()
    };
    HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some(about))
        .build()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}
