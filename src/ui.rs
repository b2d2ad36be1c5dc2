//! Everything that is drawn. Pages are drawn on the server; what reacts in the browser is an island, and only islands
//! are part of the module that the browser loads.

pub mod document;
pub mod kit;
pub mod layout;
pub mod pages;
pub mod status;
