//! All kinds of refusal. The responses of `/v1` and forward-auth, the OpenAPI document and docs/api.md all come from
//! this table (docs.babysea.ai, `/setup/errors`; reasons as in docs/security.md, S42).

use axum::http::StatusCode;

/// Fixed part of an error response: code, type, status, message, reason.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Stable code: `BSE1001`.
    pub code: &'static str,
    /// Stable name of the code; `error.type` in JSON.
    pub name: &'static str,
    /// HTTP status.
    pub status: StatusCode,
    /// A sentence for people. A cause with its own sentence, such as which parameter is wrong, replaces it.
    pub message: &'static str,
    /// Whether a retry of the same request can succeed.
    pub retryable: bool,
    /// The specific reason; `error.details.reason` in JSON.
    pub reason: &'static str,
}

/// Declares a static for each kind, and the complete list of them.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident: $status:ident, $code:literal, $name:literal, $reason:literal, $retryable:literal,
       $message:literal;)*) => {
        $(
            $(#[$doc])*
            pub static $kind: Kind = Kind {
                code: $code,
                name: $name,
                status: StatusCode::$status,
                message: $message,
                retryable: $retryable,
                reason: $reason,
            };
        )*

        /// Every kind, in the order of the codes.
        pub static ALL: &[&Kind] = &[$(&$kind),*];
    };
}

kinds! {
    /// No key, two keys, or a scheme other than Bearer.
    MISSING_KEY: UNAUTHORIZED, "BSE1001", "authentication_required", "missing_key", false,
        "Send an API key in one header of the form Authorization: Bearer <key>.";
    /// Not a key, or an unknown key.
    INVALID_KEY: UNAUTHORIZED, "BSE1002", "authentication_failed", "invalid_key", false,
        "This API key is not valid.";
    /// The header holds a key, and more than that.
    BADLY_PASTED_KEY: UNAUTHORIZED, "BSE1002", "authentication_failed", "badly_pasted_key", false,
        "There is more than the API key in this header. Send it in the form Authorization: Bearer <key>.";
    /// The key is revoked.
    KEY_REVOKED: UNAUTHORIZED, "BSE1002", "authentication_failed", "key_revoked", false,
        "This API key has been revoked.";
    /// The key is past its end.
    KEY_EXPIRED: UNAUTHORIZED, "BSE1002", "authentication_failed", "key_expired", false,
        "This API key has expired.";
    /// The key lacks the scope of the route.
    INSUFFICIENT_SCOPE: FORBIDDEN, "BSE1003", "insufficient_permissions", "insufficient_scope", false,
        "This API key does not have the scope that this route needs.";
    /// The key or its account is over its rate limit, or the key was refused too often in this minute.
    RATE_LIMITED: TOO_MANY_REQUESTS, "BSE1005", "rate_limit_exceeded", "rate_limited", true,
        "Rate limit exceeded. Please retry after the period indicated in the Retry-After header.";
    /// Another usage request of the account is running.
    USAGE_BUSY: TOO_MANY_REQUESTS, "BSE1005", "rate_limit_exceeded", "usage_busy", true,
        "The usage of this account is being counted for another request. Retry after the seconds in the Retry-After header.";
    /// Too many unknown keys from one address.
    TOO_MANY_UNKNOWN: TOO_MANY_REQUESTS, "BSE1006", "auth_rate_limited", "rate_limited", true,
        "Too many unknown API keys from this address. Retry after the seconds in the Retry-After header.";
    /// The client's address is not in the allowlist.
    IP_NOT_ALLOWED: FORBIDDEN, "BSE1007", "ip_not_allowed", "ip_not_allowed", false,
        "This IP address is not in the allowlist for this API key.";
    /// The key's account was deleted.
    ACCOUNT_NOT_FOUND: NOT_FOUND, "BSE1008", "account_not_found", "account_not_found", false,
        "The account of this API key no longer exists.";
    /// An invalid parameter or body.
    INVALID_INPUT: BAD_REQUEST, "BSE2001", "invalid_input", "invalid_input", false,
        "A parameter is not what it must be.";
    /// The body exceeds its limit.
    PAYLOAD_TOO_LARGE: PAYLOAD_TOO_LARGE, "BSE2010", "payload_too_large", "payload_too_large", false,
        "The request body is larger than 100 KB.";
    /// The subrequest's proxy is not in TRUSTED_PROXIES.
    UNTRUSTED_PROXY: FORBIDDEN, "BSE2403", "untrusted_proxy", "untrusted_proxy", false,
        "This address is not one of the proxies that may ask. Add the proxy to TRUSTED_PROXIES.";
    /// The route is not in the catalogue.
    UNKNOWN_ROUTE: NOT_FOUND, "BSE2404", "unknown_route", "unknown_route", false,
        "There is no such route: check the method and the path.";
    /// The request can be read in two ways, or the subrequest names none.
    UNCLEAR_REQUEST: FORBIDDEN, "BSE2405", "unclear_request", "unclear_request", false,
        "The method, the path or a header of this request can be read in two ways.";
    /// The request line and headers exceed their size.
    HEADERS_TOO_LARGE: REQUEST_HEADER_FIELDS_TOO_LARGE, "BSE2431", "headers_too_large", "headers_too_large", false,
        "The request line and headers are larger than 16 KiB, or through a proxy than 64 KiB.";
    /// There are more headers than may be sent.
    TOO_MANY_HEADERS: REQUEST_HEADER_FIELDS_TOO_LARGE, "BSE2431", "headers_too_large", "too_many_headers", false,
        "The request has more than 100 headers, or through a proxy more than 512.";
    /// An error of the server.
    INTERNAL_ERROR: INTERNAL_SERVER_ERROR, "BSE5000", "internal_error", "internal_error", false,
        "Internal server error. Give the request id to the server operator.";
    /// The key passed every check, but the route belongs to the API behind this server.
    NOT_SERVED_HERE: NOT_IMPLEMENTED, "BSE5001", "not_served_here", "not_served_here", false,
        "The API key passed every check, but this server does not answer this route itself. Put it in front of your API with forward-auth.";
    /// Counting the usage ran into its time limit.
    USAGE_TOO_LONG: SERVICE_UNAVAILABLE, "BSE5003", "unavailable", "usage_too_long", true,
        "The usage of this period took too long to count. Ask for fewer days.";
    /// The database did not answer COMMIT, or did not answer in time.
    UNANSWERED: SERVICE_UNAVAILABLE, "BSE5003", "unavailable", "unanswered", true,
        "The database did not answer in time. The key may have been revoked: report it again.";
    /// The server cannot check the key now.
    UNAVAILABLE: SERVICE_UNAVAILABLE, "BSE5003", "unavailable", "unavailable", true,
        "The API key cannot be checked at the moment. Try again soon.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{HashMap, HashSet};

    #[test]
    fn kinds_can_be_told_apart_and_a_code_has_one_name() {
        let mut seen = HashSet::new();
        let mut names = HashMap::new();
        for kind in ALL {
            assert!(seen.insert((kind.code, kind.reason)), "{kind:?} twice");
            let name = names.entry(kind.code).or_insert((kind.name, kind.status));
            assert_eq!(*name, (kind.name, kind.status), "{kind:?}");
        }
        assert!(ALL.is_sorted_by_key(|kind| kind.code));
    }

    #[test]
    fn retryable_refusals_are_the_ones_marked_so() {
        for kind in ALL {
            let later = matches!(
                kind.status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
            );
            assert_eq!(kind.retryable, later, "{kind:?}");
        }
    }
}
