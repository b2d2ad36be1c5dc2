#!/usr/bin/env bash
# Every test of correctness: unit and integration tests on both databases, then the browser tests. Ends with one
# line "N passed, N failed"; a step that breaks before its tests can be counted is one failure.
. "$(dirname "$0")/lib.sh"

LOGS=target/test-logs
mkdir -p "$LOGS"
passed=0
failed=0
broken=

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
# This also builds the server, which the integration tests start. A separate `cargo build` would compile many crates
# twice, because the dependencies of the tests change the features of shared crates.
must "Build the server and the Rust tests" "four minutes the first time" cargo test --no-run

status=0
step "Rust tests, SQLite and PostgreSQL" "a minute" cargo_tests || status=$?
read -r p f i < <(awk '/^test result: / { p += $4; f += $6; i += $8 } END { print p + 0, f + 0, i + 0 }' "$LOGS/cargo.log")
count "$status" "$p" "$f"
if [ "$i" -gt 0 ]; then
    say "$i Rust tests were ignored; here, where everything is installed, none may be."
    failed=$((failed + i))
fi
broken=$(sed -n 's/^test \(.*\) \.\.\. FAILED$/  \1/p' "$LOGS/cargo.log")

status=0
rm -f end2end/test-results/results.json
step "Browser tests" "two minutes" browser_tests || status=$?
read -r p f < <(node -e '
    const { stats } = JSON.parse(require("fs").readFileSync("end2end/test-results/results.json"));
    console.log(stats.expected, stats.unexpected + stats.flaky);' 2>/dev/null || echo 0 0)
count "$status" "$p" "$f"

finish
