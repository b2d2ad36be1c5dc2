#!/usr/bin/env bash
# Builds ./target/site, everything the browser loads: the islands (wasm and its glue), the stylesheet, the script of all
# pages, the files of ./public, compressed copies of them, and site.json with the hashed names. The server embeds that
# folder, so it is replaced only when its content changes. Cargo decides about the wasm; hashes of the inputs about the
# rest.
. "$(dirname "$0")/lib.sh"
. scripts/toolchain.sh
use_rust
use_node

SITE=target/site
WORK=target/site-work
WASM=target/wasm32-unknown-unknown/wasm/babysea.wasm
BIN=end2end/node_modules/.bin

# With `--all-features` wasm-opt writes a file that Chromium refuses; these are what the compiler emits.
WASM_FEATURES=(--enable-bulk-memory --enable-bulk-memory-opt --enable-nontrapping-float-to-int --enable-sign-ext
    --enable-mutable-globals --enable-reference-types --enable-multivalue)

# hash_of FILE-OR-FOLDER...: one hash over names and contents.
hash_of() { find "$@" -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-64; }

# hash_within FOLDER: the same, independent of the folder's path, cut to 12 digits for a file name.
hash_within() { (cd "$1" && hash_of .) | cut -c1-12; }

build_glue() {
    rm -rf "$WORK/glue"
    "$WASM_BINDGEN" --target web --no-typescript --out-name babysea --out-dir "$WORK/glue" "$WASM"
    # --flatten --rereloop restructure the code, so that the optimiser removes more; the second -Oz removes some more.
    "$BIN/wasm-opt" --flatten --rereloop -Oz -Oz "${WASM_FEATURES[@]}" "$WORK/glue/babysea_bg.wasm" \
        -o "$WORK/glue/small.wasm"
    mv "$WORK/glue/small.wasm" "$WORK/glue/babysea_bg.wasm"
    "$BIN/terser" "$WORK/glue/babysea.js" --module --compress --mangle --output "$WORK/glue/small.js"
    mv "$WORK/glue/small.js" "$WORK/glue/babysea.js"
}

assemble() {
    local new=$WORK/new name css script
    rm -rf "$new"
    mkdir -p "$new/pkg"
    cp -R public/. "$new/"

    # The page passes the path of the wasm to the glue, so the unhashed default name in the glue is never requested.
    name=babysea.$(hash_within "$WORK/glue")
    cp "$WORK/glue/babysea.js" "$new/pkg/$name.js"
    cp "$WORK/glue/babysea_bg.wasm" "$new/pkg/${name}_bg.wasm"
    [ ! -d "$WORK/glue/snippets" ] || cp -R "$WORK/glue/snippets" "$new/pkg/"

    "$BIN/sass" --style=compressed --no-source-map style/main.scss "$new/pkg/main.css"
    css=main.$(sha256sum "$new/pkg/main.css" | cut -c1-12).css
    mv "$new/pkg/main.css" "$new/pkg/$css"

    "$BIN/terser" "$new/page.js" --compress --mangle --toplevel --output "$new/pkg/page.js"
    rm "$new/page.js"
    script=page.$(sha256sum "$new/pkg/page.js" | cut -c1-12).js
    mv "$new/pkg/page.js" "$new/pkg/$script"

    printf '{"output_name":"%s","css":"pkg/%s","script":"pkg/%s"}\n' "$name" "$css" "$script" >"$new/site.json"
    node scripts/compress.mjs "$new"
}

replace_site() {
    if diff -rq "$WORK/new" "$SITE" >/dev/null 2>&1; then
        rm -rf "$WORK/new"
        return
    fi
    rm -rf "$WORK/old"
    [ ! -e "$SITE" ] || mv "$SITE" "$WORK/old"
    mv "$WORK/new" "$SITE"
    rm -rf "$WORK/old"
}

[ -d "$WORK" ] || say "Building the browser side (usually two minutes the first time, half a minute after a change)."
mkdir -p "$WORK"
wasm_cargo build

exec 9>"$WORK/lock"
flock 9

tools=$(hash_of scripts/build-site.sh scripts/compress.mjs end2end/package-lock.json)-$WASM_BINDGEN_VERSION
glue_key=$tools-$(hash_of "$WASM")
if [ "$(cat "$WORK/glue.key" 2>/dev/null)" != "$glue_key" ]; then
    build_glue
    echo "$glue_key" >"$WORK/glue.key"
fi

site_key=$glue_key-$(hash_of style public)
if [ "$(cat "$WORK/site.key" 2>/dev/null)" != "$site_key" ] || [ ! -e "$SITE/site.json" ]; then
    assemble
    replace_site
    echo "$site_key" >"$WORK/site.key"
fi
