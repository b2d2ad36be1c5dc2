#!/usr/bin/env bash
# Mutation testing: cargo-mutants changes one place at a time in a copy of the sources (the files that .cargo/mutants.toml
# names) and runs the tests. A mutant that no test fails for is missed, and makes this fail.
#
# `src/domain` uses nothing of the rest of the crate, so its mutants are built as a crate of their own, which takes seconds.
# The whole crate takes a minute or more for a mutant: it is built only for mutants of the check of a key, and for those that
# the tests of the domain missed. Unit tests run first, then the integration tests on both databases against what they missed.
#
# MUTANTS is the number of mutants of the domain to try, and CHECKS that of the check of a key: by default samples,
# different ones each day. MUTANTS=all tries all of both, which takes hours.
. "$(dirname "$0")/lib.sh"
MUTANTS=${MUTANTS:-100}
if [ "$MUTANTS" = all ]; then CHECKS=all; else CHECKS=${CHECKS:-3}; fi
for number in "$MUTANTS" "$CHECKS"; do
    case $number in all) ;; *[!0-9]* | 0* | '') fail "MUTANTS and CHECKS are numbers from 1 on; MUTANTS may be all" ;; esac
done
scripts/install.sh rust site postgres proxies mount mutants
. scripts/toolchain.sh
use_rust
scripts/build-site.sh

OUT=$ROOT/target/mutants
exec 8>"$ROOT/target/mutants.lock"
flock -n 8 || fail "Another run of mutants is at work."
rm -rf "$OUT"
mkdir -p "$OUT/domain" "$OUT/crate"

# copy FOLDER FILES...: copies the sources there, so that mutants never stand in the working tree.
copy() {
    local folder=$1 file
    shift
    while IFS= read -r -d '' file; do
        [ ! -e "$file" ] || cp -p --parents -t "$folder" "$file"
    done < <(git ls-files -z --cached --others --exclude-standard -- "$@")
}

copy "$OUT/domain" src/domain src/domain.rs examples .cargo Cargo.lock
echo 'pub mod domain;' >"$OUT/domain/src/lib.rs"
{
    printf '[package]\nname = "babysea-domain"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n'
    printf '[dependencies]\n'
    sed -n '/^\[dependencies\]/,/^\[/p' Cargo.toml | grep -vE 'optional = true|^(js-sys|leptos|wasm-|web-sys)' |
        grep -E '^[a-z0-9-]+ = '
    printf '[dev-dependencies]\n'
    grep -E '^proptest = ' Cargo.toml
} >"$OUT/domain/Cargo.toml"

# The copy of the whole crate shares the target folder, so that no dependency is built again.
copy "$OUT/crate" .
ln -s "$ROOT/target" "$OUT/crate/target"

# mutants PART ARGUMENTS...: cargo-mutants in the copy PART, started by the command in WITH if there is one. Its build step
# does not get the arguments of the tests. So `--lib` has to be one of cargo: otherwise it builds every test for each mutant.
mutants() {
    local part=$1
    shift
    (
        [ "$part" = crate ] || export CARGO_TARGET_DIR=$ROOT/target/mutants-domain
        exec ${WITH:-} "$CARGO_MUTANTS" mutants --dir "$OUT/$part" --in-place --no-shuffle --colors never --output "$OUT/$part" "$@"
    )
}

# only FILES...: writes a configuration that mutates these files alone. `--re` cannot select them: it does not apply to
# mutants that delete a field of a struct.
only() {
    {
        printf 'examine_globs = ['
        printf '"%s", ' "$@"
        printf ']\n'
        sed '/^examine_globs/,/^\]/d' "$ROOT/.cargo/mutants.toml"
    } >"$OUT/only.toml"
}

lines() { { cat "$@" 2>/dev/null || true; } | wc -l; }

# sample NUMBER PART FILTER...: sets the array `sample` to the arguments for that many mutants of a part.
sample() {
    local number=$1 total shards
    shift
    total=$(mutants "$@" --list | wc -l)
    sample=()
    if [ "$number" != all ] && [ "$number" -lt "$total" ]; then
        shards=$(((total + number - 1) / number))
        sample=(--sharding round-robin --shard "$(($(date +%s) / 86400 % shards))/$shards")
    fi
    say "There are $total mutants of $title; trying $number."
}

# try PART ARGUMENTS...: tries mutants. Status 2: some were missed; 3: some timed out. Anything else but 0 is no result.
try() {
    local status=0
    mutants "$@" || status=$?
    case $status in 0 | 2 | 3) ;; *) fail "cargo-mutants: status $status" ;; esac
    cp "$OUT/$1/mutants.out/missed.txt" "$OUT/missed"
    # A mutant that makes a test hang is caught.
    caught=$(lines "$OUT/$1"/mutants.out/{caught,timeout}.txt)
    unviable=$(lines "$OUT/$1/mutants.out/unviable.txt")
}

title="the domain"
sample "$MUTANTS" domain
try domain "${sample[@]}" --timeout 60 -C=--lib
by_unit_tests=$caught
not_viable=$unviable
cp "$OUT/missed" "$OUT/missed-domain"

title="the check of a key"
only "src/server/service/verify.rs" "src/server/service/verify/**/*.rs"
sample "$CHECKS" crate --config "$OUT/only.toml"
try crate "${sample[@]}" --config "$OUT/only.toml" --timeout 300 -C=--lib
by_unit_tests=$((by_unit_tests + caught))
not_viable=$((not_viable + unviable))
cat "$OUT/missed-domain" >>"$OUT/missed"

by_stories=0
missed=$(lines "$OUT/missed")
if [ "$missed" -gt 0 ]; then
    # cargo-mutants names a mutant `file:line:column: change`; a regular expression of all of them selects those alone.
    names=$(sed 's/[][\.*^$+?(){}|/&-]/\\&/g; s/^/^/; s/$/$/' "$OUT/missed" | paste -sd '|')
    mapfile -t files < <(cut -d : -f 1 "$OUT/missed" | sort -u)
    only "${files[@]}"
    rm -rf "$OUT/crate/mutants.out"
    WITH=scripts/with-postgres.sh
    try crate --config "$OUT/only.toml" --re "$names" --timeout 600 -C=--test -C=integration
    by_stories=$caught
    missed=$(lines "$OUT/missed")
fi
viable=$((by_unit_tests + by_stories + missed))
[ "$viable" -gt 0 ] || fail "None of these mutants compiles."
printf '%-40s %6s\n' "mutants that compile" "$viable" "caught by unit tests" "$by_unit_tests" \
    "caught by integration tests" "$by_stories" "missed" "$missed"
printf '%-40s %6s %%\n' "share caught" "$((100 * (viable - missed) / viable))"
say "($not_viable more do not compile.)"
if [ "$missed" -gt 0 ]; then
    say "Missed: add a test that fails for it, or a line with the reason to .cargo/mutants.toml:"
    sed 's/^/  /' "$OUT/missed"
    exit 1
fi
