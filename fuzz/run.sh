#!/usr/bin/env bash
# Runs every fuzz target for a while, from the corpus in the repository: what it finds beyond that
# is thrown away, what breaks is left in fuzz/artifacts.
#
#   fuzz/run.sh          half a minute each
#   fuzz/run.sh 600      ten minutes each
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v cargo-fuzz >/dev/null; then
    echo 'cargo-fuzz is missing: cargo install cargo-fuzz' >&2
    exit 1
fi
# The sanitizers are not in stable Rust otherwise.
export RUSTC_BOOTSTRAP=1
grown=$(mktemp -d)
trap 'rm -r "$grown"' EXIT
for target in text gzip npy npz idx parquet model; do
    mkdir "$grown/$target"
    cargo fuzz run "$target" "$grown/$target" "fuzz/corpus/$target" -- \
        -max_total_time="${1:-30}" -max_len=65536 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
done
