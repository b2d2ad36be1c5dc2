//! Refusals of `/v1` and forward-auth: their kinds and their responses.

pub mod kinds;
pub mod no_route;
pub mod unclear;

use super::{
    envelope::{self, Details, Failure},
    quota_headers,
    v1::{self, leak},
};
use crate::server::{
    http::request_head::HeadFault,
    runtime::{log_limit::LogLimit, window::Exceeded},
    service::{long_reads::LongReadError, verify::Refusal},
};
use axum::{
    http::{HeaderValue, header},
    response::Response,
};
use kinds::Kind;
use no_route::NoRoute;
use std::borrow::Cow;
use unclear::Unclear;

/// Why a request to `/v1` was not answered with data.
#[derive(Debug)]
pub enum V1Error {
    /// The check refused the key.
    Refused(Refusal),
    /// The key's account was deleted.
    AccountNotFound,
    /// A subrequest from an address that is not in TRUSTED_PROXIES.
    UntrustedProxy,
    /// A request that can be read in two ways, or a subrequest that names none.
    Unclear(Unclear),
    /// A request that matches no route of the catalogue.
    NoRoute(NoRoute),
    /// Request line and headers over a limit, or without a proper `Host`.
    Head(HeadFault),
    /// An invalid parameter.
    InvalidInput {
        /// Its name.
        field: &'static str,
        /// What it must be.
        message: &'static str,
    },
    /// A body over the limit of a catalogue route.
    PayloadTooLarge,
    /// A body over the limit of a leak report.
    ReportTooLarge,
    /// The key passed every check, but the route belongs to the API behind this server.
    NotServedHere,
    /// The account's usage is being counted for another request (docs/security.md, S87).
    UsageBusy,
    /// Counting the usage ran into its time limit.
    UsageTooLong,
    /// A report whose COMMIT was not answered (docs/security.md, S76).
    Unanswered,
    /// The response did not start in time.
    Unavailable,
    /// The server failed; its log has the reason.
    Internal,
}

/// Limit of concurrent usage requests of an account, and when to retry.
const ONE_AT_A_TIME: Exceeded = Exceeded {
    limit: 1,
    retry_after: 2,
};

impl From<LongReadError> for V1Error {
    fn from(error: LongReadError) -> Self {
        match error {
            LongReadError::Busy => Self::UsageBusy,
            LongReadError::TooLong => Self::UsageTooLong,
            LongReadError::Store(error) => Self::Refused(Refusal::Unavailable(error)),
        }
    }
}

