//! What HTTP answers: the whole router, asked by the people and programs that use it. Everything runs on SQLite; what
//! reaches the database in more than one way runs on PostgreSQL too (`both!`).
//! `scripts/with-postgres.sh cargo test --test integration`

mod answer;
mod browser;
#[path = "../support/database.rs"]
mod database;
mod html;
mod program;
mod world;

mod activity;
mod allowlist;
mod assets;
mod canary;
mod catalog;
mod commands;
mod create_fields;
mod demo;
mod ended_under_load;
mod forward_auth;
mod functions;
mod grace;
mod guard;
mod headers;
mod key_detail;
mod key_limit;
mod keys;
mod keys_page;
mod leaks;
mod lifecycle;
mod limits;
mod list;
mod list_views;
mod machine;
mod machine_refusals;
mod member;
mod origins;
mod pages;
mod pepper;
mod proxies;
mod quotas;
mod reissue;
mod request_log;
mod retirement;
mod roles;
mod sequences;
mod session_ends;
mod sessions;
mod sign_in;
mod sign_up;
mod teams;
mod theme;
mod transitions;
mod trial;
