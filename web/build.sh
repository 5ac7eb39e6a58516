#!/usr/bin/env bash
# Builds the playground: a folder of static files, which any file server can serve.
#
#   web/build.sh [FOLDER]
#
# The folder is target/web/site by default. Rust's wasm32 target is installed where it is missing.
set -euo pipefail
cd "$(dirname "$0")"

if [ ! -d "$(rustc --print target-libdir --target wasm32-unknown-unknown)" ]; then
    echo 'installing the target wasm32-unknown-unknown'
    rustup target add wasm32-unknown-unknown
fi
target=$(realpath -m "${CARGO_TARGET_DIR:-../target}")
site=$(realpath -m "${1:-$target/web/site}")

# With what is built here, so that both come of one lock file.
cargo build --release --locked --package halfplane-web --bin bundle
module() {
    RUSTFLAGS='-C target-feature=+simd128' CARGO_TARGET_DIR="$target/web" \
        cargo build --profile web --locked --package halfplane-web --lib \
        --target wasm32-unknown-unknown "${@:2}"
    "$target/release/bundle" "$target/web/wasm32-unknown-unknown/web/halfplane_web.wasm" "$1" halfplane
}

built=$target/web/module
rm -rf "$built"
mkdir -p "$built/all"
module "$built"
# Searches, the checks of the kernels, ONNX and Parquet: much code for what few visitors do, fetched when it is
# needed.
module "$built/all" --features all
# What stood there before goes only now.
rm -rf "$site"
mkdir -p "$site"
cp -r page/. "$built/." "$site/"

packed() { gzip -9 <"$1" | wc -c; }
printf 'module: %d bytes, compressed %d; page: compressed %d\n' \
    "$(stat -c %s "$site/halfplane_bg.wasm")" "$(packed "$site/halfplane_bg.wasm")" \
    "$(find "$site" -maxdepth 2 -type f ! -name '*.wasm' ! -path '*/all/*' -exec cat {} + | gzip -9 | wc -c)"
echo "$site"
