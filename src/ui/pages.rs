//! One file or folder per page.

pub mod error;
pub mod keys;
pub mod sign_in;
pub mod sign_up;

use leptos::prelude::window;

/// Leaves for another page of this server.
fn go_to(path: &str) {
    // Browsers refuse this only for addresses that cannot be read; ours come from the server.
    let _ = window().location().assign(path);
}
