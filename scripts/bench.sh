#!/usr/bin/env bash
# Builds the release and prints the measurements of docs/benchmarks.md.
. "$(dirname "$0")/lib.sh"
scripts/install.sh rust site postgres wrk
. scripts/toolchain.sh
use_rust

scripts/build-site.sh
cargo build --release
scripts/with-postgres.sh cargo bench --bench http
