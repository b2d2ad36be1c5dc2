//! Refusals on `/v1`: code, type, status and sentence of each (docs.babysea.ai, `/setup/errors`; reasons as in
//! docs/security.md, S42).

use crate::server::{limits::Exceeded, service::verify::Refusal};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// Why a request to `/v1` was not answered with data.
#[derive(Debug)]
pub enum V1Error {
    /// The key may not pass.
    Refused(Refusal),
    /// The key's account is gone.
    AccountNotFound,
    /// A proxy asks whom nobody told this server to trust.
    UntrustedProxy,
    /// A proxy asks about a request that could be taken in two ways, or names none.
    UnclearRequest,
    /// A parameter that cannot be what it is.
    InvalidInput {
        /// Its name.
        field: &'static str,
        /// What it must be.
        message: &'static str,
    },
    /// The key passed every check, but the route belongs to the API that this server stands in front of.
    NotServedHere,
}

impl From<Refusal> for V1Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What the caller is told.
struct Told {
    status: StatusCode,
    code: &'static str,
    kind: &'static str,
    message: &'static str,
    retryable: bool,
    details: Value,
}

impl V1Error {
    /// The code of the refusal, as in its answer.
    pub fn code(&self) -> &'static str {
        self.told().code
    }

    fn told(&self) -> Told {
        let told = |status, code, kind, message, reason: &str| Told {
            status,
            code,
            kind,
            message,
            retryable: false,
            details: json!({ "reason": reason }),
        };
        match self {
            Self::Refused(Refusal::MissingKey) => told(
                StatusCode::UNAUTHORIZED,
                "BSE1001",
                "authentication_required",
                "Send an API key in one header of the form Authorization: Bearer <key>.",
                "missing_key",
            ),
            Self::Refused(Refusal::TooManyUnknown(exceeded)) => limited(
                "BSE1006",
                "auth_rate_limited",
                "Too many unknown API keys from this address. Retry after the seconds in the Retry-After header.",
                *exceeded,
            ),
            Self::Refused(Refusal::TooManyRefusals(exceeded) | Refusal::RateLimited(exceeded)) => limited(
                "BSE1005",
                "rate_limit_exceeded",
                "Rate limit exceeded. Please retry after the period indicated in the Retry-After header.",
                *exceeded,
            ),
            Self::Refused(Refusal::IpNotAllowed) => told(
                StatusCode::FORBIDDEN,
                "BSE1007",
                "ip_not_allowed",
                "This IP address is not in the allowlist for this API key.",
                "ip_not_allowed",
            ),
            Self::InvalidInput { field, message } => Told {
                details: json!({ "reason": "invalid_input", "field": field }),
                ..told(
                    StatusCode::BAD_REQUEST,
                    "BSE2001",
                    "invalid_input",
                    message,
                    "invalid_input",
                )
            },
            Self::Refused(Refusal::InvalidKey) => invalid("This API key is not valid.", "invalid_key"),
            Self::Refused(Refusal::Revoked) => invalid("This API key has been revoked.", "key_revoked"),
            Self::Refused(Refusal::Expired) => invalid("This API key has expired.", "key_expired"),
            Self::Refused(Refusal::InsufficientScope(scope)) => Told {
                details: json!({ "reason": "insufficient_scope", "required_scope": &**scope }),
                ..told(
                    StatusCode::FORBIDDEN,
                    "BSE1003",
                    "insufficient_permissions",
                    "This API key does not have the scope that this route needs.",
                    "insufficient_scope",
                )
            },
            Self::Refused(Refusal::Unavailable(_)) => Told {
                retryable: true,
                ..told(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "BSE5003",
                    "unavailable",
                    "The API key cannot be checked at the moment. Try again soon.",
                    "unavailable",
                )
            },
            Self::AccountNotFound => told(
                StatusCode::NOT_FOUND,
                "BSE1008",
                "account_not_found",
                "The account of this API key no longer exists.",
                "account_not_found",
            ),
            Self::Refused(Refusal::UnknownRoute) => told(
                StatusCode::NOT_FOUND,
                "BSE2404",
                "unknown_route",
                "There is no such route: check the method and the path.",
                "unknown_route",
            ),
            Self::UntrustedProxy => told(
                StatusCode::FORBIDDEN,
                "BSE2403",
                "untrusted_proxy",
                "This address is not one of the proxies that may ask. Add the proxy to TRUSTED_PROXIES.",
                "untrusted_proxy",
            ),
            Self::UnclearRequest => told(
                StatusCode::FORBIDDEN,
                "BSE2405",
                "unclear_request",
                "The method or the path of this request is not in its normal form.",
                "unclear_request",
            ),
            Self::NotServedHere => told(
                StatusCode::NOT_IMPLEMENTED,
                "BSE5001",
                "not_served_here",
                "The API key passed every check, but this server does not answer this route itself. \
                 Put it in front of your API with forward-auth.",
                "not_served_here",
            ),
        }
    }

    /// The challenge of RFC 6750, section 3, that goes with 401 and 403.
    fn challenge(&self) -> Option<HeaderValue> {
        let Self::Refused(refusal) = self else { return None };
        let challenge = match refusal {
            Refusal::InvalidKey | Refusal::Revoked | Refusal::Expired => {
                r#"Bearer realm="api", error="invalid_token""#.to_owned()
            }
            Refusal::InsufficientScope(scope) => {
                format!(r#"Bearer realm="api", error="insufficient_scope", scope="{scope}""#)
            }
            // RFC 6750 names no error where there was no key, and has none for a wrong address.
            Refusal::MissingKey | Refusal::IpNotAllowed => r#"Bearer realm="api""#.to_owned(),
            Refusal::UnknownRoute
            | Refusal::TooManyUnknown(_)
            | Refusal::TooManyRefusals(_)
            | Refusal::RateLimited(_)
            | Refusal::Unavailable(_) => return None,
        };
        HeaderValue::try_from(challenge).ok()
    }

    /// The answer.
    pub fn response(&self, request_id: &str) -> Response {
        if let Self::Refused(Refusal::Unavailable(error)) = self {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "a key could not be checked"
            );
        }
        let told = self.told();
        let body = json!({
            "status": "error",
            "request_id": request_id,
            "error": {
                "code": told.code,
                "type": told.kind,
                "message": told.message,
                "retryable": told.retryable,
                "details": told.details,
            },
        });
        let mut response = (told.status, Json(body)).into_response();
        if let Some(challenge) = self.challenge() {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        let headers = response.headers_mut();
        match self {
            Self::Refused(
                Refusal::TooManyUnknown(exceeded)
                | Refusal::TooManyRefusals(exceeded)
                | Refusal::RateLimited(exceeded),
            ) => {
                // The vendor's client waits only where both are there.
                headers.insert("x-ratelimit-limit", HeaderValue::from(exceeded.limit));
                headers.insert(header::RETRY_AFTER, HeaderValue::from(exceeded.retry_after));
            }
            _ if told.retryable => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(1));
            }
            _ => {}
        }
        response
    }
}

fn invalid(message: &'static str, reason: &str) -> Told {
    Told {
        status: StatusCode::UNAUTHORIZED,
        code: "BSE1002",
        kind: "authentication_failed",
        message,
        retryable: false,
        details: json!({ "reason": reason }),
    }
}

fn limited(code: &'static str, kind: &'static str, message: &'static str, exceeded: Exceeded) -> Told {
    Told {
        status: StatusCode::TOO_MANY_REQUESTS,
        code,
        kind,
        message,
        retryable: true,
        details: json!({
            "reason": "rate_limited",
            "retry_after_seconds": exceeded.retry_after,
            "limit": exceeded.limit,
        }),
    }
}
