#!/usr/bin/env bash
# Builds with the release's settings and prints the measurements of docs/benchmarks.md.
. "$(dirname "$0")/lib.sh"
scripts/install.sh rust site postgres wrk proxies
. scripts/toolchain.sh
use_rust

scripts/build-site.sh
# No `cargo build --release` before it: that is another build of the same crates (see test.sh).
say "Building the benchmark (up to twenty minutes the first time on two cores)."
cargo bench --bench measure --no-run
# PostgreSQL flushes to disk, as in production.
POSTGRES_DURABLE=1 scripts/with-postgres.sh cargo bench --bench measure
