"""The picture as a drawing of its own: SVG 1.1 with a style sheet for both colour schemes, and no script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from ipse.preferences.picture import words
from ipse.preferences.picture.lanes import Lane, Mark, bounded, polarity
from ipse.preferences.picture.layout import Plan, Strip, Tick, plan
from ipse.preferences.picture.style import DARK, LIGHT, Palette
from ipse.preferences.picture.words import escaped, fitting, legible

__all__ = ["mark_height", "number", "radius", "stream", "svg"]

_EDGE = 8.0
"""Pixels between a mark of full weight and the strip's edge."""


def number(value: float) -> str:
    """A coordinate to a tenth, as short as it goes."""
    return f"{value + 0.0:.1f}".removesuffix(".0") if abs(value) >= 0.05 else "0"


def radius(mark: Mark) -> int:
    """Whole pixels, 4 to 7: the stronger the statement, the larger its mark."""
    return 4 + round(3 * abs(bounded(mark.dot.weight)))


def mark_height(strip: Strip, mark: Mark) -> float:
    """Pixels from the strip's top to the middle of a mark."""
    room = strip.above - _EDGE if mark.y > 0 else strip.below - _EDGE
    return strip.above - mark.y * room


def stream(
    shares: Sequence[float], *, left: float, width: float, base: float, room: float
) -> tuple[str, str]:
    """The path of a filled stream and the path of its edge alone; empty where nothing was ever said.

    `room` is the height of a share of 1, upwards where it is positive.
    """
    last = len(shares) - 1
    filled = [place for place, share in enumerate(shares) if abs(share * room) >= 0.3]
    if not filled:
        return "", ""
    first, end = max(filled[0] - 1, 0), min(filled[-1] + 1, last)
    points = [
        f"{number(left + width * place / last)} {number(base - shares[place] * room)}"
        for place in range(first, end + 1)
    ]
    edge = "M" + "L".join(points)
    start, stop = (number(left + width * place / last) for place in (first, end))
    return f"{edge}L{stop} {number(base)}L{start} {number(base)}Z", edge


_WIDTH, _MARGIN, _LEFT, _TOP = 1040.0, 28.0, 290.0, 138.0
"""Pixels: the whole, its edge, where the strips begin from the left and from the top."""
_STRIP: Final = _WIDTH - _MARGIN - _LEFT
_LABEL: Final = _LEFT - 2 * _MARGIN
_LABEL_HEIGHT: Final = 76.0
_NOTE: Final = 26.0
"""The row under each strip where the chosen statement is shown: nothing else is drawn there."""
_DIAMOND: Final = 4.4


def svg(lanes: Sequence[Lane], *, now: datetime, title: str) -> str:
    """One self-contained drawing, under two megabytes for any number of statements."""
    drawn = plan(lanes, now=now)
    tops = [_TOP]
    for strip in drawn.strips:
        tops.append(tops[-1] + _lane_height(strip))
    return "\n".join(_drawing(drawn, tops, now=now, title=legible(title, limit=120)))


def _drawing(drawn: Plan, tops: Sequence[float], *, now: datetime, title: str) -> Iterator[str]:
    sentences = _lines(words.caption(drawn), size=13, width=_WIDTH - 2 * _MARGIN)
    height = tops[-1] + 58 + 19 * len(sentences)
    summary = words.summary(drawn, now=now)
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(_WIDTH)} {number(height)}" '
        f'width="{number(_WIDTH)}" height="{number(height)}" role="group" aria-labelledby="title about">\n'
        f'<title id="title">{escaped(title)}</title>\n<desc id="about">{escaped(summary)}</desc>\n'
        f"<style>{_style()}</style>\n{_definitions(height)}\n"
        f'<rect class="ground" width="{number(_WIDTH)}" height="{number(height)}"/>'
    )
    yield _line(title, x=_MARGIN, y=48, size=26, width=_WIDTH - 2 * _MARGIN, style="ink strong")
    yield _line(summary, x=_MARGIN, y=74, size=15, width=_WIDTH - 2 * _MARGIN, style="quiet")
    if drawn.strips:
        yield from _legend()
        yield from _axis(drawn.ticks, _TOP - 10)
        yield from _axis(drawn.ticks, tops[-1] + 20)
    for place, (strip, top) in enumerate(zip(drawn.strips, tops, strict=False)):
        yield from _lane(strip, drawn.ticks, top, place)
    for place, sentence in enumerate(sentences):
        yield _line(sentence, x=_MARGIN, y=tops[-1] + 54 + 19 * place, size=13, width=_WIDTH, style="quiet")
    yield "</svg>\n"


