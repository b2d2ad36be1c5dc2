//! `GET /v1/usage?days=`: what the account's keys did.

use super::{Answered, Call};
use crate::server::{
    http::machine::error::V1Error,
    service::{usage, verify::Refusal},
};
use serde_json::{Value, json};
use url::form_urlencoded;

/// Days that are counted when the request names none.
const DEFAULT_DAYS: u16 = 30;
/// Most days (docs.babysea.ai, `/api-reference/api-usage`).
const MOST_DAYS: u16 = 90;

/// Totals of the request log. What has no source here, such as credits and generations, is 0 and [].
pub async fn get(call: &Call<'_>) -> Answered {
    let days = days(call.query).ok_or(V1Error::InvalidInput {
        field: "days",
        message: "days must be a whole number from 1 to 90.",
    })?;
    let endpoints = usage::of_account(call.app, call.key.account, days)
        .await
        .map_err(Refusal::Unavailable)?;
    let sum = |of: fn(&usage::EndpointUsage) -> u64| endpoints.iter().map(of).sum::<u64>();
    let listed = endpoints.iter().map(|endpoint| {
        json!({
            "endpoint": endpoint.endpoint,
            "total_requests": endpoint.total,
            "success_count": endpoint.success,
            "client_error_count": endpoint.client_errors,
            "server_error_count": endpoint.server_errors,
            "error_codes": endpoint.error_codes,
        })
    });
    let data = json!({
        "account_id": call.key.account,
        "usage_period_days": days,
        "usage_credit_balance": 0,
        "usage_total_requests": sum(|endpoint| endpoint.total),
        "usage_total_success": sum(|endpoint| endpoint.success),
        "usage_total_client_errors": sum(|endpoint| endpoint.client_errors),
        "usage_total_server_errors": sum(|endpoint| endpoint.server_errors),
        "usage_total_generations": 0,
        "usage_total_provider_submissions": 0,
        "usage_total_estimated_cost": 0,
        "usage_endpoints": listed.collect::<Vec<Value>>(),
        "usage_providers": [],
    });
    Ok(("Usage retrieved successfully", data))
}

fn days(query: &str) -> Option<u16> {
    let mut given = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "days");
    match (given.next(), given.next()) {
        (None, _) => Some(DEFAULT_DAYS),
        (Some((_, days)), None) if days.bytes().all(|b| b.is_ascii_digit()) => {
            days.parse().ok().filter(|days| (1..=MOST_DAYS).contains(days))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_1_to_90() {
        for (query, expected) in [
            ("", Some(30)),
            ("x=1", Some(30)),
            ("days=1", Some(1)),
            ("days=90", Some(90)),
            ("days=0", None),
            ("days=91", None),
            ("days=", None),
            ("days=+7", None),
            ("days=7&days=8", None),
            ("days=99999999999", None),
        ] {
            assert_eq!(days(query), expected, "{query}");
        }
    }
}
