#!/usr/bin/env bash
# What takes long or is judged by time: floods, faults, stops under load, requests made from the OpenAPI document.
# Prints a table; ends with 1 when a bound is broken.
. "$(dirname "$0")/lib.sh"
scripts/install.sh rust site postgres fuzz
. scripts/toolchain.sh
use_rust
export SCHEMATHESIS

scripts/build-site.sh
say "Building with the release's settings (up to twenty minutes the first time on two cores)."
cargo bench --bench measure --no-run
# The figures are those of a database that keeps what it was told.
POSTGRES_DURABLE=1 scripts/with-postgres.sh cargo bench --bench measure -- soak
