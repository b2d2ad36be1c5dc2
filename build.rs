//! Tells cargo what the server takes in beside its source.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    // The browser's side is an input of that folder: were it built anew for a change there, it would never be done.
    if std::env::var_os("CARGO_FEATURE_SSR").is_some() {
        println!("cargo:rerun-if-changed=target/site");
    }
}
