#!/usr/bin/env bash
# Mutation testing: cargo-mutants changes one place at a time in a copy of the sources (the files that .cargo/mutants.toml
# names) and runs the tests. A mutant that no test fails for is missed, and makes this fail. The unit tests run first,
# then the integration tests on SQLite against what they missed. MUTANTS is the number of mutants to try, or `all` (hours);
# by default a sample, a different one each day.
. "$(dirname "$0")/lib.sh"
MUTANTS=${MUTANTS:-10}
case $MUTANTS in all) ;; *[!0-9]* | 0*) fail "MUTANTS is a number from 1 on, or all" ;; esac
scripts/install.sh rust site proxies mount mutants
. scripts/toolchain.sh
use_rust
scripts/build-site.sh

# The copy shares the target folder, so that only this crate is built for it.
OUT=$ROOT/target/mutants
TREE=$OUT/tree
exec 8>"$ROOT/target/mutants.lock"
flock -n 8 || fail "Another run of mutants is at work."
rm -rf "$OUT"
mkdir -p "$TREE"
while IFS= read -r -d '' file; do
    [ ! -e "$file" ] || cp -p --parents -t "$TREE" "$file"
done < <(git ls-files -z --cached --others --exclude-standard)
ln -s "$ROOT/target" "$TREE/target"
cd "$TREE"

mutants() { "$CARGO_MUTANTS" mutants --in-place --no-shuffle --colors never --output "$OUT" "$@"; }

total=$(mutants --list | wc -l)
sample=()
if [ "$MUTANTS" != all ] && [ "$MUTANTS" -lt "$total" ]; then
    shards=$(((total + MUTANTS - 1) / MUTANTS))
    day=$(($(date +%s) / 86400))
    sample=(--sharding round-robin --shard "$((day % shards))/$shards")
fi
say "There are $total mutants; trying $MUTANTS."

# Status 2: some were missed; 3: some timed out. Anything else but 0 is no result.
try() {
    local status=0
    mutants --timeout 300 "${sample[@]}" "$@" || status=$?
    case $status in 0 | 2 | 3) ;; *) fail "cargo-mutants: status $status" ;; esac
}

lines() { { cat "$@" 2>/dev/null || true; } | wc -l; }

RESULT=$OUT/mutants.out
try -- --lib
by_unit_tests=$(lines "$RESULT"/{caught,timeout}.txt)
unviable=$(lines "$RESULT/unviable.txt")
by_stories=0
if [ "$(lines "$RESULT/missed.txt")" -gt 0 ]; then
    cp "$RESULT/missed.txt" "$OUT/missed-by-unit-tests.txt"
    # A mutant that makes a test hang is caught.
    cat "$RESULT/timeout.txt" >>"$RESULT/caught.txt"
    try --iterate -- --test integration
    by_stories=$(lines "$RESULT"/{caught,timeout}.txt)
fi
missed=$(lines "$RESULT/missed.txt")
caught=$((by_unit_tests + by_stories))
viable=$((caught + missed))
[ "$viable" -gt 0 ] || fail "None of these mutants compiles."
printf '%-40s %6s\n' "mutants that compile" "$viable" "caught by unit tests" "$by_unit_tests" \
    "caught by integration tests on SQLite" "$by_stories" "missed" "$missed" "share caught" "$((100 * caught / viable)) %"
say "($unviable more do not compile.)"
if [ "$missed" -gt 0 ]; then
    say "Missed: add a test that fails for it, or a line with the reason to .cargo/mutants.toml:"
    sed 's/^/  /' "$RESULT/missed.txt"
    exit 1
fi
