"""Rows laid out in the cells of a terminal: as a table, or where it is too narrow, one fact a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ipse.cli.lines import cells, cut, wrapped

__all__ = ["aligned", "facts", "table"]

_GAP: Final = "  "
_UNDER: Final = "  "
_LEAST: Final = 12
"""Cells that a column keeps when its texts are cut."""


def aligned(lines: Sequence[Sequence[str]], widths: Sequence[int] | None = None) -> Iterator[str]:
    """Lines of cells as columns, each as wide as its widest cell or as `widths` says."""
    widths = widths or _natural(lines)
    for line in lines:
        padded = [text + " " * (width - cells(text)) for text, width in zip(line, widths, strict=True)]
        yield _GAP.join(padded).rstrip()


def table(
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    *,
    cuts: Sequence[str] = (),
    ellipsis: str = "…",
    heading: Callable[[str], str] = str,
) -> Iterator[str]:
    """The lines of a table under its headings, none wider than `width`.

    Only the columns in `cuts` may lose the ends of their texts, the last of them first. Where that is not
    enough, each row is a block of facts. `heading` dresses the line of headings.
    """
    titles = [name.replace("_", " ") for name in names]
    widths = _shrunk(_natural([titles, *rows]), names, width, cuts)
    if sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        for number, row in enumerate(rows):
            if number:
                yield ""
            yield from facts(dict(zip(titles, row, strict=True)), width)
        return
    short = [
        [cut(text, room, ellipsis=ellipsis) for text, room in zip(row, widths, strict=True)] for row in rows
    ]
    head, *body = aligned([titles, *short], widths)
    yield heading(head)
    yield from body


def facts(members: dict[str, str], width: int | None) -> Iterator[str]:
    """The members of one thing, a line each, wrapped at words behind their names; None wraps nothing.

    A value with a word that has no room there begins on a line of its own, further to the left.
    """
    room = max(map(len, members), default=0) + 3
    for name, value in members.items():
        label = f"{name + ':':<{room}}"
        if width is None:
            yield (label + value).rstrip()
        elif max(map(cells, value.split(" "))) > width - room:
            yield label.rstrip()
            yield from wrapped(value, width, first=_UNDER, rest=_UNDER)
        else:
            yield from wrapped(value, width, first=label, rest=" " * room)


def _natural(lines: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(cells, column)) for column in zip(*lines, strict=True)]


def _shrunk(widths: list[int], names: Sequence[str], width: int, cuts: Sequence[str]) -> list[int]:
    """`widths` after the columns that may be cut have given way, the last of `cuts` first."""
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    for name in reversed(cuts):
        place = names.index(name)
        given = min(over, widths[place] - max(_LEAST, cells(name)))
        if given > 0:
            widths[place] -= given
            over -= given
    return widths
