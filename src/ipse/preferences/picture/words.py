"""What the picture says in words, and texts from anywhere made fit to be drawn.

Such a text becomes one line, bounded, with nothing hidden in it, and is escaped.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Final

from ipse.encoding.safe_text import JOINERS, is_printable, printable, replace_unsafe
from ipse.preferences.picture.lanes import Lane, Mark, bounded, fading, polarity
from ipse.preferences.picture.layout import Plan, day, month

__all__ = [
    "account",
    "caption",
    "described",
    "escaped",
    "fitting",
    "leaning",
    "legible",
    "mark_facts",
    "summary",
    "weight",
]

_DROPPED: Final = "\u00ad\ufeff"
"""Soft hyphen and byte order mark, which show as nothing in most texts that hold them."""
_ESCAPES: Final = {ord(character): f"&#{ord(character)};" for character in "&<>\"'"}
_WIDE: Final = 1.05
_NARROW: Final = 0.56
"""Width of a character in its own size: measured generously, since the reader's font is not known."""


def legible(text: str, *, limit: int) -> str:
    """`text` in one line of at most `limit` characters, cut with an ellipsis; hidden characters spelled out.

    What controls a terminal, a parser or the direction of a text is written as its escape (`\\u202e`), so
    the result holds only characters that XML allows.
    """
    head, tail = text[: 8 * limit], text[8 * limit :]
    shown = replace_unsafe(" ".join(head.split()), _replacement, joiners=JOINERS)
    if len(shown) <= limit and not tail.strip():
        return shown
    return _cut(shown, limit - 1) + "…"


def fitting(text: str, *, size: float, width: float) -> str:
    """A legible `text` cut to about `width` pixels at a font size of `size` pixels."""
    room = width / size
    for position, character in enumerate(text):
        room -= _WIDE if unicodedata.east_asian_width(character) in "WF" else _NARROW
        if room < 0:
            return _cut(text, max(position - 1, 0)) + "…"
    return text


def escaped(text: str) -> str:
    """`text` for an element or a quoted attribute, in HTML and in XML."""
    return text.translate(_ESCAPES)


def _replacement(character: str) -> str:
    """The escape of an unsafe character, or nothing for a mark above the fourth."""
    return "" if character in _DROPPED or is_printable(character) else printable(character)


def _cut(text: str, length: int) -> str:
    """The first `length` characters, less what would dangle: a joiner or a blank at the end."""
    return text[:length].rstrip(JOINERS + " ")


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
