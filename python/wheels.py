"""Builds what is released: a wheel for this platform, or the source distribution.

    python python/wheels.py --out wheels             a wheel for Python 3.10 and later
    python python/wheels.py --out wheels --sdist     the sources

On Linux the wheel is for glibc 2.28 and later (manylinux_2_28), whatever this machine has: zig links it.
What that takes (maturin, ziglang) is installed into a virtual environment in the target folder.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOLS = ["maturin>=1.10,<2", "ziglang>=0.13"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "target" / "wheels")
    parser.add_argument("--sdist", action="store_true")
    parser.add_argument("--interpreter", default=sys.executable)
    options = parser.parse_args()
    tools = ROOT / "target" / "wheel-tools"
    venv.create(tools, with_pip=True)
    programs = tools / ("Scripts" if os.name == "nt" else "bin")
    python = programs / ("python.exe" if os.name == "nt" else "python")
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, *TOOLS], check=True)
    maturin = [python, "-m", "maturin"]
    manifest = ["--manifest-path", ROOT / "python" / "Cargo.toml", "--out", options.out]
    if options.sdist:
        words = ["sdist", *manifest]
    else:
        words = ["build", "--release", "--locked", *manifest, "--interpreter", options.interpreter]
        if sys.platform == "linux":
            words += ["--zig", "--compatibility", "manylinux_2_28"]
    # maturin looks for zig among the programs of its own environment.
    paths = os.pathsep.join([str(programs), os.environ["PATH"]])
    subprocess.run([*maturin, *words], check=True, env={**os.environ, "PATH": paths})


if __name__ == "__main__":
    main()
