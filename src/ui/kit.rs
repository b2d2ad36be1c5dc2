//! The parts that pages are put together from; docs/design.md shows their states.

pub mod badge;
pub mod form;
pub mod icon;
pub mod moment;
