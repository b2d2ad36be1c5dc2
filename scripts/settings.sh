#!/usr/bin/env bash
# Runs the tests over HTTP with each setting at its longest and at its shortest value: KEY_PREFIX, BRAND, PASSWORD_MIN,
# MAX_KEYS, and a catalogue of one scope and of 64. A test that is about the default of a setting is left out where that
# setting has another value. ONLY runs one row of the table (such as longest); TESTS is a filter of cargo test.
. "$(dirname "$0")/lib.sh"
scripts/install.sh rust site postgres proxies mount
. scripts/toolchain.sh
use_rust
scripts/build-site.sh

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
vendor=src/domain/catalog/vendor.toml

# Every route and every preset of the vendor's catalogue needs the same scope.
{
    printf 'scopes = ["account:read"]\n'
    sed -n '/^\[\[presets\]\]/,$p' "$vendor" | sed -e '/^scopes = \[$/,/^\]$/c\scopes = ["account:read"]' \
        -e 's/^scopes = \[".*/scopes = ["account:read"]/' -e 's/^scope = .*/scope = "account:read"/'
} >"$folder/one.toml"
# The vendor's catalogue, and scopes and routes that nobody uses.
{
    awk '{ print } $0 == "scopes = [" && !done++ { for (n = 1; n <= 58; n++) printf "    \"more-%02d:read\",\n", n }' "$vendor"
    for n in $(seq -w 58); do
        printf '\n[[routes]]\nmethod = "GET"\npattern = "/v1/more/%s"\nscope = "more-%s:read"\n' "$n" "$n"
    done
} >"$folder/many.toml"

letters=$(printf 'W%.0s' $(seq 40))
arguments() {
    case $1 in
    longest) printf '%s\n' --key-prefix abcdefghijklmno_ --brand "$letters" --password-min 64 --max-keys 4294967295 ;;
    shortest) printf '%s\n' --key-prefix a_ --brand W --password-min 8 ;;
    one-key) printf '%s\n' --max-keys 1 ;;
    one-scope) printf '%s\n' --catalog "$folder/one.toml" ;;
    64-scopes) printf '%s\n' --catalog "$folder/many.toml" ;;
    esac
}

rows=() status=0
for row in ${ONLY:-longest shortest one-key one-scope 64-scopes}; do
    say "Tests with: $(arguments "$row" | tr '\n' ' ')"
    TEST_ARGUMENTS=$(arguments "$row") scripts/with-postgres.sh \
        cargo test --test integration ${TESTS:+"$TESTS"} >"$folder/$row" 2>&1 || true
    # The output of a failed test begins with ---- and its name.
    awk '/^---- .* stdout ----$/ { name = $2 } name && /left out: / { print name }' "$folder/$row" | sort -u >"$folder/left"
    sed -n 's/^test \(.*\) \.\.\. FAILED$/\1/p' "$folder/$row" | sort -u | comm -23 - "$folder/left" >"$folder/failed"
    passed=$(grep -c '^test .* \.\.\. ok$' "$folder/$row" || true)
    if [ "$passed" = 0 ]; then
        tail -n 30 "$folder/$row"
        status=1
    fi
    if [ -s "$folder/failed" ]; then
        status=1
        while read -r name; do
            say "FAILED: $name"
            sed -n "/^---- $name stdout ----\$/,/^---- /p" "$folder/$row" | sed '1d;/^---- /d' | head -n 15
        done <"$folder/failed"
    fi
    rows+=("$(printf '%-10s %7d %9d %7d' "$row" "$passed" "$(wc -l <"$folder/left")" "$(wc -l <"$folder/failed")")")
done
printf '\n%-10s %7s %9s %7s\n' settings passed 'left out' failed
printf '%s\n' "${rows[@]}"
exit "$status"
