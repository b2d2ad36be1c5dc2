//! The rules of the product, without I/O: compiled for the server and for the browser.

pub mod catalog;
pub mod email;
pub mod field_errors;
pub mod ids;
pub mod key;
pub mod name;
pub mod password;
pub mod scope;
pub mod secret;
pub mod time;
pub mod token;
