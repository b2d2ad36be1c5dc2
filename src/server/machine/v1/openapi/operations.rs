//! Operations of the document and their responses.

use super::answers::{self, QuotaHeaders};
use crate::{
    domain::{
        catalog::Route,
        head_limits::{HeadLimits, SUBREQUEST, USUAL},
        request_path::PathFault,
        token::pasted::Pasted,
    },
    server::{
        http::request_head::HeadFault,
        machine::{
            error::{V1Error, unclear::Unclear},
            v1::{
                Served,
                account::AccountProfile,
                leak::{NO_REPORT, Report, Reported, ReportedKeys},
                status::KeyStatus,
                usage::{DEFAULT_DAYS, MOST_DAYS, UsageTotals, WRONG_DAYS},
            },
        },
        runtime::window::Exceeded,
        service::verify::Refusal,
    },
};
use serde_json::json;
use std::sync::Arc;
use utoipa::{
    ToSchema as _,
    openapi::{
        Ref, Required,
        content::Content,
        extensions::Extensions,
        path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        response::Response,
        schema::{ObjectBuilder, Type},
        security::SecurityRequirement,
    },
};

/// Example of an exceeded limit.
const EXCEEDED: Exceeded = Exceeded {
    limit: 60,
    retry_after: 17,
};

/// Operation of a route of the catalogue.
pub fn of_route(route: &Route, has_parameters: bool) -> Operation {
    // The router sends /v1 to this server. All other routes belong to the guarded API and are checked through
    // a proxy.
    let direct = route.pattern.starts_with("/v1/") || &*route.pattern == "/v1";
    let served = Served::of(route).filter(|_| direct);
    let mut errors = refusals(&route.scope);
    errors.extend(head_faults(if direct { USUAL } else { SUBREQUEST }));
    if direct {
        errors.push(V1Error::PayloadTooLarge);
        if has_parameters {
            errors.push(V1Error::Refused(Refusal::UnknownRoute));
        }
    }
    if has_parameters || !direct {
        let slash = PathFault::Escape("%2F".to_owned(), b'/');
        errors.push(V1Error::Unclear(Unclear::Path(slash)));
    }
    let success = match served {
        Some(Served::Status) => Some(answers::success::<KeyStatus<'_>>("The key of the request.")),
        Some(Served::Account) => {
            errors.push(V1Error::AccountNotFound);
            Some(answers::success::<AccountProfile>("The account of the key."))
        }
        Some(Served::Usage) => {
            errors.extend([WRONG_DAYS, V1Error::UsageBusy, V1Error::UsageTooLong]);
            Some(answers::success::<UsageTotals>(
                "Totals of all routes together, and of each route.",
            ))
        }
        None => {
            if direct {
                errors.push(V1Error::NotServedHere);
            }
            None
        }
    };
    let (summary, about) = match (served, direct) {
        (Some(Served::Status), _) => ("Verify a key", "Returns the data of the key."),
        (Some(Served::Account), _) => (
            "The account of the key",
            "Returns name and kind of the key's account.",
        ),
        (Some(Served::Usage), _) => (
            "Usage of the account's keys",
            "Counts the rows of the request log. Requests of the last second may be missing.",
        ),
        (None, true) => (
            "Check a key for a route of the guarded API",
            "This server runs every check, and then responds that it does not serve the route. If the request passes through a proxy with forward-auth, the guarded API responds.",
        ),
        (None, false) => (
            "A route of the guarded API",
            "Send the request to the guarded API, not to this server. Its proxy checks the key with a subrequest to /forward-auth, and returns the errors below.",
        ),
    };
    let mut responses = answers::responses(success, &errors, QuotaHeaders::OfKey);
    if !direct {
        responses = responses.response("default", Response::new("The response of the guarded API."));
    }
    let operation = OperationBuilder::new()
        .operation_id(Some(id(&route.method, &route.pattern)))
        .summary(Some(summary))
        .description(Some(format!(
            "{about} The key needs the scope `{}`.",
            route.scope
        )))
        .extensions(Some(Extensions::from_iter([("x-required-scope", &*route.scope)])))
        .responses(responses);
    if served == Some(Served::Usage) {
        operation.parameter(days()).build()
    } else {
        operation.build()
    }
}

/// Refusals that every route can respond with.
fn refusals(scope: &Arc<str>) -> Vec<V1Error> {
    let refusals = [
        Refusal::MissingKey,
        Refusal::InvalidKey,
        Refusal::BadlyPasted(Pasted::Quoted),
        Refusal::Revoked,
        Refusal::Expired,
        Refusal::InsufficientScope(Arc::clone(scope)),
        Refusal::IpNotAllowed,
        Refusal::RateLimited(EXCEEDED),
        Refusal::TooManyUnknown(EXCEEDED),
    ];
    let mut errors: Vec<V1Error> = refusals.map(V1Error::from).into();
    errors.push(V1Error::Unavailable);
    errors
}

/// Refusals of request line and headers, which every operation can respond with.
fn head_faults(limits: HeadLimits) -> [V1Error; 3] {
    [
        HeadFault::TooLarge(limits.bytes),
        HeadFault::TooMany(limits.headers),
        HeadFault::NoHost,
    ]
    .map(V1Error::Head)
}

/// Operation of `POST /v1/keys/report-leak`.
pub fn report() -> Operation {
    let [too_large, too_many, no_host] = head_faults(USUAL);
    let errors = [
        no_host,
        too_large,
        too_many,
        NO_REPORT,
        V1Error::Refused(Refusal::InvalidKey),
        V1Error::ReportTooLarge,
        V1Error::Refused(Refusal::TooManyUnknown(EXCEEDED)),
        V1Error::Unanswered,
        V1Error::Unavailable,
    ];
    let success = answers::either::<Reported<'_>, ReportedKeys>(
        "A single key is revoked, and its owners see the report. Of several keys, the list has the result for each.",
    );
    let body = RequestBodyBuilder::new()
        .required(Some(Required::True))
        .description(Some(
            "The text that holds the key, or up to 100 keys, as JSON of at most 16 KiB.",
        ))
        .content(
            "application/json",
            Content::new(Some(Ref::from_schema_name(Report::name()))),
        );
    public("report_leak")
        .summary(Some("Report a leaked key"))
        .description(Some(
            "Revokes every whole key in the body at once, whatever stands around it. Anyone who has a key can report it, without authentication: a header `Authorization` is ignored. Reporting a key again returns the same response.",
        ))
        .request_body(Some(body.build()))
        .responses(answers::responses(Some(success), &errors, QuotaHeaders::None))
        .build()
}

