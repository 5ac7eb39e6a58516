#!/usr/bin/env bash
# Trains XOR in a headless browser, on the CPU path and on WebGPU's software adapter, to the lecture's
# numbers. Installs what that needs where it is missing: Rust's wasm32 target, and Debian's Chromium
# where there is no browser of that kind.
#
#   tests/web/run.sh [BROWSER]
set -euo pipefail
cd "$(dirname "$0")"

if [ ! -d "$(rustc --print target-libdir --target wasm32-unknown-unknown)" ]; then
    echo 'installing the target wasm32-unknown-unknown'
    rustup target add wasm32-unknown-unknown
fi
browser=${1:-$(command -v chromium || command -v google-chrome || true)}
if [ -z "$browser" ]; then
    echo 'installing chromium'
    root=()
    if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends chromium >/dev/null
    browser=chromium
fi

target=${CARGO_TARGET_DIR:-../../target}/web
RUSTFLAGS='-C target-feature=+simd128' \
    cargo build --release --locked --lib --target wasm32-unknown-unknown --target-dir "$target"
cargo build --release --locked --bin browse --target-dir "$target"
"$target/release/browse" "$target/wasm32-unknown-unknown/release/page.wasm" "$target/page" "$browser"
