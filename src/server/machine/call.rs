//! One call of a program: to `/v1`, or to an API whose proxy sends a subrequest. It is checked and finished here, so
//! every refusal is counted and logged in one place.

use super::{
    envelope,
    error::{V1Error, no_route::NoRoute, unclear::Unclear},
    log_entry::{kept_params, kept_path, kept_user_agent},
    quota_headers,
};
use crate::{
    domain::{
        catalog::Route,
        request_log::{KeyUse, LogEntry},
        request_path::{self, PathFault},
        time::Timestamp,
    },
    server::{
        app::App,
        config::trusted_proxies::Client,
        http::client_ip::{self, address_hash},
        service::verify::{self, Presented, Refusal, cache::Known, quota::Quota},
    },
};
use axum::{
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::Response,
};
use serde::Serialize;
use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, Instant},
};

/// An entry point of the machine API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryPoint {
    /// `/v1`.
    V1,
    /// `/forward-auth` and every path below it.
    ForwardAuth,
}

impl EntryPoint {
    /// The entry point of a path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        if path.starts_with("/forward-auth") {
            Self::ForwardAuth
        } else {
            Self::V1
        }
    }

    /// Its name in the metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::ForwardAuth => "forward-auth",
        }
    }
}

/// The original request of a call: the request to `/v1`, or the one to the API behind the proxy.
#[derive(Clone, Copy)]
pub struct Sent<'r> {
    /// HTTP method.
    pub method: &'r str,
    /// Path, as received.
    pub path: &'r str,
    /// Query, as received, without the question mark.
    pub query: &'r str,
    /// All headers.
    pub headers: &'r HeaderMap,
}

/// A call from its first byte to its response.
pub struct Call<'r> {
    /// The application.
    pub app: &'r App,
    /// Id of the request.
    pub request_id: &'r str,
    /// Where the call arrived.
    pub entry_point: EntryPoint,
    /// The client.
    pub client: Client,
    /// Time of the last check.
    pub now: Timestamp,
    /// The original request.
    pub sent: Sent<'r>,
    /// The path as it is compared with routes.
    path: Result<Cow<'r, str>, PathFault>,
    /// The result of the check, once it is done.
    judged: Option<Judged>,
}

/// The result of a check: everything that [`Call::finish`] needs.
struct Judged {
    route: Option<Arc<Route>>,
    key: Option<Arc<Known>>,
    quota: Option<Quota>,
    took: Duration,
}

impl<'r> Call<'r> {
    /// A new call.
    pub fn new(
        app: &'r App,
        request_id: &'r str,
        entry_point: EntryPoint,
        client: Client,
        sent: Sent<'r>,
    ) -> Self {
        Self {
            app,
            request_id,
            entry_point,
            client,
            now: app.now(),
            path: request_path::read(sent.path),
            sent,
            judged: None,
        }
    }

    /// A new call of `/v1`, where the request itself is the original one.
    pub fn v1(app: &'r App, request_id: &'r str, request: &'r Parts) -> Self {
        let sent = Sent {
            method: request.method.as_str(),
            path: request.uri.path(),
            query: request.uri.query().unwrap_or_default(),
            headers: &request.headers,
        };
        let client = client_ip::of(app, &request.headers, &request.extensions);
        Self::new(app, request_id, EntryPoint::V1, client, sent)
    }

