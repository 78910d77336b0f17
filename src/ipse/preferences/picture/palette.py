"""The colours, for daylight and for the dark. Text keeps 4.5:1, marks 3:1 (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["DARK", "LIGHT", "Palette"]


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as #rrggbb. `raised` is the ground of what lies over the picture."""

    ground: str
    raised: str
    ink: str
    quiet: str
    rule: str
    liked: str
    liked_tint: str
    disliked: str
    disliked_tint: str
    neutral: str


LIGHT: Final = Palette(
    ground="#fcfbf8",
    raised="#ffffff",
    ink="#1b1e24",
    quiet="#565c68",
    rule="#e0ddd4",
    liked="#0a6673",
    liked_tint="#c4e3e2",
    disliked="#a33b12",
    disliked_tint="#f6dccf",
    neutral="#5d6370",
)
DARK: Final = Palette(
    ground="#14161a",
    raised="#23272f",
    ink="#ecebe6",
    quiet="#a6acb8",
    rule="#2e333b",
    liked="#62ccd2",
    liked_tint="#1a4148",
    disliked="#f39b6d",
    disliked_tint="#46291c",
    neutral="#a0a6b2",
)
