//! People: signing up and in, sessions, teams and roles, and the activity of an account.

pub mod activity;
mod activity_export;
mod cookies;
mod first_person;
mod folds;
mod password_changed;
pub mod roles;
mod session_ends;
pub mod sessions;
mod sign_in;
mod sign_in_known;
mod sign_in_waits;
pub mod sign_up;
mod sign_up_limit;
mod teams;
