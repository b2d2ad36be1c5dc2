//! The two engines: connections, transactions, migrations, and how servers learn about each other's changes.
//! The tables are in the modules beside this one.

pub(super) mod answered;
pub mod bulk;
pub(super) mod connect;
pub(super) mod connect_error;
pub(super) mod dialect;
pub(super) mod driver_errors;
pub(super) mod error;
pub(super) mod fitness;
pub(super) mod health;
pub(super) mod invalidation;
pub(super) mod long_read;
pub(super) mod migrations;
pub(super) mod peers;
pub(super) mod pools;
pub(super) mod probe;
pub(super) mod row_turns;
pub(super) mod search;
pub(super) mod sqlite_file;
pub(super) mod start_checks;
pub(super) mod transaction;
