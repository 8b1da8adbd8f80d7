"""Draws what a terminal shows: text with ANSI colors on the standard input, SVG on the standard output."""

import html
import re
import sys
import unicodedata

WIDTH, HEIGHT = 8.4, 18
BACKGROUND, FOREGROUND = "#14171c", "#d7dce2"
COLORS = ["#14171c", "#ff6b63", "#7fd17f", "#e6c15a", "#6aa5ff", "#d58cff", "#59c8d8", "#d7dce2"]
BRIGHT = ["#7d8794", "#ff8f89", "#a3e6a3", "#f2d789", "#93bfff", "#e4b3ff", "#8adfea", "#ffffff"]


class Style:
    def __init__(self):
        self.color, self.bold, self.faint, self.reversed = None, False, False, False

    def apply(self, codes):
        codes = [int(code or 0) for code in codes.split(";")]
        while codes:
            code = codes.pop(0)
            if code == 0:
                self.__init__()
            elif code == 1:
                self.bold = True
            elif code == 2:
                self.faint = True
            elif code == 7:
                self.reversed = True
            elif code == 39:
                self.color = None
            elif 30 <= code <= 37:
                self.color = COLORS[code - 30]
            elif 90 <= code <= 97:
                self.color = BRIGHT[code - 90]
            elif code in (38, 48) and codes[:1] == [5]:
                number = codes[1]
                del codes[:2]
                if code == 38 and number < 16:
                    self.color = (COLORS + BRIGHT)[number]

    def copy(self):
        other = Style()
        other.__dict__.update(self.__dict__)
        return other


def cells(line, style):
    """Each character of a line with its style."""
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if part.startswith("\x1b["):
            style.apply(part[2:-1])
        else:
            for character in part:
                yield character, style.copy()


def runs(line, style):
    """Neighbors of one style: the column, the text and the style."""
    column, start, text, last = 0, 0, "", None
    for character, now in cells(line, style):
        if last is None or now.__dict__ != last.__dict__:
            if text:
                yield start, text, last
            start, text, last = column, "", now
        text += character
        column += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    if text:
        yield start, text, last


def main():
    lines = sys.stdin.read().rstrip("\n").split("\n")
    columns = max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines)
    width, height = columns * WIDTH + 24, len(lines) * HEIGHT + 24
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
          f'font-family="ui-monospace, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="14">')
    print(f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>')
    style = Style()
    for row, line in enumerate(lines):
        y = 12 + row * HEIGHT
        for column, text, now in runs(line, style):
            x, length = 12 + column * WIDTH, len(text) * WIDTH
            color = now.color or FOREGROUND
            if now.reversed:
                print(f'<rect x="{x:.1f}" y="{y}" width="{length:.1f}" height="{HEIGHT}" fill="{color}"/>')
                color = BACKGROUND
            if not text.strip():
                continue
            weight = ' font-weight="bold"' if now.bold else ""
            opacity = ' opacity="0.6"' if now.faint else ""
            print(f'<text x="{x:.1f}" y="{y + 14}" fill="{color}" textLength="{length:.1f}" '
                  f'xml:space="preserve"{weight}{opacity}>{html.escape(text)}</text>')
    print("</svg>")


main()
