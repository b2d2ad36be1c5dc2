//! The dashboard itself: pages, files, headers, server functions.

mod assets;
mod cross_site;
mod error_pages;
pub mod functions;
mod guard;
mod headers;
mod long_reads;
mod origins;
mod pages;
mod reading;
mod refusals;
mod status;
mod theme;
mod translate;
