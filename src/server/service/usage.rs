//! Usage of an account: totals of its request log.

use super::long_reads::{self, LongReadError};
use crate::{
    domain::ids::AccountId,
    server::{app::App, store::Tables as _},
};
use std::{collections::BTreeMap, time::Duration};

/// Requests to one route.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct EndpointUsage {
    /// Method and pattern: `GET /v1/status`.
    pub endpoint: String,
    /// All requests.
    pub total: u64,
    /// Responses with 2xx or 3xx.
    pub success: u64,
    /// Responses with 4xx.
    pub client_errors: u64,
    /// Responses with 5xx.
    pub server_errors: u64,
    /// Number of responses for each error code.
    pub error_codes: BTreeMap<String, u64>,
}

/// Totals of an account for the last `days` days, by route. Requests of the last half second may be missing,
/// because the log is written in batches. Rows of deleted keys count until they are removed.
pub async fn of_account(
    app: &App,
    account: AccountId,
    days: u16,
) -> Result<Vec<EndpointUsage>, LongReadError> {
    let since = app.now().minus(Duration::from_hours(24 * u64::from(days)));
    let rows = long_reads::run(app, account, long_reads::PROGRAM, |read| {
        Box::pin(async move { read.logs().usage(account, since).await })
    });
    let rows = rows.await?;
    let mut endpoints = BTreeMap::<String, EndpointUsage>::new();
    for row in rows {
        let endpoint = format!("{} {}", row.method, row.route);
        let usage = endpoints
            .entry(endpoint.clone())
            .or_insert_with(|| EndpointUsage {
                endpoint,
                ..EndpointUsage::default()
            });
        let requests = row.requests.unsigned_abs();
        usage.total += requests;
        match row.status {
            ..400 => usage.success += requests,
            400..500 => usage.client_errors += requests,
            _ => usage.server_errors += requests,
        }
        if let Some(code) = row.error_code {
            *usage.error_codes.entry(code).or_default() += requests;
        }
    }
    Ok(endpoints.into_values().collect())
}
