#!/usr/bin/env bash
# Long tests and tests that judge times: floods, faults, shutdown under load, requests made from the OpenAPI document,
# tests with many rounds (the part rounds), mutation testing (the part mutants), weight and speed of the pages in a browser
# (the part face), tests with each setting at its longest and shortest (the part settings). Prints a table; ends with 1 when a bound
# is broken. PART selects one part and ENGINE (sqlite or postgres) one database. ROWS is the length of the request logs of
# the part bounds. ROUNDS is the number of rounds of the parts night-* and of kills in the part backup; in the part rounds,
# how many times as many as in `make test`. SPAN is the seconds of a fault in the part night-database, KEYS the number of
# keys of the part backup. MUTANTS and CHECKS are the numbers of mutants of the part mutants (scripts/mutants.sh).
. "$(dirname "$0")/lib.sh"
PART=${PART:-}
parts=$(sed -n 's/^ *name: "\([a-z-]*\)",$/\1/p' benches/measure/soak.rs)$'\n'rounds$'\n'mutants$'\n'face$'\n'settings
if [ -n "$PART" ] && ! grep -qxF -e "$PART" <<<"$parts"; then
    fail "PART is one of: ${parts//$'\n'/, }"
fi
case ${ENGINE:-} in '' | sqlite | postgres) ;; *) fail "ENGINE is sqlite or postgres" ;; esac
case $PART in rounds | mutants | face | settings) exec scripts/$PART.sh ;; esac
more=()
case $PART in '' | fuzz) more+=(fuzz) ;; esac
case $PART in '' | night-*) more+=(night) ;; esac
scripts/install.sh rust site postgres "${more[@]}"
. scripts/toolchain.sh
use_rust
export SCHEMATHESIS

scripts/build-site.sh
say "Building with the release's settings (up to twenty minutes the first time on two cores)."
cargo bench --bench measure --no-run
# The load generator opens some thousand connections; the server under test gets the usual limit nevertheless.
ulimit -Sn "$(ulimit -Hn)"
# Measured on a database that flushes to disk.
status=0
POSTGRES_DURABLE=1 scripts/with-postgres.sh cargo bench --bench measure -- soak ${PART:+"$PART"} || status=$?
if [ -z "$PART" ]; then
    scripts/rounds.sh || status=1
    scripts/mutants.sh || status=1
    scripts/face.sh || status=1
    scripts/settings.sh || status=1
fi
exit "$status"
