"""A small writer of SVG: shapes and text, in colours that follow the reader's light or dark scheme.

Colours are classes: `own` (Coatcheck), `floor` (the C responder) and `other`, each with a paler one
that ends in -2.
"""

import math
from html import escape

STYLE = """
svg { --paper: #fff; --ink: #211c17; --quiet: #61594f; --grid: #e3ddd4;
      --own: #a8324e; --floor: #6b6257; --other: #5a7d9a;
      --own-2: #dc9aa9; --floor-2: #b8b0a5; --other-2: #b0c5d6; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #191613; --ink: #f2ede5; --quiet: #b9b0a4; --grid: #3b352e;
        --own: #f08ca4; --floor: #b9b0a4; --other: #86b2d6;
        --own-2: #8c4657; --floor-2: #675f55; --other-2: #425a6e; }
}
text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
       fill: var(--ink); }
.title { font-size: 15px; font-weight: 600; }
.quiet { fill: var(--quiet); }
.small { font-size: 11px; }
.paper { fill: var(--paper); }
.own { fill: var(--own); } .own-2 { fill: var(--own-2); }
.floor { fill: var(--floor); } .floor-2 { fill: var(--floor-2); }
.other { fill: var(--other); } .other-2 { fill: var(--other-2); }
line, polyline { fill: none; stroke-width: 1; }
polyline { stroke-width: 2; stroke-linejoin: round; }
.grid { stroke: var(--grid); }
.line-own { stroke: var(--own); } .line-floor { stroke: var(--floor); }
.line-ink { stroke: var(--quiet); }
"""


class Picture:
    """Shapes in the order in which they are drawn; coordinates are pixels from the top left."""

    def __init__(self, width, title):
        self.width = width
        self.title = title
        self.height = 0
        self.shapes = []

    def text(self, x, y, words, kind="", anchor="start"):
        """Words on a baseline."""
        self._add("text", f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"', kind, y + 6,
                  escape(words))

    def rectangle(self, x, y, width, height, kind):
        """A filled rectangle."""
        self._add("rect", f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"',
                  kind, y + height)

    def line(self, x1, y1, x2, y2, kind):
        """A thin line."""
        self._add("line", f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"', kind,
                  max(y1, y2))

    def path(self, points, kind):
        """A line through points."""
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._add("polyline", f'points="{places}"', kind, max(y for _, y in points))

    def dot(self, x, y, kind):
        """A small round mark."""
        self._add("circle", f'cx="{x:.1f}" cy="{y:.1f}" r="3"', kind, y + 3)

    def _add(self, element, attributes, kind, lowest, content=""):
        self.shapes.append(f'<{element} class="{kind}" {attributes}>{content}</{element}>')
        self.height = max(self.height, lowest)

    def __str__(self):
        height = math.ceil(self.height + 16)
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {height}" '
            f'width="{self.width}" height="{height}" role="img">',
            f"<title>{escape(self.title)}</title>", f"<style>{STYLE}</style>",
            f'<rect class="paper" width="{self.width}" height="{height}" rx="8"/>',
            *self.shapes, "</svg>", ""])


class Scale:
    """Where a value is drawn: `low` at `start`, `high` at `end`, evenly or by its logarithm."""

    def __init__(self, low, high, start, end, logarithmic=False):
        self.measure = math.log if logarithmic else lambda value: value
        self.low, self.high = self.measure(low), self.measure(high)
        self.start, self.end = start, end

    def __call__(self, value):
        share = (self.measure(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def round_up(value):
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
                if step * power >= value * (1 - 1e-9))
