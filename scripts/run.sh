#!/usr/bin/env bash
# Builds the release and serves it, by default on http://127.0.0.1:3000 with its data in ./data; the server's own
# variables (LISTEN, DATA_DIR, ...) work here too. Arguments go to the server: `run.sh demo` serves the sample team.
. "$(dirname "$0")/lib.sh"
scripts/install.sh rust site
. scripts/toolchain.sh
use_rust

scripts/build-site.sh
[ -x target/release/babysea ] || say "Building the server (up to twenty minutes the first time on two cores)."
cargo build --release --bin babysea
exec target/release/babysea "$@"