def _lane_height(strip: Strip) -> float:
    return max(_LABEL_HEIGHT, strip.above + strip.below) + _NOTE


def _lane(strip: Strip, ticks: Sequence[Tick], top: float, place: int) -> Iterator[str]:
    lane, height = strip.lane, _lane_height(strip)
    base = top + (height - _NOTE - strip.above - strip.below) / 2 + strip.above
    name = legible(lane.name, limit=60) or "without a name"
    yield (
        f'<g role="img" aria-labelledby="t{place} d{place}"><title id="t{place}">{escaped(name)}</title>'
        f'<desc id="d{place}">{escaped(words.described(lane))}</desc>'
    )
    grid = "".join(f"M{number(_LEFT + tick.x * _STRIP)} {number(top)}v{number(height)}" for tick in ticks)
    yield _path("grid", f"M{number(_MARGIN)} {number(top)}H{number(_WIDTH - _MARGIN)}{grid}")
    yield from _label(lane, name, top + (height - _LABEL_HEIGHT) / 2)
    for shares, kind, room in (
        (strip.liked, "up", strip.above - 4),
        (strip.disliked, "down", 4 - strip.below),
    ):
        filled, edge = stream(shares, left=_LEFT, width=_STRIP, base=base, room=room)
        yield _path(kind, filled) + _path(f"edge {kind}-edge", edge)
    yield _path("base", f"M{number(_LEFT)} {number(base)}h{number(_STRIP)}") + "</g>"
    for mark in strip.marks:
        yield _mark(
            mark, _LEFT + mark.x * _STRIP, base - strip.above + mark_height(strip, mark), top + height
        )


def _label(lane: Lane, name: str, top: float) -> Iterator[str]:
    medoid = legible(lane.medoid, limit=110)
    yield '<g clip-path="url(#labels)">'
    yield _line(name, x=_MARGIN, y=top + 17, size=16, width=_LABEL, style="ink strong")
    yield _line(medoid, x=_MARGIN, y=top + 36, size=13, width=_LABEL, style="ink slanted")
    yield _line(words.leaning(lane), x=_MARGIN, y=top + 54, size=12, width=1.15 * _LABEL, style="quiet")
    yield _line(words.account(lane), x=_MARGIN, y=top + 71, size=12, width=1.15 * _LABEL, style="quiet")
    yield "</g>"


def _mark(mark: Mark, x: float, y: float, lane_end: float) -> str:
    kind, size = polarity(bounded(mark.dot.weight)), radius(mark)
    said = f"{words.mark_facts(mark)} · {legible(mark.dot.text, limit=120)}"
    halo = f'<circle class="halo {kind}" cx="{number(x)}" cy="{number(y)}" r="{number(size + 3)}"/>'
    return (
        f'<g class="mark" tabindex="0" role="img"><title>{escaped(said)}</title>{halo if mark.more else ""}'
        f'{_shape(kind, x, y, size)}<g class="note" clip-path="url(#strips)">'
        f'<rect class="raised" x="{number(_LEFT)}" y="{number(lane_end - _NOTE + 1)}" '
        f'width="{number(_STRIP)}" height="{number(_NOTE - 2)}"/>'
        f"{_line(said, x=_LEFT + 8, y=lane_end - 8, size=13, width=1.1 * _STRIP, style='ink')}</g></g>"
    )


def _shape(kind: str, x: float, y: float, size: float) -> str:
    if kind == "neutral":
        side = number(_DIAMOND)
        return _path(
            kind, f"M{number(x)} {number(y - _DIAMOND)}l{side} {side} -{side} {side} -{side} -{side}z"
        )
    inset = 0 if kind == "liked" else 1
    return f'<circle class="{kind}" cx="{number(x)}" cy="{number(y)}" r="{number(size - inset)}"/>'


