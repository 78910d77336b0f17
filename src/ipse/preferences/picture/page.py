"""The picture as a page: HTML that is also XML, without a script, that asks nothing of any network.

The statements are radio buttons, one group for each interest: the keyboard reaches an interest with Tab and
its statements with the arrows, and a finger can choose one, all without a script.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from ipse.preferences.picture import words
from ipse.preferences.picture.drawing import mark_height, number, radius, stream
from ipse.preferences.picture.lanes import Lane, Mark, bounded, polarity
from ipse.preferences.picture.layout import Plan, Strip, Tick, plan
from ipse.preferences.picture.style import stylesheet
from ipse.preferences.picture.words import escaped, legible

__all__ = ["html"]

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_WIDTH: Final = 1000.0
_TITLE, _NAME, _MEDOID, _TEXT = 120, 60, 110, 120
"""Characters shown of each kind of text."""


def html(lanes: Sequence[Lane], *, now: datetime, title: str) -> str:
    """One self-contained page, under two megabytes for any number of statements; also well-formed XML."""
    drawn = plan(lanes, now=now)
    return "\n".join(_page(drawn, now=now, title=escaped(legible(title, limit=_TITLE))))


def _page(drawn: Plan, *, now: datetime, title: str) -> Iterator[str]:
    yield (
        '<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" lang="en">\n<head>\n'
        '<meta charset="utf-8"/>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"/>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>\n'
        '<meta name="referrer" content="no-referrer"/>\n<meta name="robots" content="noindex"/>\n'
        f"<title>{title}</title>\n<style>{stylesheet()}</style>\n</head>\n<body>\n<main>"
    )
    yield f'<h1 dir="auto">{title}</h1>'
    yield f'<p class="summary">{escaped(words.summary(drawn, now=now))}</p>'
    if drawn.strips:
        yield from _figure(drawn)
        yield from _table(drawn)
    else:
        yield f"<p>{escaped(words.caption(drawn))}</p>"
    yield "</main>\n</body>\n</html>\n"


def _figure(drawn: Plan) -> Iterator[str]:
    yield (
        '<ul class="legend">\n<li><i class="liked"></i>liked: filled</li>\n'
        '<li><i class="disliked"></i>disliked: a ring</li>\n'
        '<li><i class="neutral"></i>neutral: a diamond</li>\n'
        "<li>the larger, the stronger</li>\n</ul>\n<figure>"
    )
    yield _axis(drawn.ticks)
    yield '<ol class="lanes">'
    for place, strip in enumerate(drawn.strips):
        yield from _lane(strip, drawn.ticks, place)
    yield "</ol>"
    yield _axis(drawn.ticks)
    yield f"<figcaption>{escaped(words.caption(drawn))}</figcaption>\n</figure>"


def _axis(ticks: Sequence[Tick]) -> str:
    labels = (
        f'<span class="{_place_of(tick)}" style="left:{tick.x * 100:.2f}%">{escaped(tick.label)}</span>'
        for tick in ticks
    )
    return f'<div class="axis" aria-hidden="true">{"".join(labels)}</div>'


def _place_of(tick: Tick) -> str:
    side = "start" if tick.x < 0.06 else "end" if tick.x > 0.94 else "middle"
    return f"{side} minor" if tick.minor else side


def _lane(strip: Strip, ticks: Sequence[Tick], place: int) -> Iterator[str]:
    lane = strip.lane
    name = escaped(legible(lane.name, limit=_NAME) or "without a name")
    medoid = escaped(legible(lane.medoid, limit=_MEDOID))
    yield f'<li class="lane">\n<div class="label">\n<h2><bdi>{name}</bdi></h2>'
    if medoid:
        yield f'<p class="medoid"><bdi>{medoid}</bdi></p>'
    yield f"<p>{escaped(words.leaning(lane))}</p>\n<p>{escaped(words.account(lane))}</p>\n</div>"
    rules = "".join(f'<i class="rule" style="left:{tick.x * 100:.2f}%"></i>' for tick in ticks)
    yield f'<div class="strip">{rules}\n<div class="plot">'
    yield _stream(strip, name, place)
    yield f'<fieldset>\n<legend class="hidden">Statements: {name}</legend>'
    for mark in strip.marks:
        yield _mark(strip, mark, place)
    yield "</fieldset>\n</div>\n</div>\n</li>"


def _stream(strip: Strip, name: str, place: int) -> str:
    height = strip.above + strip.below
    up, up_edge = stream(strip.liked, left=0, width=_WIDTH, base=strip.above, room=strip.above - 4)
    down, down_edge = stream(strip.disliked, left=0, width=_WIDTH, base=strip.above, room=4 - strip.below)
    paths = (
        ("up", up),
        ("edge up-edge", up_edge),
        ("down", down),
        ("edge down-edge", down_edge),
        ("base", f"M0 {number(strip.above)}H{number(_WIDTH)}"),
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" class="stream" role="img" preserveAspectRatio="none" '
        f'aria-labelledby="t{place} d{place}" height="{number(height)}" '
        f'viewBox="0 0 {number(_WIDTH)} {number(height)}">'
        f'<title id="t{place}">{name}</title>'
        f'<desc id="d{place}">{escaped(words.described(strip.lane))}</desc>'
        + (_HATCH if place == 0 else "")
        + "".join(f'<path class="{kind}" d="{path}"/>' for kind, path in paths if path)
        + "</svg>"
    )


_HATCH: Final = (
    '<defs><pattern id="hatch" width="8" height="4" patternUnits="userSpaceOnUse">'
    '<rect width="8" height="4" style="fill:var(--disliked-tint)"/>'
    '<rect width="8" height="1" style="fill:var(--disliked);fill-opacity:.35"/></pattern></defs>'
)
"""Lines along the axis of time: they stay lines however far the stream is stretched."""


def _mark(strip: Strip, mark: Mark, place: int) -> str:
    kind = polarity(bounded(mark.dot.weight)) + (" several" if mark.more else "")
    where = (
        f"--x:{mark.x * 100:.2f}%;--y:{number(mark_height(strip, mark))}px;--d:{number(2 * radius(mark))}px"
    )
    return (
        f'<label class="mark" style="{where}"><input type="radio" name="s{place}" class="{kind}"/>'
        f'<span class="note"><b>{escaped(words.mark_facts(mark))}</b> <bdi>{_text(mark)}</bdi></span></label>'
    )


def _table(drawn: Plan) -> Iterator[str]:
    yield (
        "<details>\n<summary>The same as a table</summary>\n<table>\n"
        "<caption>What is drawn above, interest by interest.</caption>\n"
        '<thead><tr><th scope="col" class="date">Since</th><th scope="col" class="how">How</th>'
        '<th scope="col">Statement</th></tr></thead>'
    )
    for strip in drawn.strips:
        name = escaped(legible(strip.lane.name, limit=_NAME) or "without a name")
        yield f'<tbody>\n<tr><th scope="rowgroup" colspan="3"><bdi>{name}</bdi></th></tr>'
        for mark in strip.marks:
            date, _, how = words.mark_facts(mark).partition(" · ")
            yield (
                f'<tr><td class="date">{date}</td><td class="how">{escaped(how)}</td>'
                f"<td><bdi>{_text(mark)}</bdi></td></tr>"
            )
        yield "</tbody>"
    yield "</table>\n</details>"


def _text(mark: Mark) -> str:
    return escaped(legible(mark.dot.text, limit=_TEXT))
