//! Request bodies: size limits, who may send them, and the state once they have arrived.

mod awaited;
mod early_answers;
pub mod gates;
mod length;
