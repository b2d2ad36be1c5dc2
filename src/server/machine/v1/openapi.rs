//! `GET /v1/openapi.json`: the description of this server's API. It is generated from the current catalogue,
//! the response structs and the table of refusals, so that it cannot differ from the code.

mod answers;
mod operations;
mod template;

use super::leak;
use crate::{
    domain::catalog::Catalog,
    server::{
        app::App,
        machine::error::{V1Error, kinds, no_route::NoRoute},
    },
};
use axum::{
    body::Bytes,
    http::{HeaderValue, Method, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use template::Template;
use utoipa::openapi::{
    InfoBuilder, OpenApiBuilder, Server,
    path::{HttpMethod, PathItemBuilder, PathsBuilder},
    security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
};

/// Path of the document.
pub const PATH: &str = "/v1/openapi.json";

/// Name of the security scheme.
const SCHEME: &str = "api_key";

/// Cache of the document.
#[derive(Clone, Default)]
pub struct OpenApiCache(Arc<Mutex<Option<Document>>>);

struct Document {
    catalog: Arc<Catalog>,
    text: Bytes,
}

impl OpenApiCache {
    /// The document for the current catalogue. It is built once; concurrent requests wait for it.
    fn get(&self, app: &App) -> Bytes {
        let catalog = app.catalog();
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*cached {
            Some(document) if Arc::ptr_eq(&document.catalog, &catalog) => document.text.clone(),
            _ => {
                let text = Bytes::from(document(app, &catalog).to_string());
                *cached = Some(Document {
                    catalog,
                    text: text.clone(),
                });
                text
            }
        }
    }
}

/// Responds with the document. It needs no key, because it contains no account's data.
pub fn handle(app: &App, request_id: &str, cache: &OpenApiCache, method: &Method) -> Response {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return V1Error::NoRoute(NoRoute::takes(&["GET", "HEAD"])).response(request_id);
    }
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], cache.get(app)).into_response()
}

const ABOUT: &str = "Send an API key with every request, in one header `Authorization: Bearer <key>`. \
    Every response is a JSON envelope: a success has `status` `success` and the field `data`; an error has `status` \
    `error` and the field `error`. Use `error.code` and `error.details.reason` in your code: they are stable. Retry only \
    if `error.retryable` is true, after the number of seconds in the header `Retry-After`. `x-error-catalog` lists every \
    error.";

fn document(app: &App, catalog: &Arc<Catalog>) -> Value {
    let mut paths = PathsBuilder::new();
    for (path, item) in items(catalog) {
        paths = paths.path(path, item.build());
    }
    let prefix = &app.config.key_prefix;
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format(format!("{prefix} and 38 letters and digits"))
        .description(Some(format!("An API key of {}.", app.config.brand)))
        .build();
    let components = answers::components().security_scheme(SCHEME, SecurityScheme::Http(key));
    let document = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title(format!("{} API", app.config.brand))
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(ABOUT)),
        )
        .servers(Some([Server::new(app.origin.as_str())]))
        .paths(paths)
        .components(Some(components.build()))
        .security(Some([SecurityRequirement::new(SCHEME, [""; 0])]))
        .build();
    // Converted to a JSON value, whose fields keep their order; utoipa's extensions do not.
    let mut document = serde_json::to_value(document).unwrap_or_default();
    document["x-error-catalog"] = kinds::ALL
        .iter()
        .map(|kind| {
            json!({
                "code": kind.code,
                "type": kind.name,
                "status": kind.status.as_u16(),
                "message": kind.message,
                "retryable": kind.retryable,
                "reason": kind.reason,
            })
        })
        .collect();
    document
}

/// Paths in the document's order, each with its operations.
fn items(catalog: &Arc<Catalog>) -> Vec<(String, PathItemBuilder)> {
    let own = |operation| PathItemBuilder::new().operation(HttpMethod::Get, operation);
    let report = PathItemBuilder::new().operation(HttpMethod::Post, operations::report());
    let mut items = vec![
        (PATH.to_owned(), own(operations::document())),
        (leak::PATH.to_owned(), report),
    ];
    // Paths that differ only in the names of their parameters are one path in OpenAPI; the first name is
    // used.
    let mut templates: Vec<Template> = Vec::new();
    for route in &catalog.routes {
        let Some(method) = method(&route.method) else {
            continue;
        };
        let template = Template::of(&route.pattern);
        // Skips a route that an earlier pattern hides.
        let first = catalog.route(&route.method, &template.shape);
        if !first.is_some_and(|first| Arc::ptr_eq(first, route))
            || [PATH, leak::PATH].contains(&&*route.pattern)
        {
            continue;
        }
        let operation = operations::of_route(route, !template.parameters.is_empty());
        if let Some(known) = templates.iter().position(|known| known.shape == template.shape) {
            // The first two entries are this server's own routes.
            let (_, item) = &mut items[known + 2];
            *item = std::mem::take(item).operation(method, operation);
        } else {
            let item = PathItemBuilder::new()
                .parameters(template.parameters())
                .operation(method, operation);
            items.push((template.path.clone(), item));
            templates.push(template);
        }
    }
    items
}

/// Methods that OpenAPI supports; a catalogue may contain others.
fn method(name: &str) -> Option<HttpMethod> {
    match name {
        "GET" => Some(HttpMethod::Get),
        "POST" => Some(HttpMethod::Post),
        "PUT" => Some(HttpMethod::Put),
        "DELETE" => Some(HttpMethod::Delete),
        "OPTIONS" => Some(HttpMethod::Options),
        "PATCH" => Some(HttpMethod::Patch),
        "TRACE" => Some(HttpMethod::Trace),
        _ => None,
    }
}
