#!/usr/bin/env bash
# Installs what the tests need where it is missing, then runs them all: a software Vulkan adapter, and
# for the checks with other programs (exports, a cluster's workers) a virtual environment in the target
# folder (about 300 MB).
#
#   tests/run.sh           everything
#   tests/run.sh golden    what cargo test would take
#
# PYTHON names another interpreter than python3, of version 3.10 to 3.13; EXPORTS=off leaves out the
# checks with other programs.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
environment=${CARGO_TARGET_DIR:-target}/exports-environment
requirements=tests/exports/requirements.txt

source tests/install.sh

# lavapipe's driver file, and the loader that finds it.
has_software_adapter() {
    compgen -G '/usr/share/vulkan/icd.d/lvp_icd*.json' >/dev/null &&
        ldconfig -p 2>/dev/null | grep -q 'libvulkan\.so\.1'
}

# The Python that has the packages that read our exports: PYTHON itself, or a virtual environment of
# it, which sees PyTorch where PYTHON has it.
prepare_exports() {
    if "$python" -c 'import hyperqueue, numpy, onnx, onnxruntime, safetensors, tensorboard, torch' 2>/dev/null; then
        return
    fi
    if cmp -s "$requirements" "$environment/requirements.txt"; then return; fi
    rm -rf "$environment"
    "$python" -m venv --system-site-packages "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"
    cp "$requirements" "$environment"
}

check_exports() {
    if [ -e "$environment/requirements.txt" ]; then python=$environment/bin/python; fi
    export HALFPLANE=${CARGO_TARGET_DIR:-target}/release/halfplane
    "$python" tests/exports/check.py
    # HyperQueue and MPICH's package are for Linux alone.
    if [ "$(uname)" = Linux ]; then "$python" tests/cluster/check.py; fi
}

if [ "$(uname)" = Linux ] && ! has_software_adapter; then
    if ! command -v apt-get >/dev/null; then
        echo 'no lavapipe and no apt-get here: install Mesa'\''s Vulkan drivers and the Vulkan loader' >&2
        exit 1
    fi
    install mesa-vulkan-drivers libvulkan1
fi

# Mesa's device chooser prints a line when there is no desktop; it is of no use here.
export NODEVICE_SELECT=1
# lavapipe takes far longer to compile our shaders than they run: without LLVM's optimization of them
# the tests are done sooner. The numbers are held to the same tolerances.
export GALLIVM_PERF=${GALLIVM_PERF-nopt}

if [ $# -gt 0 ]; then
    cargo test --release --locked "$@"
    exit
fi

if [ "${EXPORTS:-}" != off ]; then
    if ! "$python" -c 'import ensurepip' 2>/dev/null && [ -z "${PYTHON:-}" ] && command -v apt-get >/dev/null; then
        install python3-venv
    fi
    # Beside the build, which does not wait for the network as long.
    prepare_exports &
    preparing=$!
fi

cargo test --release --locked
# More threads than this machine may have, and than many a batch has rows.
HALFPLANE_THREADS=16 cargo test --release --locked --test suite -- twins::cpu_path twins::wrong_devices

# What other programs make of our files, and of our work.
if [ "${EXPORTS:-}" = off ]; then
    echo 'left out: tests/exports/check.py and tests/cluster/check.py (EXPORTS=off)'
elif wait "$preparing"; then
    check_exports
else
    echo "the packages of $requirements cannot be installed for $python: name another Python with" \
        'PYTHON=..., or leave the check of exports out with EXPORTS=off' >&2
    exit 1
fi