impl From<Refusal> for V1Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl V1Error {
    /// The reason if the key or the size of the request was refused; `None` if an accepted key's request
    /// failed later.
    pub fn refusal(&self) -> Option<&'static str> {
        matches!(self, Self::Refused(_) | Self::NoRoute(_) | Self::PayloadTooLarge)
            .then(|| self.kind().reason)
    }

    /// The kind of this refusal.
    pub fn kind(&self) -> &'static Kind {
        match self {
            Self::Refused(refusal) => match refusal {
                Refusal::UnknownRoute => &kinds::UNKNOWN_ROUTE,
                Refusal::TooManyUnknown(_) => &kinds::TOO_MANY_UNKNOWN,
                Refusal::MissingKey => &kinds::MISSING_KEY,
                Refusal::InvalidKey => &kinds::INVALID_KEY,
                Refusal::BadlyPasted(_) => &kinds::BADLY_PASTED_KEY,
                Refusal::Revoked => &kinds::KEY_REVOKED,
                Refusal::Expired => &kinds::KEY_EXPIRED,
                Refusal::IpNotAllowed => &kinds::IP_NOT_ALLOWED,
                Refusal::InsufficientScope(_) => &kinds::INSUFFICIENT_SCOPE,
                Refusal::TooManyRefusals(_) | Refusal::RateLimited(_) => &kinds::RATE_LIMITED,
                Refusal::Unavailable(_) => &kinds::UNAVAILABLE,
            },
            Self::AccountNotFound => &kinds::ACCOUNT_NOT_FOUND,
            Self::UntrustedProxy => &kinds::UNTRUSTED_PROXY,
            Self::Unclear(_) => &kinds::UNCLEAR_REQUEST,
            Self::NoRoute(_) => &kinds::UNKNOWN_ROUTE,
            Self::Head(HeadFault::TooLarge(_)) => &kinds::HEADERS_TOO_LARGE,
            Self::Head(HeadFault::TooMany(_)) => &kinds::TOO_MANY_HEADERS,
            Self::InvalidInput { .. }
            | Self::Head(HeadFault::NoHost | HeadFault::SeveralHosts | HeadFault::WrongHost) => {
                &kinds::INVALID_INPUT
            }
            Self::PayloadTooLarge | Self::ReportTooLarge => &kinds::PAYLOAD_TOO_LARGE,
            Self::NotServedHere => &kinds::NOT_SERVED_HERE,
            Self::UsageBusy => &kinds::USAGE_BUSY,
            Self::UsageTooLong => &kinds::USAGE_TOO_LONG,
            Self::Unanswered => &kinds::UNANSWERED,
            Self::Unavailable => &kinds::UNAVAILABLE,
            Self::Internal => &kinds::INTERNAL_ERROR,
        }
    }

    /// The error code.
    pub fn code(&self) -> &'static str {
        self.kind().code
    }

    /// The sentence for people.
    fn message(&self) -> Cow<'static, str> {
        match self {
            Self::InvalidInput { message, .. } => (*message).into(),
            Self::Refused(Refusal::BadlyPasted(pasted)) => pasted.sentence().into(),
            Self::ReportTooLarge => "A report of a leaked key is at most 16 KiB.".into(),
            Self::Unclear(unclear) => unclear.sentence().into(),
            Self::NoRoute(no_route) => no_route.sentence().into(),
            Self::Head(fault) => fault.sentence().into(),
            _ => self.kind().message.into(),
        }
    }

    /// The exceeded limit, if there is one.
    fn exceeded(&self) -> Option<Exceeded> {
        match self {
            Self::Refused(
                Refusal::TooManyUnknown(exceeded)
                | Refusal::TooManyRefusals(exceeded)
                | Refusal::RateLimited(exceeded),
            ) => Some(*exceeded),
            Self::UsageBusy => Some(ONE_AT_A_TIME),
            _ => None,
        }
    }

    fn details(&self) -> Details<'_> {
        let exceeded = self.exceeded();
        let size = match self {
            Self::Head(fault) => fault.limit(),
            Self::PayloadTooLarge => Some(v1::BODY_BYTES),
            Self::ReportTooLarge => Some(leak::MOST_BYTES),
            _ => None,
        };
        let size = size.and_then(|limit| u32::try_from(limit).ok());
        let (part, found) = match self {
            Self::Unclear(unclear) => (Some(unclear.part()), unclear.found()),
            Self::NoRoute(no_route) => (Some(no_route.part()), None),
            Self::Head(_) => (Some("header"), None),
            Self::PayloadTooLarge | Self::ReportTooLarge => (Some("body"), None),
            _ => (None, None),
        };
        let field = match self {
            Self::InvalidInput { field, .. } => Some(*field),
            Self::Head(fault) if fault.limit().is_none() => Some("Host"),
            _ => None,
        };
        Details {
            reason: self.kind().reason,
            field,
            part,
            found,
            required_scope: match self {
                Self::Refused(Refusal::InsufficientScope(scope)) => Some(scope),
                _ => None,
            },
            retry_after_seconds: exceeded.map(|exceeded| exceeded.retry_after),
            limit: size.or(exceeded.map(|exceeded| exceeded.limit)),
        }
    }

    /// The `WWW-Authenticate` challenge of RFC 6750, section 3, for 401 and 403.
    fn challenge(&self) -> Option<HeaderValue> {
        // RFC 6750 has no error for a missing key, a wrong address, or a request that can be read in two ways.
        let no_error = HeaderValue::from_static(r#"Bearer realm="api""#);
        let refusal = match self {
            Self::Refused(refusal) => refusal,
            Self::Unclear(_) => return Some(no_error),
            _ => return None,
        };
        match refusal {
            Refusal::InvalidKey | Refusal::BadlyPasted(_) | Refusal::Revoked | Refusal::Expired => Some(
                HeaderValue::from_static(r#"Bearer realm="api", error="invalid_token""#),
            ),
            Refusal::InsufficientScope(scope) => {
                let challenge = format!(r#"Bearer realm="api", error="insufficient_scope", scope="{scope}""#);
                HeaderValue::try_from(challenge).ok()
            }
            Refusal::MissingKey | Refusal::IpNotAllowed => Some(no_error),
            Refusal::UnknownRoute
            | Refusal::TooManyUnknown(_)
            | Refusal::TooManyRefusals(_)
            | Refusal::RateLimited(_)
            | Refusal::Unavailable(_) => None,
        }
    }

    /// Body of the response.
    pub fn body<'a>(&'a self, request_id: &'a str) -> Failure<'a> {
        Failure::new(request_id, self.kind(), self.message(), self.details())
    }

    /// The response.
    pub fn response(&self, request_id: &str) -> Response {
        static LINES: LogLimit = LogLimit::new();
        if let Self::Refused(Refusal::Unavailable(error)) = self
            && LINES.allows()
        {
            tracing::error!(
                request_id,
                error = error as &dyn std::error::Error,
                "a key could not be checked"
            );
        }
        let kind = self.kind();
        let mut response = envelope::answer(kind.status, &self.body(request_id));
        let headers = response.headers_mut();
        if let Some(challenge) = self.challenge() {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(exceeded) = self.exceeded() {
            // BabySea's SDK waits only if both headers are present.
            headers.insert(quota_headers::LIMIT, HeaderValue::from(exceeded.limit));
            headers.insert(header::RETRY_AFTER, HeaderValue::from(exceeded.retry_after));
        } else if kind.retryable {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(1));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::token::pasted::Pasted;

    #[test]
    fn responses_and_metrics_have_one_reason_for_a_refusal() {
        let exceeded = Exceeded {
            limit: 1,
            retry_after: 1,
        };
        for refusal in [
            Refusal::UnknownRoute,
            Refusal::TooManyUnknown(exceeded),
            Refusal::MissingKey,
            Refusal::InvalidKey,
            Refusal::BadlyPasted(Pasted::Quoted),
            Refusal::Revoked,
            Refusal::Expired,
            Refusal::IpNotAllowed,
            Refusal::InsufficientScope("a".into()),
            Refusal::TooManyRefusals(exceeded),
            Refusal::RateLimited(exceeded),
        ] {
            let reason = refusal.reason();
            assert_eq!(V1Error::from(refusal).kind().reason, reason);
        }
    }
}