/// Operation of the document itself.
pub fn document() -> Operation {
    public("openapi")
        .summary(Some("This document"))
        .description(Some("Generated from the current catalogue."))
        .responses(answers::responses(
            Some(answers::document()),
            &head_faults(USUAL),
            QuotaHeaders::None,
        ))
        .build()
}

/// An operation that needs no key.
fn public(id: &str) -> OperationBuilder {
    let nothing: [SecurityRequirement; 0] = [];
    OperationBuilder::new()
        .operation_id(Some(id))
        .securities(Some(nothing))
}

fn days() -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(MOST_DAYS))
        .default(Some(json!(DEFAULT_DAYS)));
    ParameterBuilder::new()
        .name("days")
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some("Number of days to count, up to now."))
        .schema(Some(schema))
        .build()
}

/// A unique operation id of letters, digits and `_`: `get_v1_status`. Other characters are replaced by their
/// code points, so that `/a-b` and `/a/b` have different ids.
fn id(method: &str, pattern: &str) -> String {
    let mut id = method.to_ascii_lowercase();
    for c in pattern.chars() {
        match c {
            '/' => id.push('_'),
            '{' | '}' => {}
            '_' => id.push_str("__"),
            c if c.is_ascii_alphanumeric() => id.push(c),
            c => id.extend(format!("_{:x}_", u32::from(c)).chars()),
        }
    }
    id
}
