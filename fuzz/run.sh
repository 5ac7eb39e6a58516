#!/usr/bin/env bash
# Runs fuzz targets for a while, starting from the corpus in the repository. New inputs are discarded;
# inputs that fail are written to fuzz/artifacts.
#
#   fuzz/run.sh                  half a minute each
#   fuzz/run.sh 600 text model   ten minutes each of these
#   SEED=1 fuzz/run.sh 12        the same inputs each time, as in CI, so that a failure is due to the
#                                change and not to chance
#
# Needs any stable Rust and a C++ compiler (for libFuzzer). Coverage counters are enough, since none of
# the reading code is unsafe. With sanitizers:
#
#   RUSTC_BOOTSTRAP=1 cargo fuzz run text
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-30}
if [ $# -gt 1 ]; then targets=("${@:2}"); else targets=(text gzip npy npz idx parquet model); fi

export CARGO_TARGET_DIR=$PWD/target/fuzz
RUSTC_WRAPPER=$PWD/fuzz/counted \
    cargo build --release --locked --bins --manifest-path fuzz/Cargo.toml
grown=$(mktemp -d)
trap 'rm -r "$grown"' EXIT
for target in "${targets[@]}"; do
    echo "fuzzing $target for $seconds s"
    mkdir -p "$grown/$target" "fuzz/artifacts/$target"
    log=$grown/$target.log
    # Up to a minute per input: a kilobyte of run lengths may encode millions of rows.
    if ! "$CARGO_TARGET_DIR/release/$target" "$grown/$target" "fuzz/corpus/$target" \
        -artifact_prefix="fuzz/artifacts/$target/" -max_total_time="$seconds" -max_len=65536 \
        -seed="${SEED:-0}" -timeout=60 -rss_limit_mb=2048 -print_final_stats=1 2>"$log"; then
        tail -n 60 "$log" >&2
        exit 1
    fi
    # Prints the number of inputs and of edges that they reach.
    grep -w DONE "$log"
done
