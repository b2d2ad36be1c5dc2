# Finds the Rust, Node, Chromium and PostgreSQL that the scripts use. Sourced after lib.sh. It installs nothing
# (install.sh does) and must stay fast, because every command uses it.
# shellcheck shell=bash

CARGO_DENY_VERSION=0.20.2
CARGO_MUTANTS_VERSION=27.0.0
SCHEMATHESIS_VERSION=4.32.5
LIGHTHOUSE_VERSION=12.8.2
NODE_VERSION=24.21.0 # fetched only where the system's Node is older than NODE_MIN
NODE_MIN=20.19
RUST_MIN=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
WASM_BINDGEN_VERSION=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p;}' Cargo.lock)

# at_least MINIMUM VERSION
at_least() { [ -n "$2" ] && printf '%s\n%s\n' "$1" "$2" | sort -CV; }

rust_version() { "$1" --version 2>/dev/null | sed -n 's/^rustc \([0-9.]*\).*/\1/p'; }

# Rust: the one on the PATH if it is new enough and has the wasm32 standard library; otherwise Debian's, whose
# source package builds that library. One compiler for server and browser: two would build everything twice.
# RUST_FROM=path or RUST_FROM=debian overrides the choice.

path_rust_recent() { at_least "$RUST_MIN" "$(rust_version rustc)" && command -v cargo >/dev/null; }

path_rust_ready() {
    path_rust_recent && [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" ]
}

debian_rust_ready() {
    local tool
    for tool in cargo cargo-clippy cargo-fmt wasm-ld; do
        [ -x "/usr/bin/$tool" ] || return 1
    done
    [ -e /usr/lib/rustlib/src/rust/library/Cargo.lock ] && at_least "$RUST_MIN" "$(rust_version /usr/bin/rustc)"
}

rust_ready() {
    case ${RUST_FROM:-} in
        path) path_rust_ready ;;
        debian) debian_rust_ready ;;
        *) path_rust_ready || debian_rust_ready ;;
    esac
}

use_rust() {
    if [ -z "${RUST_FROM:-}" ]; then
        if path_rust_ready; then RUST_FROM=path; else RUST_FROM=debian; fi
    fi
    export RUST_FROM
    [ "$RUST_FROM" = debian ] || return 0
    # rustup's shims may come first on the PATH. And cargo looks for its subcommands in CARGO_HOME/bin first, unless
    # that folder is on the PATH. So links to Debian's tools come first on the PATH, and CARGO_HOME/bin comes last.
    local links=$CACHE/debian-rust tool
    mkdir -p "$links"
    for tool in cargo cargo-clippy cargo-fmt clippy-driver rustc rustdoc rustfmt; do
        [ -e "$links/$tool" ] || ln -sfn "/usr/bin/$tool" "$links/$tool"
    done
    case $PATH in
        "$links":*) ;;
        *) PATH=$links:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin ;;
    esac
    export PATH RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc
}

# wasm_cargo build|clippy ARGUMENTS...: cargo for the browser side. Clippy uses the same profile as the build, so that
# compiled macros are shared. The profiles of the server must not see RUSTC_BOOTSTRAP: some build scripts read it, and
# cargo would compile their crates again whenever it changes.
wasm_cargo() (
    local command=$1 std=()
    shift
    # No path of the machine that built it belongs in a file every visitor loads.
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo --remap-path-prefix=$ROOT=babysea"
    unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS
    if [ "$RUST_FROM" = debian ]; then
        std=(-Zbuild-std=std,panic_abort)
        export RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld
    fi
    exec cargo "$command" "${std[@]}" --lib --profile wasm --target wasm32-unknown-unknown \
        --no-default-features --features hydrate "$@"
)

# Programs kept in the cache, one folder a version.

WASM_BINDGEN=$CACHE/wasm-bindgen-$WASM_BINDGEN_VERSION/bin/wasm-bindgen
CARGO_DENY=$CACHE/cargo-deny-$CARGO_DENY_VERSION/bin/cargo-deny
CARGO_MUTANTS=$CACHE/cargo-mutants-$CARGO_MUTANTS_VERSION/bin/cargo-mutants
SCHEMATHESIS=$CACHE/schemathesis-$SCHEMATHESIS_VERSION/bin/schemathesis
LIGHTHOUSE=$CACHE/lighthouse-$LIGHTHOUSE_VERSION/node_modules/.bin/lighthouse
NODE_HOME=$CACHE/node-$NODE_VERSION

# Node

system_node_ready() { at_least "$NODE_MIN" "$(node --version 2>/dev/null | tr -d v)"; }

node_ready() { command -v npm >/dev/null && { system_node_ready || [ -x "$NODE_HOME/bin/node" ]; }; }

use_node() { system_node_ready || export PATH="$NODE_HOME/bin:$PATH"; }

npm_packages_stamp() { sha256sum end2end/package.json end2end/package-lock.json; }

npm_packages_ready() { [ "$(cat end2end/node_modules/.installed 2>/dev/null)" = "$(npm_packages_stamp)" ]; }

# Chromium, PostgreSQL, wrk

# Debian installs them in a folder that is only on root's PATH.
find_nginx() { PATH=$PATH:/usr/sbin command -v nginx; }
find_pgbouncer() { PATH=$PATH:/usr/sbin command -v pgbouncer; }

find_chromium() { command -v "${CHROMIUM:-chromium}" || command -v chromium-browser || command -v google-chrome; }

# Debian keeps initdb and pg_ctl off the PATH, one folder a version; the newest is used.
find_postgres() {
    local initdb
    initdb=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
    [ -x "$initdb" ] || initdb=$(command -v initdb) || return 1
    dirname "$initdb"
}
