//! The component kit; docs/design.md shows the states of each component.

pub mod account;
pub mod allowlist;
pub mod badge;
pub mod button;
pub mod choice;
pub mod copy;
pub mod dialog;
pub mod dom;
pub mod empty;
pub mod events;
pub mod field;
pub mod icon;
pub mod menu;
pub mod moment;
pub mod notice;
pub mod pager;
pub mod panel;
pub mod search;
pub mod secret;
pub mod segments;
pub mod selection;
pub mod send;
pub mod snippet;
pub mod table;
pub mod tabs;
pub mod theme;
