#!/usr/bin/env bash
# Serves a development build and restarts it after every change of a source file, by default on http://127.0.0.1:3000
# with data in ./data. The server's variables (LISTEN, DATA_DIR, ...) work here too, and arguments go to the server:
# `watch.sh demo` serves the sample team. The server is built first, then the browser side, which takes longer.
. "$(dirname "$0")/lib.sh"
scripts/install.sh rust site
. scripts/toolchain.sh
use_rust

WATCHED=(src style public migrations build.rs Cargo.toml Cargo.lock Leptos.toml)
STAMP=target/watch.stamp
# Nothing has to be drained: a restart should be quick.
export DRAIN_SECONDS=${DRAIN_SECONDS:-0}
server=

stop() {
    [ -n "$server" ] || return 0
    kill "$server" 2>/dev/null || true
    wait "$server" || true
    server=
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

changed() { [ -n "$(find "${WATCHED[@]}" -newer "$STAMP" -print -quit)" ]; }

# A development build reads target/site from disk, but reads the names of its files only when it starts.
site_names() { cat target/site/site.json 2>/dev/null || true; }

restart() {
    stop
    target/debug/babysea "$@" &
    server=$!
}

mkdir -p target
while :; do
    touch "$STAMP"
    if cargo build --bin babysea; then
        names=$(site_names)
        [ -z "$names" ] || restart "$@"
        if ! changed && scripts/build-site.sh && [ "$(site_names)" != "$names" ]; then
            restart "$@"
        fi
    fi
    until changed; do
        sleep 1
    done
    say "A file changed: building again."
done
