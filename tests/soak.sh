#!/usr/bin/env bash
# What takes too long for every change, and is run by hand.
#
#   tests/soak.sh kills [COUNT]    trainings that are killed COUNT times (400) at random moments and
#                                  resumed: each must end in the model, the metrics and the curve of
#                                  an undisturbed one
#   tests/soak.sh damage [COUNT]   COUNT damaged files of every format (2,000): each must be refused, or
#                                  be as if it were not damaged, and none may hang or panic
#   tests/soak.sh drivers [FILE…]  doctor on each software driver, by its Vulkan driver file: lavapipe, and
#                                  the SwiftShader of Debian's Chromium, where they are; four minutes each
#
# HALFPLANE names the program, SEED the random moments.
set -euo pipefail
cd "$(dirname "$0")/.."

program=$(realpath "${HALFPLANE:-${CARGO_TARGET_DIR:-target}/release/halfplane}")
RANDOM=${SEED:-$$}

# A table that can be learnt, without any program but the shell.
table() {
    echo a,b,y
    local row a b
    for ((row = 0; row < 97; row++)); do
        a=$((row * 7 % 97)) b=$((row * 11 % 97))
        echo "$a,$b,$((2 * a - b))"
    done
}

# The lines of a metrics file that the numbers of a run decide.
numbers() {
    grep -E '^\{"event":"(step|epoch|reduced)"' "$1"
}

# One training, killed until it is through; says how often it was killed.
killed_until_done() {
    local arguments=$1 kills=0 process
    while :; do
        # shellcheck disable=SC2086
        "$program" train $arguments --quiet &
        process=$!
        if ((kills < 40)); then
            # From the first milliseconds, when files are opened, to long after.
            sleep "0.$(printf %03d $((RANDOM % (RANDOM % 4 ? 60 : 250) + 1)))"
            kill -KILL "$process" 2>/dev/null || true
        fi
        if wait "$process" 2>/dev/null; then break; fi
        kills=$((kills + 1))
        if [ -n "$(find run -name 'step-*' 2>/dev/null)" ]; then
            arguments='--resume run'
        elif [[ $arguments == --resume* ]]; then
            echo "all checkpoints are gone after $kills kills" >&2
            return 1
        fi
    done
    echo "$kills"
}

kills() {
    local count=${1:-400} done=0 run=0 kind every arguments kills
    here=$(mktemp -d)
    trap 'rm -rf "$here"' EXIT
    cd "$here"
    table >table.csv
    local kinds=(
        '1step --strategy layered --hidden 9 --steps 9000'
        '7steps --hidden 64 --steps 6000 --validation 0.2 --keep best'
        '3epochs --hidden 3 --optimizer sgd --lr 0.01 --epochs 4000 --patience 4000'
        '1s --hidden 30,20 --dropout 0.1 --steps 6000 --reduce-on-plateau 0.5,30'
    )
    while ((done < count)); do
        kind=${kinds[run % ${#kinds[@]}]}
        run=$((run + 1))
        rm -rf run whole.* parts.* report-* board
        every=${kind%% *}
        arguments="table.csv --folds none --device cpu --log-every 1 ${kind#* }"
        # shellcheck disable=SC2086
        "$program" train $arguments --quiet --output whole.safetensors --metrics whole.jsonl \
            --report report-whole
        arguments+=" --checkpoint run --checkpoint-every $every"
        arguments+=' --output parts.safetensors --metrics parts.jsonl'
        arguments+=' --report report-parts --tensorboard board'
        kills=$(killed_until_done "$arguments")
        done=$((done + kills))
        cmp whole.safetensors parts.safetensors
        cmp <(numbers whole.jsonl) <(numbers parts.jsonl)
        cmp report-whole/loss.svg report-parts/loss.svg
        local events steps
        events=$(cat board/* | grep -ao loss/batch | wc -l)
        steps=$(grep -c '^{"event":"step"' whole.jsonl)
        if ((events != steps)); then
            echo "$events events of steps for TensorBoard instead of $steps" >&2
            return 1
        fi
        local left
        left=$(find . -name '.halfplane-*' -o -name .lock)
        if [ -n "$left" ]; then
            echo "left behind: $left" >&2
            return 1
        fi
        echo "run $run: killed $kills times, $done of $count; the same ($kind)"
    done
}

damage() {
    # In one process, so that thousands take seconds; the files are made as they are damaged.
    DAMAGED=${1:-2000} SEED=${SEED:-$RANDOM} cargo test --release --test suite -- \
        --ignored --nocapture damage::
}

drivers() {
    local file files=("$@")
    if [ $# -eq 0 ]; then
        files=(/usr/share/vulkan/icd.d/lvp_icd*.json /usr/lib/chromium/vk_swiftshader_icd.json)
    fi
    for file in "${files[@]}"; do
        if [ ! -e "$file" ]; then
            echo "left out: $file, which is not here"
            continue
        fi
        echo "$file"
        # A kernel's checks may take this much memory at most.
        (ulimit -v $((4 << 20)); VK_ICD_FILENAMES=$file "$program" doctor --device software) | tail -1
    done
}

case ${1:-} in
kills | damage | drivers) "$@" ;;
*)
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2
    exit 2
    ;;
esac
