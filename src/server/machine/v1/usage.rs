//! `GET /v1/usage?days=`: usage of the account's keys.

use crate::{
    domain::{ids::AccountId, key::Key},
    server::{
        app::App,
        machine::error::V1Error,
        service::usage::{self, EndpointUsage},
    },
};
use serde::Serialize;
use std::collections::BTreeMap;
use url::form_urlencoded;
use utoipa::ToSchema;

/// Default number of days.
pub(super) const DEFAULT_DAYS: u16 = 30;
/// Maximum number of days (docs.babysea.ai, `/api-reference/api-usage`).
pub(super) const MOST_DAYS: u16 = 90;

/// Usage of all keys of an account.
#[derive(Serialize, ToSchema)]
pub struct UsageTotals {
    /// The account.
    #[schema(value_type = String, format = "uuid")]
    account_id: AccountId,
    /// Number of counted days, up to now.
    #[schema(minimum = 1, maximum = 90)]
    usage_period_days: u16,
    /// Always 0: this server has no credits.
    usage_credit_balance: u64,
    /// Requests with a key of the account.
    usage_total_requests: u64,
    /// Requests with a 2xx or 3xx response, or passed on by a proxy.
    usage_total_success: u64,
    /// Requests with a 4xx response.
    usage_total_client_errors: u64,
    /// Requests with a 5xx response.
    usage_total_server_errors: u64,
    /// Always 0: this server generates nothing.
    usage_total_generations: u64,
    /// Always 0: this server uses no providers.
    usage_total_provider_submissions: u64,
    /// Always 0: this server has no costs.
    usage_total_estimated_cost: u64,
    /// The same for each requested route.
    usage_endpoints: Vec<EndpointTotals>,
    /// Always empty: this server uses no providers.
    #[schema(value_type = Vec<Object>, max_items = 0)]
    usage_providers: [(); 0],
}

/// Usage of one route by the keys of an account.
#[derive(Serialize, ToSchema)]
struct EndpointTotals {
    /// Method and pattern of the route: `GET /v1/status`.
    endpoint: String,
    /// All requests.
    total_requests: u64,
    /// Requests with a 2xx or 3xx response, or passed on by a proxy.
    success_count: u64,
    /// Requests with a 4xx response.
    client_error_count: u64,
    /// Requests with a 5xx response.
    server_error_count: u64,
    /// Number of responses with each error code.
    error_codes: BTreeMap<String, u64>,
}

impl From<EndpointUsage> for EndpointTotals {
    fn from(usage: EndpointUsage) -> Self {
        Self {
            endpoint: usage.endpoint,
            total_requests: usage.total,
            success_count: usage.success,
            client_error_count: usage.client_errors,
            server_error_count: usage.server_errors,
            error_codes: usage.error_codes,
        }
    }
}

pub(super) const MESSAGE: &str = "Usage retrieved successfully";

/// `days` is out of range, or no number.
pub(super) const WRONG_DAYS: V1Error = V1Error::InvalidInput {
    field: "days",
    message: "days must be a whole number from 1 to 90.",
};

/// Totals of the request log. Fields that this server has no data for, such as credits and generations, are 0
/// or [].
pub(super) async fn get(app: &App, key: &Key, query: &str) -> Result<UsageTotals, V1Error> {
    let days = days(query).ok_or(WRONG_DAYS)?;
    let endpoints = usage::of_account(app, key.account, days).await?;
    let sum = |of: fn(&EndpointUsage) -> u64| endpoints.iter().map(of).sum::<u64>();
    Ok(UsageTotals {
        account_id: key.account,
        usage_period_days: days,
        usage_credit_balance: 0,
        usage_total_requests: sum(|endpoint| endpoint.total),
        usage_total_success: sum(|endpoint| endpoint.success),
        usage_total_client_errors: sum(|endpoint| endpoint.client_errors),
        usage_total_server_errors: sum(|endpoint| endpoint.server_errors),
        usage_total_generations: 0,
        usage_total_provider_submissions: 0,
        usage_total_estimated_cost: 0,
        usage_endpoints: endpoints.into_iter().map(EndpointTotals::from).collect(),
        usage_providers: [],
    })
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
