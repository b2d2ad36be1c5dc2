#!/usr/bin/env bash
# Everything about the code that can be checked without running it. All checks run even if one fails.
. "$(dirname "$0")/lib.sh"
scripts/install.sh rust npm deny
. scripts/toolchain.sh
use_rust
use_node

# The server embeds this folder, which may be empty for the checks.
mkdir -p target/site

failed=()
check() { step "$@" || failed+=("$1"); }

scripts_parse() {
    local script
    for script in scripts/*.sh .ci/run; do
        bash -n "$script" || return
    done
}

lock_current() { cargo metadata --locked --format-version 1 >/dev/null; }

no_download_hosts() {
    if grep -n '"resolved"' end2end/package-lock.json; then
        say "package-lock.json names download hosts; run npm install inside end2end, whose .npmrc leaves them out."
        return 1
    fi
}

check "Formatting" "a second" cargo fmt --check
check "Scripts parse" "a second" scripts_parse
check "Cargo.lock is current" "a second" lock_current
check "No download hosts in package-lock.json" "a second" no_download_hosts
check "Types of the browser tests" "two seconds" end2end/node_modules/.bin/tsc --noEmit -p end2end
check "Clippy, server" "two minutes the first time" cargo clippy --all-targets -- -D warnings
check "Clippy, browser" "two minutes the first time" wasm_cargo clippy -- -D warnings
check "Dependencies and licences" "ten seconds" scripts/deny.sh

print_times
[ ${#failed[@]} = 0 ] || fail "Failed: $(printf '%s; ' "${failed[@]}" | sed 's/; $//')"
say "All checks passed."
