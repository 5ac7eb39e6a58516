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
root=$PWD
target=$root/${CARGO_TARGET_DIR:-target}
environment=$target/python-environment

source tests/install.sh

# A test forks after it has used a graphics adapter; where there is no other, a software one.
if [ "$(uname)" = Linux ] && command -v apt-get >/dev/null &&
    ! compgen -G '/usr/share/vulkan/icd.d/lvp_icd*.json' >/dev/null; then
    install mesa-vulkan-drivers libvulkan1
fi
if ! "$python" -c 'import ensurepip' 2>/dev/null && command -v apt-get >/dev/null; then
    install python3-venv
fi
rm -rf "$environment" "$target/wheels"
"$python" -m venv "$environment"
pip=("$environment/bin/python" -m pip --quiet --disable-pip-version-check)
"${pip[@]}" install -r python/tests/requirements.txt
"$environment/bin/ruff" check --quiet python
"$environment/bin/ruff" format --check --quiet python
"$environment/bin/maturin" build --quiet --release --locked --manifest-path python/Cargo.toml \
    --interpreter "$environment/bin/python" --out "$target/wheels"
"${pip[@]}" install "$target"/wheels/*.whl
# The wheel is what is tested: the sources of the package are not on the path.
pytest=(-m pytest -q --rootdir python/tests -p no:cacheprovider)
"$environment/bin/python" "${pytest[@]}" python/tests "$@"

# The stubs say what there is. threadpoolctl's class has no types that its subclass could agree with.
if [ $# -eq 0 ]; then
    (cd "$target" && "$environment/bin/python" -m mypy.stubtest halfplane \
        --mypy-config-file "$root/python/pyproject.toml" --ignore-missing-stub --ignore-positional-only \
        --ignore-disjoint-bases --allowlist <(echo halfplane._threads._Controller))
fi

# scikit-learn's checks once more by other versions of it: the newest but one, and the oldest that is
# supported.
if [ $# -eq 0 ]; then
    for version in 1.8 1.6; do
        other=$target/python-environment-$version
        if [ ! -e "$other/bin/pytest" ]; then
            rm -rf "$other"
            "$python" -m venv "$other"
            "$other/bin/python" -m pip --quiet --disable-pip-version-check install \
                "scikit-learn==$version.*" pandas pytest
        fi
        "$other/bin/python" -m pip --quiet --disable-pip-version-check install \
            --no-deps --force-reinstall "$target"/wheels/*.whl
        "$other/bin/python" "${pytest[@]}" python/tests/test_sklearn_checks.py
    done
fi
