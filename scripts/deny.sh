#!/usr/bin/env bash
# Checks dependencies by the rules of deny.toml: licences, sources, and banned, yanked and vulnerable crates. The
# advisory database is fetched with git. If its server cannot be reached, everything but the advisories is checked.
. "$(dirname "$0")/lib.sh"
. scripts/toolchain.sh
use_rust

deny() { "$CARGO_DENY" --color never --locked "$@"; }

deny check --hide-inclusion-graph bans licenses sources

TMP=$(mktemp -d "${TMPDIR:-/tmp}/babysea-deny.XXXXXX")
trap 'rm -rf "$TMP"' EXIT

# git must not prompt for a password, and must give up soon.
export GIT_TERMINAL_PROMPT=0 GIT_HTTP_LOW_SPEED_LIMIT=1000 GIT_HTTP_LOW_SPEED_TIME=20
if timeout 120 "$CARGO_DENY" --color never --locked fetch db >"$TMP/fetch.log" 2>&1; then
    deny check advisories
    exit
fi
say "The advisory database could not be reached: known vulnerabilities were not checked, only yanked versions."

# cargo-deny checks for yanked versions only together with advisories. So it gets a database with one made-up advisory.
git init --quiet --initial-branch=main "$TMP/database"
mkdir -p "$TMP/database/crates/none"
cat >"$TMP/database/crates/none/RUSTSEC-2000-0001.md" <<'ENTRY'
```toml
[advisory]
id = "RUSTSEC-2000-0001"
package = "none"
date = "2000-01-01"

[versions]
patched = [">= 0.0.0"]
```

# No crate has this name
ENTRY
git -C "$TMP/database" add .
git -C "$TMP/database" -c user.name=none -c user.email=none commit --quiet --message entry
sed "s|^\[advisories\]\$|&\ndb-path = \"$TMP/dbs\"\ndb-urls = [\"https://none.invalid/db\"]|" deny.toml >"$TMP/deny.toml"
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.file://$TMP/database.insteadOf" GIT_CONFIG_VALUE_0=https://none.invalid/db
deny --config "$TMP/deny.toml" check advisories
