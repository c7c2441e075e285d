"""How things look: the colours, and what tells them apart for whoever sees none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Look:
    """A day of an export: its letter says what its colour says."""

    letter: str
    words: str
    fill: str
    ink: str = "#12202b"
    hatched: bool = False

    @property
    def style(self) -> dict[str, Any]:
        """As ECharts takes it."""
        return {"color": self.fill, **({"decal": HATCH} if self.hatched else {})}


HATCH = {"symbol": "rect", "rotation": -0.785, "dashArrayX": [1, 0], "dashArrayY": [2, 5], "color": "rgba(0,0,0,0.13)"}
# Worst first, and darkest first, so that the worst stands out on a print without colour as well.
LOOKS: Mapping[str, Look] = {
    "lost": Look("L", "lost: the vendor can no longer give it", "#3b0a12", "#ffffff"),
    "quarantined": Look("Q", "quarantined: downloaded, and the checks disagree", "#a8480a", "#ffffff"),
    "stuck": Look("S", "stuck: attempts used up, asked again daily", "#6b4c9a", "#ffffff"),
    "open": Look("O", "open: planned or on its way", "#f2d06b"),
    "not planned": Look("N", "not planned yet, though due", "#f2d06b", hatched=True),
    "unreachable": Look("U", "unreachable: older than the vendor's memory; not missed", "#c3c8cd", hatched=True),
    "provisional": Look("✓", "complete so far: the vendor will be asked again", "#dceef7"),
    "final": Look("✓✓", "complete for good", "#a9d3ea"),
    "to come": Look("·", "not due yet", "#f4f5f6", "#55606a"),
}
STRANGE = Look("?", "a state that this cdr does not know", "#ffffff")
OUTSIDE = Look("", "before the export's start, or not asked for", "#ffffff", "#8a949c")

# Okabe and Ito, "Color Universal Design" (2008): told apart with every kind of colour vision; strongest first.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#5a5a5a")
SYMBOLS = ("circle", "rect", "triangle", "diamond", "emptyCircle", "emptyRect", "emptyTriangle", "emptyDiamond")
DASHES = ("solid", "dashed", "dotted")
INK, FAINT, LINE = "#12202b", "#55606a", "#d5dade"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"


_LINES = {"symbol": "rect", "symbolSize": 1, "dashArrayX": [1, 0], "color": "rgba(0,0,0,0.35)"}
_DOTS = {"symbolSize": 0.8, "dashArrayX": [[8, 8], [0, 8, 8, 0]], "dashArrayY": [6, 0], "color": "rgba(0,0,0,0.45)"}
# Patterns for areas: none, dots, rising, falling, upright and lying lines, triangles, squares.
DECALS: tuple[Mapping[str, Any], ...] = (
    {"symbol": "none"},
    {**_DOTS, "symbol": "circle"},
    {**_LINES, "rotation": -0.785, "dashArrayY": [2, 5]},
    {**_LINES, "rotation": 0.785, "dashArrayY": [2, 5]},
    {**_LINES, "rotation": 1.571, "dashArrayY": [2, 5]},
    {**_LINES, "rotation": 0, "dashArrayY": [2, 5]},
    {**_DOTS, "symbol": "triangle"},
    {**_DOTS, "symbol": "rect"},
)


def colour(position: int) -> str:
    return COLOURS[position % len(COLOURS)]


def decal(position: int) -> Mapping[str, Any]:
    return DECALS[position % len(DECALS)]


def line(position: int) -> dict[str, Any]:
    """A line that differs from its neighbours in colour, symbol and dashes."""
    return {
        "color": colour(position),
        "symbol": SYMBOLS[position % len(SYMBOLS)],
        "lineStyle": {"type": DASHES[position % len(DASHES)], "width": 2},
    }
