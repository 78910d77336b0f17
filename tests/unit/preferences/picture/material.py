"""Made-up profiles to draw."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ipse.preferences import picture
from ipse.preferences.picture import Dot, Lane

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FORMS: dict[str, Callable[..., str]] = {"html": picture.html, "svg": picture.svg}
HOSTILE = (
    "<script>alert(1)</script>",
    "]]> --> </style></title></svg>",
    "\"' onload=alert(1) x='",
    "&lt;b&gt; &amp; &#x202e; &bogus;",
    "NUL \0 ESC \x1b[31m BEL \x07 \ud800 \ufffe \x85",
    "\u202egnp.exe\u2066 \u200f \U000e0041",
    "שלום עולם, ספרים על הים",
    "海についての静かな小説" * 40,
    "👩\u200d👩\u200d👧\u200d👦 🏳️\u200d🌈 " * 30,
    "z" + "\u0301" * 2000,
    "W" * 4000,
    "line\nafter\u2028line\tand\r\nmore",
    " ",
)


def lane(name: str, *dots: tuple[float, float], half_life: float = 730.0, affinity: float = 0.5) -> Lane:
    """A lane from pairs (days before NOW, weight)."""
    made = (Dot(f"{name} {days:g}", weight, NOW - timedelta(days=days)) for days, weight in dots)
    return Lane(name, f"{name} itself", affinity, half_life, tuple(made))


def sixty() -> list[Lane]:
    """Six interests of ten statements each, over six years: some last, some come and go, one turns."""
    spans = {
        "sea, lighthouses": (2150, 400, 0.8, 900.0),
        "number theory, proofs and the history of primes": (2000, 1100, 0.6, 730.0),
        "sourdough": (2100, 1800, 0.45, 200.0),
        "hiking": (1400, 20, 0.6, 1200.0),
        "horror films": (1900, 200, -0.6, 730.0),
        "productivity": (900, 30, -0.7, 400.0),
    }
    lanes = []
    for name, (first, last, affinity, half_life) in spans.items():
        step = (first - last) / 9
        dots = [(first - step * place, _weight(affinity, place)) for place in range(10)]
        lanes.append(lane(name, *dots, half_life=half_life, affinity=affinity))
    return lanes


def _weight(affinity: float, place: int) -> float:
    if place == 4:
        return 0.0
    strength = (0.4, 0.6, 0.8, 1.0)[place % 4]
    against = place == 7
    return strength if (affinity > 0) != against else -strength
