#!/usr/bin/env bash
# What takes long or is judged by time: floods, faults, stops under load, requests made from the OpenAPI document.
# Prints a table; ends with 1 when a bound is broken. PART names the one part to run, ENGINE (sqlite or postgres) the
# one database, ROWS the length of the request logs of the part bounds, ROUNDS the number of rounds of the parts night-*
# and of kills in the part backup, SPAN the seconds of a fault in the part night-database, KEYS the number of keys of the
# part backup.
. "$(dirname "$0")/lib.sh"
PART=${PART:-}
parts=$(sed -n 's/^ *name: "\([a-z-]*\)",$/\1/p' benches/measure/soak.rs)
if [ -n "$PART" ] && ! grep -qxF -e "$PART" <<<"$parts"; then
    fail "PART is one of: ${parts//$'\n'/, }"
fi
case ${ENGINE:-} in '' | sqlite | postgres) ;; *) fail "ENGINE is sqlite or postgres" ;; esac
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
# The figures are those of a database that keeps what it was told.
POSTGRES_DURABLE=1 scripts/with-postgres.sh cargo bench --bench measure -- soak ${PART:+"$PART"}
