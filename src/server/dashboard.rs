//! HTTP for people: pages, server functions, sessions and assets.

pub mod answer;
pub mod assets;
pub mod caller;
pub mod document;
pub mod error_page;
pub mod fields;
pub mod functions;
pub mod middleware;
pub mod page_request;
pub mod pages;
pub mod session;
pub mod sign_in;
pub mod status;
