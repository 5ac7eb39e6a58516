#!/usr/bin/env bash
# Runs fuzz targets for a while, from the corpus in the repository: what they find beyond that is
# thrown away, what breaks is left in fuzz/artifacts.
#
#   fuzz/run.sh                  half a minute each
#   fuzz/run.sh 600 text model   ten minutes each of these
#   SEED=1 fuzz/run.sh 12        the same way each time, as CI does: a change is blamed for what it
#                                breaks, and not for what chance finds
#
# Any stable Rust and a C++ compiler (libFuzzer is C++) will do: nothing of ours that reads is
# unsafe, so that the counters are enough. With the sanitizers, too, it is
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
    # A minute for one input: a kilobyte of run lengths may stand for millions of rows.
    if ! "$CARGO_TARGET_DIR/release/$target" "$grown/$target" "fuzz/corpus/$target" \
        -artifact_prefix="fuzz/artifacts/$target/" -max_total_time="$seconds" -max_len=65536 \
        -seed="${SEED:-0}" -timeout=60 -rss_limit_mb=2048 -print_final_stats=1 2>"$log"; then
        tail -n 60 "$log" >&2
        exit 1
    fi
    # Where it ended: inputs tried, and how many edges they reach.
    grep -w DONE "$log"
done
