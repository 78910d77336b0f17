"""`ipse profile map | stats`: the profile as a drawing and in numbers."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ipse.cli import params
from ipse.cli.context import context_of
from ipse.cli.output import Output, cells, cut, printable
from ipse.cli.params import Force
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import format_day
from ipse.errors import UsageError
from ipse.wallet import output_files

if TYPE_CHECKING:
    from ipse.wallet.profile.picture import Figures

__all__ = ["map_", "stats"]

_FORMS: Final = {".html": "html", ".htm": "html", ".svg": "svg"}
_BARS: Final = 40
"""Characters of the longest bar; with its label and its number it stays within 80."""
_LABEL: Final = 26
_NARROW_LABEL: Final = 8
_NUMBERS: Final = 14
"""Columns beside a label and its bar: gaps and a number."""
_PERIODS: Final = 36
"""Rows of the bar chart; what is older is put together."""
_EIGHTHS: Final = "▏▎▍▌▋▊▉█"


def map_(
    ctx: typer.Context,
    output: Annotated[
        str,
        typer.Option("-o", "--output", metavar="FILE|-", help="A page (.html) or a drawing (.svg)."),
    ],
    with_secret: Annotated[bool, typer.Option("--with-secret", help="Draw secret statements too.")] = False,
    force: Force = False,
) -> None:
    """Draw your interests over time; any browser opens it.

    The file holds what you said in clear. It loads nothing and runs no script.
    """
    from ipse.wallet.profile import picture

    context = context_of(ctx)
    form = "html" if output == "-" else _FORMS.get(Path(output).suffix.lower())
    if form is None:
        raise UsageError(
            f"{output!r} is neither a page nor a drawing", hint="name it like map.html or map.svg"
        )
    params.check_output(output, force=force)
    with context.wallet(embeds=True) as wallet:
        drawn = picture.draw(
            wallet, context.embedder(wallet), form=form, now=context.now, with_secret=with_secret
        )
    if output != "-":
        output_files.write_text(output, drawn, replace=force)
    secret = "secret statements too" if with_secret else "all but what is secret"
    name = "this page" if output == "-" else printable(output)
    context.output.message(f"{name} holds your profile in clear ({secret}): keep it to yourself")
    facts: JsonObject = {"form": form, "with_secret": with_secret}
    if output == "-":
        context.output.exact(drawn.removesuffix("\n"), {"page": drawn, **facts})
    else:
        context.output.result(printable(output), {"file": output, **facts})


def stats(ctx: typer.Context) -> None:
    """Count what the profile holds."""
    from ipse.wallet.profile import picture, statements

    context = context_of(ctx)
    with context.wallet(embeds=True) as wallet:
        embedder = context.embedder(wallet) if statements.count(wallet) else None
        found = picture.figures(wallet, embedder)
    context.output.result("\n".join(_page(found, _Chart(context.output))), _object(found))


def _page(found: Figures, chart: _Chart) -> Iterator[str]:
    since, until = (format_day(moment) if moment else "-" for moment in (found.since, found.until))
    graded = f"{found.liked} liked, {found.disliked} disliked, {found.neutral} neutral"
    yield f"opinions:     {found.liked + found.disliked + found.neutral} ({graded})"
    yield f"facts:        {found.facts}"
    yield f"taken back:   {found.past}"
    yield f"sensitivity:  {', '.join(f'{found.sensitivities.get(name, 0)} {name}' for name in _LEVELS)}"
    yield f"since, until: {since}, {until}"
    yield f"model:        {found.model or '-'} ({found.vectors} vectors)"
    yield f"vault:        {_size(found.vault)}"
    if found.sources:
        yield from ("", "by source", *chart.bars(found.sources))
    if found.periods:
        yield from ("", "by year" if len(next(iter(found.periods))) == 4 else "by month")
        yield from chart.bars(_recent(found.periods))
    if found.interests:
        yield from ("", "interests, from disliked (left) to liked (right)")
        for lane in sorted(found.interests, key=lambda lane: -lane.affinity):
            yield f"  {chart.lane(lane.name, lane.affinity)}  {lane.affinity:+.2f}  {len(lane.dots)}"


def _object(found: Figures) -> JsonObject:
    return {
        "opinions": found.liked + found.disliked + found.neutral,
        "liked": found.liked,
        "disliked": found.disliked,
        "neutral": found.neutral,
        "facts": found.facts,
        "past": found.past,
        **{name: found.sensitivities.get(name, 0) for name in _LEVELS},
        "since": format_day(found.since) if found.since else None,
        "until": format_day(found.until) if found.until else None,
        "model": found.model,
        "vectors": found.vectors,
        "vault_bytes": found.vault,
        "sources": [{"source": name, "statements": count} for name, count in found.sources.items()],
        "periods": [{"period": name, "statements": count} for name, count in found.periods.items()],
        "interests": [
            {"name": lane.name, "affinity": round(lane.affinity, 3), "statements": len(lane.dots)}
            for lane in found.interests
        ],
    }


_LEVELS: Final = ("public", "private", "secret")


class _Chart:
    """Bars and scales as wide as the terminal has room for, and within 80 columns."""

    def __init__(self, output: Output) -> None:
        self._output = output
        width = min(output.width or 80, 80)
        self._label = max(_NARROW_LABEL, min(_LABEL, width // 3))
        self._room = max(width - self._label - _NUMBERS, 1)

    def bars(self, counts: Mapping[str, int]) -> Iterator[str]:
        """A bar a line, the longest as long as there is room for."""
        highest = max(counts.values())
        width = min(self._label, max(cells(self._spelled(name)) for name in counts))
        for name, count in counts.items():
            yield f"  {self._fitted(name, width)}  {self._bar(count / highest)} {count}".rstrip()

    def lane(self, name: str, affinity: float) -> str:
        """A name, and an affinity in [-1, 1] as a bar to the left or to the right of the middle."""
        full, middle = (self._output.mark(*pair) for pair in (("█", "#"), ("│", "|")))
        half = min(_BARS, self._room) // 4
        filled = max(-half, min(half, round(affinity * half)))
        bar = f"{(full * -filled).rjust(half)}{middle}{(full * filled).ljust(half)}"
        return f"{self._fitted(name, self._label)}  {bar}"

    def _bar(self, share: float) -> str:
        """A bar of `share` of the room in eighths of a character, or in whole ones."""
        room = min(_BARS, self._room)
        if self._output.mark(_EIGHTHS, "#") == "#":
            return "#" * max(round(share * room), share > 0)
        eighths = max(round(share * room * 8), share > 0)
        return _EIGHTHS[-1] * (eighths // 8) + (_EIGHTHS[eighths % 8 - 1] if eighths % 8 else "")

    def _fitted(self, text: str, width: int) -> str:
        """`text` in just `width` columns of a terminal."""
        shown = cut(self._spelled(text), width, ellipsis=self._output.mark("…", "."))
        return shown + " " * (width - cells(shown))

    def _spelled(self, text: str) -> str:
        """`text` with what this terminal can't write spelled out."""
        encoding = sys.stdout.encoding or "ascii"
        return printable(text).encode(encoding, "backslashreplace").decode(encoding)


def _recent(periods: Mapping[str, int]) -> dict[str, int]:
    """The last periods, and one row for all before them."""
    names = list(periods)
    older, shown = names[:-_PERIODS], names[-_PERIODS:]
    before = {f"to {older[-1]}": sum(periods[name] for name in older)} if older else {}
    return {**before, **{name: periods[name] for name in shown}}


def _size(count: int) -> str:
    return f"{count / 1024 / 1024:.1f} MiB" if count >= 1024 * 1024 else f"{count / 1024:.0f} KiB"
