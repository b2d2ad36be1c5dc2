#!/usr/bin/env bash
# Measures the pages of the release in Chromium: bytes, elements, speed of interactions, and the scores of Lighthouse. Ends
# with 1 when a bound is broken. The bounds of speed are meant for an idle machine.
. "$(dirname "$0")/lib.sh"
scripts/install.sh rust site chromium lighthouse
. scripts/toolchain.sh
use_rust
use_node
scripts/build-site.sh
cargo build --release
CHROMIUM=$(find_chromium)
export CHROMIUM LIGHTHOUSE BABYSEA_BIN=$ROOT/target/release/babysea
cd end2end
exec node_modules/.bin/playwright test --config soak.config.ts
