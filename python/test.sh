#!/usr/bin/env bash
# Builds the wheel, installs it into a fresh virtual environment, and runs the tests there.
#
#   python/test.sh               everything
#   python/test.sh -k threads    what pytest would take
#
# PYTHON names another interpreter than python3, of version 3.10 or later.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
target=$PWD/${CARGO_TARGET_DIR:-target}
environment=$target/python-environment

# Debian's packages, as root.
install() {
    echo "installing $*"
    local root=()
    if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

if ! "$python" -c 'import ensurepip' 2>/dev/null && command -v apt-get >/dev/null; then
    install python3-venv
fi
rm -rf "$environment" "$target/wheels"
"$python" -m venv "$environment"
pip=("$environment/bin/python" -m pip --quiet --disable-pip-version-check)
"${pip[@]}" install -r python/tests/requirements.txt
"$environment/bin/maturin" build --quiet --release --locked --manifest-path python/Cargo.toml \
    --interpreter "$environment/bin/python" --out "$target/wheels"
"${pip[@]}" install "$target"/wheels/*.whl
# Not from the folder of the sources: the wheel is what is tested.
"$environment/bin/python" -m pytest -q --rootdir python/tests -p no:cacheprovider python/tests "$@"
