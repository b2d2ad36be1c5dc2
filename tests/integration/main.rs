//! Tests over HTTP: the whole router, used by people and programs. All tests run on SQLite; those that depend
//! on the database run on PostgreSQL too (`both!`). `scripts/with-postgres.sh cargo test --test integration`

#[path = "support/answer.rs"]
mod answer;
mod bodies;
#[path = "support/browser.rs"]
mod browser;
mod dashboard;
#[path = "../support/database.rs"]
mod database;
#[path = "support/html.rs"]
mod html;
mod keys;
mod machine;
mod operation;
mod people;
#[path = "support/program.rs"]
mod program;
#[path = "../support/rounds.rs"]
mod rounds;
#[path = "support/schema.rs"]
mod schema;
#[path = "../support/until.rs"]
mod until;
#[path = "../support/wire.rs"]
mod wire;
#[path = "support/world.rs"]
mod world;
