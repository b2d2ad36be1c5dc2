//! The machine API: `/v1` and forward-auth, what is counted and what is logged there.

mod allowlist;
mod conformance;
mod ended_under_load;
mod envelopes;
pub mod forward_auth;
mod guide;
mod keys_in_memory;
mod keys_in_use;
mod leaks;
mod limits;
mod openapi;
pub mod proxies;
mod quotas;
mod recorded;
mod refusals;
pub mod refused_rows;
mod request_heads;
pub mod request_log;
mod successes;
mod unclear;