    /// Checks whether the call is accepted.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn judge(&mut self) -> Result<(), V1Error> {
        let began = Instant::now();
        let verdict = verify::judge(self.app, self.presented()?).await;
        self.judged = Some(Judged {
            route: verdict.route,
            key: verdict.key,
            quota: verdict.quota,
            took: began.elapsed(),
        });
        verdict.outcome.map_err(|refusal| match (refusal, &self.path) {
            (Refusal::UnknownRoute, Ok(path)) => V1Error::NoRoute(NoRoute::of(&self.app.catalog(), path)),
            (refusal, _) => refusal.into(),
        })
    }

    /// The refusal of a path that can be read in two ways. On `/v1` it has the same meaning as behind a proxy if it looks
    /// like the path of a route; otherwise there is no such route, however it is read.
    fn unclear(&self, fault: &PathFault) -> V1Error {
        let catalog = self.app.catalog();
        match self.entry_point {
            EntryPoint::V1 if catalog.route(self.sent.method, self.sent.path).is_none() => {
                V1Error::NoRoute(NoRoute::of(&catalog, self.sent.path))
            }
            EntryPoint::V1 | EntryPoint::ForwardAuth => V1Error::Unclear(Unclear::Path(fault.clone())),
        }
    }

    /// Checks an accepted call again after waiting for its body, because its key may have ended in the
    /// meantime. Does not count against the rate limits.
    ///
    /// # Errors
    /// The reason if it is now refused.
    pub async fn judge_again(&mut self) -> Result<(), V1Error> {
        self.now = self.app.now();
        let key = verify::judge_again(self.app, self.presented()?).await?;
        if let Some(judged) = &mut self.judged {
            judged.key = Some(key);
        }
        Ok(())
    }

    /// Key and route of an accepted call.
    ///
    /// # Errors
    /// `MissingKey`, for a call that was not checked.
    pub fn accepted(&self) -> Result<(&Known, &Route), V1Error> {
        match &self.judged {
            Some(Judged {
                key: Some(key),
                route: Some(route),
                ..
            }) => Ok((key, route)),
            _ => Err(Refusal::MissingKey.into()),
        }
    }

    fn presented(&self) -> Result<Presented<'_>, V1Error> {
        let path = self.path.as_ref().map_err(|fault| self.unclear(fault))?;
        let mut authorization = self.sent.headers.get_all(header::AUTHORIZATION).iter();
        let only = match (authorization.next(), authorization.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        };
        Ok(Presented {
            method: self.sent.method,
            path,
            authorization: only.map(HeaderValue::as_bytes),
            client: self.client,
            now: self.now,
        })
    }

    /// A successful response in the envelope.
    pub fn success(&self, message: &'static str, data: impl Serialize) -> Response {
        envelope::success(self.request_id, message, self.now, data)
    }

    /// Finishes the call: adds the rate-limit headers, counts it in the metrics, and logs it if its key is
    /// one of this server.
    pub fn finish(self, answered: Result<Response, V1Error>) -> Response {
        let (mut response, error) = match answered {
            Ok(response) => (response, None),
            Err(error) => (error.response(self.request_id), Some(error)),
        };
        self.count(error.as_ref());
        if let Some(judged) = &self.judged {
            quota_headers::add(response.headers_mut(), judged.quota);
            if let (Some(key), Some(route)) = (&judged.key, &judged.route) {
                self.log(key, route, response.status().as_u16(), error.as_ref());
            }
        }
        response
    }

    /// Counts the call: by verdict and route if it was checked, otherwise by the refusal only.
    fn count(&self, error: Option<&V1Error>) {
        let (metrics, name) = (&self.app.metrics, self.entry_point.name());
        match (&self.judged, error) {
            (Some(judged), error) => {
                let route = judged.route.as_ref().map(|route| &route.pattern);
                let verdict = error.and_then(V1Error::refusal).unwrap_or("accepted");
                metrics.decided(name, route, verdict, judged.took);
            }
            (None, Some(error)) => metrics.refused(name, error.kind().reason),
            // A leak report: it has no check.
            (None, None) => {}
        }
    }

    /// Logs the call, or only counts the use of its key if the log queue is full. Refusals over the limit of
    /// a key get no row, so that an ended key cannot fill the disk (docs/security.md, S90). The metrics count
    /// them.
    fn log(&self, key: &Known, route: &Route, status: u16, error: Option<&V1Error>) {
        let key_use = match error {
            Some(V1Error::Refused(Refusal::TooManyRefusals(_))) => return,
            Some(V1Error::Refused(Refusal::Revoked | Refusal::Expired)) => KeyUse::AfterEnd,
            Some(V1Error::Refused(_)) => KeyUse::Refused,
            _ => KeyUse::Accepted,
        };
        let recorder = &self.app.recorder;
        let Some(slot) = recorder.reserve() else {
            if key_use == KeyUse::Accepted && key.is_use_due(self.now) {
                recorder.used(key.key.id, self.now);
            }
            return;
        };
        let prefix = &self.app.config.key_prefix;
        let entry = LogEntry {
            request_id: self.request_id.to_owned(),
            account: key.key.account,
            key: key.key.id,
            status,
            error_code: error.map(V1Error::code),
            at: self.now,
            method: self.sent.method.to_owned(),
            route: Arc::clone(&route.pattern),
            path: kept_path(self.sent.path, prefix),
            params: kept_params(self.sent.query, prefix),
            ip_hash: address_hash(self.app, self.client),
            user_agent: kept_user_agent(self.sent.headers.get(header::USER_AGENT), prefix),
        };
        slot.record(entry, key_use);
    }
}
