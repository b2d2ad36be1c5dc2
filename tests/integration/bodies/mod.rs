//! Request bodies: how long they may be, who may send them, and what happens until they are there.

mod awaited;
mod early_answers;
pub mod gates;
mod length;