def _legend() -> Iterator[str]:
    said = (("liked", "liked: filled"), ("disliked", "disliked: a ring"), ("neutral", "neutral: a diamond"))
    for place, (kind, text) in enumerate(said):
        x = _MARGIN + 6 + 150 * place
        yield _shape(kind, x, 99, 6) + _line(text, x=x + 13, y=103.5, size=13, width=150, style="ink")
    yield _line("the larger, the stronger", x=_MARGIN + 470, y=103.5, size=13, width=250, style="ink")


def _axis(ticks: Sequence[Tick], y: float) -> Iterator[str]:
    for tick in ticks:
        side = "start" if tick.x < 0.06 else "end" if tick.x > 0.94 else "middle"
        place = f'x="{number(_LEFT + tick.x * _STRIP)}" y="{number(y)}" text-anchor="{side}"'
        yield f'<text class="quiet" {place} font-size="12">{escaped(tick.label)}</text>'


def _line(text: str, *, x: float, y: float, size: float, width: float, style: str) -> str:
    """A line of text, cut to `width`; its direction is its own and stays in it."""
    shown = escaped(fitting(text, size=size, width=width))
    place = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}"'
    return f'<text class="{style}" {place}><tspan class="apart">{shown}</tspan></text>' if shown else ""


def _lines(text: str, *, size: float, width: float) -> list[str]:
    """`text` broken into lines of at most `width`."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and fitting(longer, size=size, width=width) == longer:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _path(style: str, path: str) -> str:
    return f'<path class="{style}" d="{path}"/>' if path else ""


def _definitions(height: float) -> str:
    whole = f'y="0" height="{number(height)}"'
    return (
        '<defs><pattern id="hatch" width="8" height="4" patternUnits="userSpaceOnUse">'
        '<rect class="hatch" width="8" height="4"/><rect class="hatching" width="8" height="1"/></pattern>'
        f'<clipPath id="labels"><rect x="{number(_MARGIN)}" width="{number(_LABEL + 8)}" {whole}/>'
        f'</clipPath><clipPath id="strips"><rect x="{number(_LEFT)}" width="{number(_STRIP)}" {whole}/>'
        "</clipPath></defs>"
    )


def _style() -> str:
    """The dark colours come second and only where they are asked for: what knows no such rule stays light."""
    return f"{_RULES}{_colours(LIGHT)}\n@media screen and (prefers-color-scheme:dark){{{_colours(DARK)}}}"


_RULES: Final = (
    "svg{color-scheme:light dark;display:block;margin:0 auto;max-width:100%;height:auto}"
    "text{font-family:system-ui,sans-serif}.strong{font-weight:600}.slanted{font-style:italic}"
    ".apart{unicode-bidi:isolate}.grid,.base,.edge,.halo{fill:none}.base{stroke-opacity:.55}"
    ".edge{stroke-width:1.25}.disliked,.neutral{stroke-width:2}.halo{fill:none!important;stroke-width:1}"
    ".down{fill:url(#hatch)}.hatching{fill-opacity:.35}.note{visibility:hidden;pointer-events:none}"
    ".mark{cursor:pointer;outline:none}.mark:hover>.note,.mark:focus>.note{visibility:visible}"
    ".mark:focus>circle,.mark:focus>path{stroke-width:3}"
)


def _colours(colours: Palette) -> str:
    return (
        f"svg{{background:{colours.ground}}}.mark:focus>circle,.mark:focus>path{{stroke:{colours.ink}!important}}"
        f".ground{{fill:{colours.ground}}}.raised{{fill:{colours.raised}}}.ink{{fill:{colours.ink}}}"
        f".quiet{{fill:{colours.quiet}}}.grid{{stroke:{colours.rule}}}.base{{stroke:{colours.quiet}}}"
        f".up{{fill:{colours.liked_tint}}}.up-edge{{stroke:{colours.liked}}}"
        f".down-edge{{stroke:{colours.disliked}}}.hatch{{fill:{colours.disliked_tint}}}"
        f".hatching{{fill:{colours.disliked}}}.liked{{fill:{colours.liked};stroke:{colours.liked}}}"
        f".disliked{{fill:{colours.ground};stroke:{colours.disliked}}}"
        f".neutral{{fill:{colours.ground};stroke:{colours.neutral}}}"
    )
