//! The rules of the product, without I/O: compiled for the server and for the browser.

pub mod activity;
pub mod catalog;
pub mod client_network;
pub mod email;
pub mod expiry;
pub mod field_errors;
pub mod grace;
pub mod ids;
pub mod key;
pub mod name;
pub mod network;
pub mod own_words;
pub mod page;
pub mod password;
pub mod paths;
pub mod proxy_config;
pub mod request_log;
pub mod role;
pub mod scope;
pub mod search;
pub mod secret_text;
pub mod sign_in_wait;
pub mod snippet;
pub mod theme;
pub mod time;
pub mod token;
