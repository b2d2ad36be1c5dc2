//! What HTTP answers: the whole router, asked by the people and programs that use it. Everything runs on SQLite; what
//! reaches the database in more than one way runs on PostgreSQL too (`both!`).
//! `scripts/with-postgres.sh cargo test --test integration`

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
