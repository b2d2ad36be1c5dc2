#!/usr/bin/env bash
# Runs the integration tests. Those that need many rounds to fail have ROUNDS times (10 by default) as many as in
# `make test`.
. "$(dirname "$0")/lib.sh"
scripts/install.sh rust site postgres proxies mount
. scripts/toolchain.sh
use_rust
scripts/build-site.sh
TEST_ROUNDS=${ROUNDS:-10} scripts/with-postgres.sh cargo test --test integration
