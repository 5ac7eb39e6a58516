"""The whole program: `python -m halfplane train penguins.csv --target species`."""

import sys


def main():
    """Run the program with the process's arguments, and end with its exit code."""
    from ._device import quiet_mesa

    quiet_mesa()
    from . import _halfplane

    sys.exit(_halfplane.main(["halfplane", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
