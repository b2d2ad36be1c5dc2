//! Keys in the dashboard: creating and changing them, and the pages that show them.

mod create;
mod create_fields;
mod deletion;
mod detail;
mod ending;
mod fragments;
mod grace;
mod last_use;
mod lifecycle;
mod like;
mod limit;
mod list;
mod list_page;
mod list_views;
mod member;
mod page;
mod pasted;
mod reissue;
mod retirement;
mod search;
mod sequences;
mod transitions;
mod trial;
mod warnings;
