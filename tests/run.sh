#!/usr/bin/env bash
# Installs what the tests need where it is missing (a software Vulkan adapter), then runs them all.
#
#   tests/run.sh           everything
#   tests/run.sh golden    what cargo test would take
set -euo pipefail
cd "$(dirname "$0")/.."

# lavapipe's driver file, and the loader that finds it.
has_software_adapter() {
    compgen -G '/usr/share/vulkan/icd.d/lvp_icd*.json' >/dev/null &&
        ldconfig -p 2>/dev/null | grep -q 'libvulkan\.so\.1'
}

install_software_adapter() {
    echo 'installing the software adapter: mesa-vulkan-drivers, libvulkan1'
    local root=()
    if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends mesa-vulkan-drivers libvulkan1 >/dev/null
}

if [ "$(uname)" = Linux ] && ! has_software_adapter; then
    if ! command -v apt-get >/dev/null; then
        echo 'no lavapipe and no apt-get here: install Mesa'\''s Vulkan drivers and the Vulkan loader' >&2
        exit 1
    fi
    install_software_adapter
fi

# Mesa's device chooser prints a line when there is no desktop; it is of no use here.
export NODEVICE_SELECT=1

cargo test --release --locked "$@"
if [ $# -gt 0 ]; then exit; fi

# More threads than this machine may have, and than many a batch has rows.
RAYON_NUM_THREADS=16 cargo test --release --locked --test suite -- twins::cpu_path twins::wrong_devices

# What other programs make of our files, where they are at hand. PYTHON names another interpreter.
python=${PYTHON:-python3}
if "$python" -c 'import numpy, onnx, onnxruntime, safetensors, tensorboard, torch' 2>/dev/null; then
    "$python" tests/exports/check.py
else
    echo "left out: tests/exports/check.py, for $python lacks one of numpy, onnx, onnxruntime," \
        'safetensors, tensorboard and torch'
fi
