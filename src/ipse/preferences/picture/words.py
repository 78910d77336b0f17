"""What the picture says in words."""

from __future__ import annotations

from datetime import datetime

from ipse.preferences.picture.lanes import Lane, bounded, fading
from ipse.preferences.picture.layout import Plan
from ipse.preferences.picture.marks import Mark, polarity
from ipse.preferences.picture.timeline import day, month

__all__ = ["account", "caption", "described", "leaning", "mark_facts", "summary", "weight"]


def weight(value: float) -> str:
    """A weight in [-1, 1] with its sign, to two places: +0.80."""
    rounded = round(bounded(value), 2) + 0.0
    return f"{rounded:+.2f}".replace("-", "\N{MINUS SIGN}") if rounded else "0"


def mark_facts(mark: Mark) -> str:
    """When, and how much it is liked: `4 Mar 2021 · liked +0.80`; and how many more a mark stands for."""
    kind = polarity(bounded(mark.dot.weight))
    how = kind if kind == "neutral" else f"{kind} {weight(mark.dot.weight)}"
    until = f" · until {day(mark.dot.until)}" if mark.dot.until else ""
    more = f" · and {mark.more} more like it" if mark.more else ""
    return f"{day(mark.dot.at)} · {how}{until}{more}"


def leaning(lane: Lane) -> str:
    """How much it is liked and how fast that fades: `liked +0.62, half-life 2 years`."""
    value = round(bounded(lane.affinity), 2)
    how = f"{polarity(value)} {weight(value)}" if value else "neutral"
    return f"{how}, half-life {_length(fading(lane))}"


def account(lane: Lane) -> str:
    """How many statements, and from when to when."""
    first, last = min(dot.at for dot in lane.dots), max(dot.at for dot in lane.dots)
    since, until = month(first), month(last)
    span = since if since == until else f"{since} to {until}"
    return f"{_count(len(lane.dots))}, {span}"


def described(lane: Lane) -> str:
    """A lane in one sentence, for those who do not see it."""
    liked = sum(dot.weight > 0 for dot in lane.dots)
    disliked = sum(dot.weight < 0 for dot in lane.dots)
    return f"{leaning(lane)}; {account(lane)}; {liked} liked, {disliked} disliked."


def summary(plan: Plan, *, now: datetime) -> str:
    """What the picture holds, in a line."""
    if plan.first is None or plan.last is None:
        return f"Nothing to show yet, as of {day(now)}."
    interests = sum(not strip.lane.rest for strip in plan.strips)
    past = f" ({plan.past:,} of them taken back since)" if plan.past else ""
    about = f"{_count(plan.statements)}{past} in {interests} interest{'' if interests == 1 else 's'}"
    first, last = day(plan.first), day(plan.last)
    span = first if first == last else f"{first} to {last}"
    return f"{about}, {span}, as of {day(now)}."


def caption(plan: Plan) -> str:
    """How to read the picture."""
    if not plan.strips:
        return "Tell the profile what you like, and it is drawn here."
    if plan.timed:
        said = (
            "From left to right: time. A stream is as high as what was said about the interest, which fades "
            "by half with every half-life; liked above the line, disliked below it and hatched. The most "
            "liked interest is at the top."
        )
    else:
        said = (
            "All statements fall within a day, so there is no time to show: from left to right they go from "
            "disliked to liked. The most liked interest is at the top."
        )
    if plan.unshown:
        said += f" {_count(plan.unshown)} of smaller interests are not shown."
    if any(mark.more for strip in plan.strips for mark in strip.marks):
        said += " Statements that would hide each other are drawn as one mark with a halo."
    return said


def _count(number: int) -> str:
    return f"{number:,} statement{'' if number == 1 else 's'}"


def _length(days: float) -> str:
    if days < 60:
        return f"{days:.0f} days"
    if days < 2 * 365:
        return f"{days / 30.44:.0f} months"
    return f"{days / 365.25:.1f}".removesuffix(".0") + " years"
