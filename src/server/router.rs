//! All routes of the product.

use super::{
    app::App,
    dashboard::{
        assets::{self, LINKS},
        error_page::{self, Problem},
        functions, middleware, pages, session,
    },
    http::{
        bodies, headers,
        request_head::{self, HeadFault},
        request_id,
    },
    machine::{self, error::V1Error, health, v1::openapi::OpenApiCache},
    serving::TurnedAway,
};
use crate::domain::head_limits;
use axum::{
    Router,
    extract::Request,
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{any, get},
};
use std::{
    any::Any,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};
use tower::Service;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer, services::ServeDir};

/// All routes as one service; cheap to clone.
#[derive(Clone)]
pub struct Product {
    app: App,
    openapi: OpenApiCache,
    dashboard: Router,
    /// Answers requests that are refused without a handler.
    refusing: Router,
}

impl Product {
    /// Builds the routes of an app.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self {
            dashboard: dashboard(&app),
            refusing: refusing(&app),
            openapi: OpenApiCache::default(),
            app,
        }
    }
}

impl Service<Request> for Product {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let path = request.uri().path();
        let is_for_programs = machine::serves(path);
        let limits = if is_for_programs {
            machine::head_limits(path)
        } else {
            head_limits::USUAL
        };
        let refused = if request.extensions().get::<TurnedAway>().is_some() {
            Some(Refused::Busy)
        } else {
            request_head::check(&request, limits).err().map(Refused::Head)
        };
        if is_for_programs {
            let (app, openapi) = (self.app.clone(), self.openapi.clone());
            return Box::pin(async move {
                Ok(match refused {
                    Some(refused) => machine::refuse(&app, request, refused.into()).await,
                    None => machine::handle(&app, &openapi, request).await,
                })
            });
        }
        match refused {
            Some(refused) => {
                request.extensions_mut().insert(refused);
                Box::pin(self.refusing.call(request))
            }
            None => Box::pin(self.dashboard.call(request)),
        }
    }
}

/// Why a request is refused before its handler, without reading its body. For pages it is an extension of the request.
#[derive(Clone, Copy, Debug)]
enum Refused {
    /// The server has too many connections.
    Busy,
    /// Its request line or headers.
    Head(HeadFault),
}

impl From<Refused> for V1Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Busy => Self::Unavailable,
            Refused::Head(fault) => Self::Head(fault),
        }
    }
}

/// The refusal of a request for a page, as a status and what its error page says.
async fn refuse(request: Request) -> Response {
    let Some(Refused::Head(fault)) = request.extensions().get::<Refused>() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let (status, problem) = match fault {
        HeadFault::TooLarge(_) | HeadFault::TooMany(_) => (
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Problem::new(
                "The request is too large",
                format!(
                    "{} Deleting the cookies of this site usually helps.",
                    fault.sentence()
                ),
            ),
        ),
        HeadFault::NoHost | HeadFault::SeveralHosts | HeadFault::WrongHost => (
            StatusCode::BAD_REQUEST,
            Problem::new("The request cannot be read", fault.sentence()),
        ),
    };
    problem.refuse(status)
}

/// The routes of the dashboard.
fn dashboard(app: &App) -> Router {
    // Fails if it was called before, for example by another router in the same test process; that is fine.
    let _ = any_spawner::Executor::init_tokio();
    let forms = Router::new()
        .merge(pages::routes(app))
        .merge(watched_files())
        .route("/api/{*function}", any(functions::handle))
        .layer(session::layer(app))
        .layer(from_fn_with_state(app.clone(), middleware::session_cookie::layer))
        .layer(from_fn(bodies::hold))
        .layer(from_fn_with_state(app.clone(), middleware::same_origin::layer));
    let health = Router::new()
        .route("/healthz", get(health::healthz).fallback(health::other_method))
        .route("/readyz", get(health::readyz).fallback(health::other_method));
    with_error_pages(forms, app)
        .layer(CompressionLayer::new())
        .merge(guarded(health, app))
        .layer(from_fn_with_state(app.clone(), headers::layer))
        .with_state(app.clone())
}

/// The responses to requests that are refused before their handler: pages, or a bare status for health checks.
fn refusing(app: &App) -> Router {
    let health = Router::new()
        .route("/healthz", any(refuse))
        .route("/readyz", any(refuse));
    with_error_pages(Router::new().fallback(refuse), app)
        .merge(guarded(health, app))
        .layer(from_fn_with_state(app.clone(), headers::layer))
        .with_state(app.clone())
}

/// Routes with a request id and a time limit, whose errors, time-outs and panics become pages.
pub fn with_error_pages(routes: Router<App>, app: &App) -> Router<App> {
    // Outside the others, so that panics and time-outs get an error page too.
    guarded(routes, app).layer(from_fn_with_state(app.clone(), error_page::layer))
}

/// Routes with a request id, a time limit and a response to panics.
fn guarded(routes: Router<App>, app: &App) -> Router<App> {
    routes
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(app.clone(), request_id::layer))
}

/// The response after a panic, which the panic hook has logged. The layer around this one adds the request
/// id.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    let sentence = "Internal server error. Give the X-Request-Id of this response to the server operator.";
    (StatusCode::INTERNAL_SERVER_ERROR, sentence).into_response()
}

/// Under `cargo leptos watch`, its files are served from disk instead of from the binary.
fn watched_files() -> Router<App> {
    let options = &LINKS.options;
    if assets::is_watched() {
        let folder = format!("{}/{}", options.site_root, options.site_pkg_dir);
        Router::new().nest_service(&format!("/{}", options.site_pkg_dir), ServeDir::new(folder))
    } else {
        Router::new()
    }
}
