#!/usr/bin/env bash
# Builds the playground and drives it in a headless Chromium: the lecture's numbers on the CPU path and on
# WebGPU's software adapter, tables, searches, the wall, links, lost devices. Installs what is missing: Rust's wasm32
# target, Debian's Chromium where there is no browser of that kind, and the driver from npm.
#
#   web/test.sh [BROWSER]
#
# HALFPLANE names the command line that the page must agree with; it is built where it is not given.
set -euo pipefail
if [ -n "${HALFPLANE:-}" ]; then HALFPLANE=$(realpath "$HALFPLANE"); fi
cd "$(dirname "$0")"

browser=${1:-$(command -v chromium || command -v google-chrome || true)}
root=()
if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
install() {
    echo "installing $1"
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
if [ -z "$browser" ]; then
    install chromium
    browser=$(command -v chromium)
fi
if ! command -v npm >/dev/null; then install nodejs npm; fi

target=$(realpath -m "${CARGO_TARGET_DIR:-../target}")
./build.sh
if [ -z "${HALFPLANE:-}" ]; then
    cargo build --release --locked --package halfplane --bin halfplane
    HALFPLANE=$target/release/halfplane
fi
npm ci --prefix tests --no-audit --no-fund --silent
SITE="$target/web/site" HALFPLANE="$HALFPLANE" BROWSER="$browser" \
    node --test --test-concurrency=1 --test-reporter=spec tests/*.test.mjs
