"""Draws the dashboard's last screen as an SVG file.

    python3 docs/images/dashboard.py target/release/halfplane docs/images/dashboard.svg

Runs `train --live` on two columns of tests/data/iris.csv in a pseudo-terminal of COLUMNS × LINES,
waits until the training has ended, and writes the screen. Needs pyte (a terminal emulator) from
PyPI, and a Unix system.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from html import escape
from pathlib import Path

import pyte

COLUMNS, LINES = 112, 32
WIDTH, HEIGHT = 8, 16  # of a character, in SVG units
PAPER, INK = "#15181e", "#d1d5db"
TABLE = Path(__file__).parents[2] / "tests" / "data" / "iris.csv"
ARGUMENTS = ["train", str(TABLE), "--target", "species", "--drop", "sepal_length,sepal_width",
             "--hidden", "8,8", "--device", "cpu", "--live"]
FRAMES = {"─": "lr", "│": "ud", "╭": "dr", "╮": "dl", "╰": "ur", "╯": "ul",
          "┌": "dr", "┐": "dl", "└": "ur", "┘": "ul", "├": "udr", "┤": "udl", "┬": "lrd", "┴": "lru"}
ALTERNATE_SCREEN = b"\x1b[?1049h"
NAMED = {"black": "#1f2430", "red": "#e06c75", "green": "#98c379", "brown": "#d8a657",
         "blue": "#61afef", "magenta": "#c678dd", "cyan": "#56b6c2", "white": INK,
         "brightblack": "#7d8590"}


def last_screen(program: str) -> list:
    """The rows of characters that the program leaves until a key is pressed."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        time.sleep(0.2)  # until the terminal has its size
        os.execv(program, [program, *ARGUMENTS])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    ended = None
    while ended is None or time.monotonic() - ended < 1:  # the last weights are drawn after the end
        if select.select([terminal], [], [], 0.1)[0]:
            output = os.read(terminal, 65536)
            if ALTERNATE_SCREEN in output:  # which pyte does not have
                output = output[output.index(ALTERNATE_SCREEN):]
                screen.reset()
            stream.feed(output)
        if ended is None and any("any key" in line for line in screen.display):
            ended = time.monotonic()
    os.write(terminal, b" ")
    rows = [[screen.buffer[y][x] for x in range(COLUMNS)] for y in range(LINES)]
    os.waitpid(child, 0)
    return rows


def colour(name: str, default: str) -> str:
    if name == "default":
        return default
    return NAMED.get(name) or "#" + name


def runs(cells: list, key):
    """Neighbouring cells of one key, as (first, last + 1, key)."""
    first = 0
    for x in range(1, len(cells) + 1):
        if x == len(cells) or key(cells[x]) != key(cells[first]):
            yield first, x, key(cells[first])
            first = x


def rectangle(x: int, y: float, width: int, height: float, fill: str) -> str:
    return (f'<rect x="{x * WIDTH}" y="{y:g}" width="{width * WIDTH}" height="{height:g}" '
            f'fill="{fill}"/>')


def halves(cell) -> tuple:
    """Colours of a character's upper and lower half."""
    front, back = colour(cell.fg, INK), colour(cell.bg, PAPER)
    if cell.reverse:
        front, back = back, front
    return {"▀": (front, back), "▄": (back, front), "█": (front, front)}.get(
        cell.data, (back, back))


def background(screen: list) -> list:
    shapes = []
    for y, row in enumerate(screen):
        for half in (0, 1):
            for first, end, fill in runs(row, lambda cell: halves(cell)[half]):
                if fill != PAPER:
                    top = y * HEIGHT + half * HEIGHT / 2
                    shapes.append(rectangle(first, top, end - first, HEIGHT / 2, fill))
    return shapes


def frame(cell, x: int, y: int) -> str:
    """Lines from the middle of a character to its edges."""
    middle = f"M{(x + 0.5) * WIDTH:g} {(y + 0.5) * HEIGHT:g}"
    ways = {"l": f"h-{WIDTH / 2:g}", "r": f"h{WIDTH / 2:g}",
            "u": f"v-{HEIGHT / 2:g}", "d": f"v{HEIGHT / 2:g}"}
    return "".join(middle + ways[to] for to in FRAMES[cell.data])


def braille(cell, x: int, y: int) -> str:
    """A small square for each dot of a character."""
    bits = ord(cell.data) - 0x2800
    places = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
    return "".join(f"M{(x + 0.25 + across / 2) * WIDTH - 1:g} {(y + 0.125 + down / 4) * HEIGHT - 1:g}"
                   "h2v2h-2z"
                   for bit, (across, down) in enumerate(places) if bits >> bit & 1)


def foreground(screen: list) -> list:
    frames, dots, texts = {}, {}, []

    def style(cell):
        if cell.data in " ▀▄█" or cell.data in FRAMES or "\u2800" <= cell.data <= "\u28ff":
            return None
        return colour(cell.bg, PAPER) if cell.reverse else colour(cell.fg, INK), cell.bold

    for y, row in enumerate(screen):
        for x, cell in enumerate(row):
            ink = colour(cell.fg, INK)
            if cell.data in FRAMES:
                frames[ink] = frames.get(ink, "") + frame(cell, x, y)
            elif "\u2800" <= cell.data <= "\u28ff":
                dots[ink] = dots.get(ink, "") + braille(cell, x, y)
        for first, end, found in runs(row, style):
            if found is not None:
                text = escape("".join(cell.data for cell in row[first:end]))
                weight = ' font-weight="bold"' if found[1] else ""
                texts.append(f'<text x="{first * WIDTH}" y="{y * HEIGHT + 12}" fill="{found[0]}"'
                             f'{weight} textLength="{(end - first) * WIDTH}">{text}</text>')
    lines = [f'<path d="{path}" stroke="{ink}"/>' for ink, path in frames.items()]
    points = [f'<path d="{path}" fill="{ink}"/>' for ink, path in dots.items()]
    return lines + points + texts


def svg(screen: list) -> str:
    width, height = COLUMNS * WIDTH + 16, LINES * HEIGHT + 16
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 -8 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="The dashboard of a training">',
        '<style>text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",'
        'monospace;white-space:pre}</style>',
        f'<rect x="-8" y="-8" width="{width}" height="{height}" rx="8" fill="{PAPER}"/>',
        '<g shape-rendering="crispEdges">', *background(screen), "</g>",
        *foreground(screen), "</svg>", ""])


if __name__ == "__main__":
    program, output = sys.argv[1:]
    Path(output).write_text(svg(last_screen(os.path.abspath(program))), encoding="utf-8")
