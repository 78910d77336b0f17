"""What is drawn: the interests and their statements."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["Dot", "Lane", "bounded", "fading", "seconds"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Dot:
    """A statement: its `weight` is in [-1, 1], from disliked to liked.

    It holds since `at` and, where it was taken back, `until` then (aware, UTC).
    """

    text: str
    weight: float
    at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """An interest: `medoid` is the statement that stands for it, `affinity` is in [-1, 1].

    `half_life` is in days. `rest` marks the statements that belong to no interest; they come last.
    """

    name: str
    medoid: str
    affinity: float
    half_life: float
    dots: tuple[Dot, ...]
    rest: bool = False


def bounded(value: float) -> float:
    """`value` held to [-1, 1]; what is no number is 0."""
    return 0.0 if math.isnan(value) else max(-1.0, min(1.0, value))


def fading(lane: Lane) -> float:
    """The half-life of a lane in days, held to a day and to a century; two years where it is no number."""
    return 730.0 if math.isnan(lane.half_life) else max(1.0, min(36525.0, lane.half_life))


def seconds(moment: datetime) -> float:
    """Seconds from 1970 to an aware moment; any year from 1 to 9999."""
    return (moment - _EPOCH).total_seconds()
