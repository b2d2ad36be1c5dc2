//! Tells cargo which files the server embeds beside its source.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    // Not for the browser side, whose build writes this folder: each build would cause the next one.
    if std::env::var_os("CARGO_FEATURE_SSR").is_some() {
        println!("cargo:rerun-if-changed=target/site");
    }
}
