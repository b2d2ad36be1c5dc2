//! Tests of the store on SQLite and PostgreSQL. `scripts/with-postgres.sh cargo test --test store`

#[path = "../support/database.rs"]
mod database;
mod rows;
#[path = "../support/until.rs"]
mod until;
#[path = "../support/wire.rs"]
mod wire;

mod accounts;
mod backup;
mod clock;
mod endings;
mod keys;
mod long_reads;
mod memberships;
mod opening;
mod pepper;
mod pepper_versions;
mod recent_use;
mod recovery;
mod retention;
mod sessions;
mod sign_in_waits;
mod sqlite;
mod start;
mod sync;
mod upgrade;
mod users;
