#!/usr/bin/env bash
# Every test of correctness: unit and integration tests on both databases, then the browser tests. Ends with one
# line "N passed, N failed"; a step that breaks before its tests can be counted is one failure.
. "$(dirname "$0")/lib.sh"

LOGS=target/test-logs
mkdir -p "$LOGS"
passed=0
failed=0
broken=

# The tests choose the server's settings themselves.
unset LISTEN PUBLIC_URL DATABASE_URL DATA_DIR PEPPER_FILE TRUSTED_PROXIES CATALOG BRAND KEY_PREFIX SIGN_UP \
    RATE_LIMIT AUTH_LIMIT SIGN_UP_LIMIT SMTP_URL LOG_RETENTION_DAYS MAX_CONNECTIONS MAX_CONNECTIONS_PER_IP \
    MAX_BODY_BYTES IDLE_TIMEOUT DRAIN_SECONDS PASSWORD_MIN SESSION_IDLE_HOURS SESSION_MAX_DAYS

finish() {
    [ -z "$broken" ] || printf '\nFailed Rust tests:\n%s\n' "$broken"
    print_times
    say "$passed passed, $failed failed"
    exit $((failed > 0))
}

must() {
    step "$@" && return
    failed=$((failed + 1))
    finish
}

# count STATUS PASSED FAILED: adds a run's numbers; a run that failed without a failed test counts as one.
count() {
    passed=$((passed + $2))
    failed=$((failed + $3))
    [ "$1" = 0 ] || [ "$3" -gt 0 ] || failed=$((failed + 1))
}

cargo_tests() { scripts/with-postgres.sh cargo test --no-fail-fast 2>&1 | tee "$LOGS/cargo.log"; }

browser_tests() { (cd end2end && node_modules/.bin/playwright test); }

must "Install what is missing" "no time; five minutes on a new machine" \
    scripts/install.sh rust site postgres chromium proxies mount
. scripts/toolchain.sh
use_rust
use_node
CHROMIUM=$(find_chromium)
export CHROMIUM BABYSEA_BIN=$ROOT/target/debug/babysea

must "Build the browser side" "two minutes the first time" scripts/build-site.sh
# This builds the server too, as the integration tests need it. A `cargo build` beside it would compile a good part
# twice, because the tests' own dependencies change the features of shared crates.
must "Build the server and the Rust tests" "four minutes the first time" cargo test --no-run

status=0
step "Rust tests, SQLite and PostgreSQL" "a minute" cargo_tests || status=$?
read -r p f < <(awk '/^test result: / { p += $4; f += $6 } END { print p + 0, f + 0 }' "$LOGS/cargo.log")
count "$status" "$p" "$f"
broken=$(sed -n 's/^test \(.*\) \.\.\. FAILED$/  \1/p' "$LOGS/cargo.log")

status=0
rm -f end2end/test-results/results.json
step "Browser tests" "two minutes" browser_tests || status=$?
read -r p f < <(node -e '
    const { stats } = JSON.parse(require("fs").readFileSync("end2end/test-results/results.json"));
    console.log(stats.expected, stats.unexpected + stats.flaky);' 2>/dev/null || echo 0 0)
count "$status" "$p" "$f"

finish
