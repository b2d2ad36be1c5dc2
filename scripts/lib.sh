# Sourced by every script: paths, and functions that announce and time steps.
# shellcheck shell=bash
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"

# Tools that one clone installs (wasm-bindgen, cargo-deny, Node) and the next one reuses.
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/babysea

# The server embeds ./target/site and the scripts start ./target/*/babysea, so everything is built there,
# whatever the caller's environment says. LEPTOS_OUTPUT_NAME would change the file names the pages ask for.
export CARGO_TARGET_DIR=$ROOT/target
unset CARGO_BUILD_TARGET LEPTOS_OUTPUT_NAME

say() { printf '%s\n' "$*"; }

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

TIMES=()

# step TITLE USUALLY COMMAND...: announces the step, runs it, and records how long it took.
step() {
    local title=$1 usually=$2 start=$SECONDS result=ok status=0
    shift 2
    printf '\n== %s (usually %s)\n' "$title" "$usually"
    "$@" || { status=$? result=FAILED; }
    TIMES+=("$(printf '%6d s  %-6s  %s' $((SECONDS - start)) "$result" "$title")")
    return "$status"
}

print_times() {
    printf '\n'
    printf '%s\n' "${TIMES[@]}"
}
