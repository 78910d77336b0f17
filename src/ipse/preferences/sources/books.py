"""Books as Goodreads and StoryGraph export them: one CSV file each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ipse.errors import MalformedInput
from ipse.preferences.sources.file import File, Row
from ipse.preferences.sources.found import Gathering, Reading
from ipse.preferences.sources.moments import moment
from ipse.preferences.sources.plain_text import markup_text, with_maker
from ipse.preferences.sources.source import Source, one_file
from ipse.preferences.sources.weights import Scale, number, stars

__all__ = ["GOODREADS", "STORYGRAPH"]

_WANTED: Final = 0.2
"""A book that somebody means to read draws them a little."""
_GIVEN_UP: Final = -0.4
_SHELVES: Final[Mapping[str, float]] = {
    "to-read": _WANTED, "currently-reading": _WANTED,
    "did-not-finish": _GIVEN_UP, "dnf": _GIVEN_UP, "abandoned": _GIVEN_UP,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Layout:
    """The columns of a service, in lower case; the first date that is there counts."""

    form: str
    maker: str
    rating: str
    shelf: str
    review: str
    dates: tuple[str, ...]
    scale: Scale


_GOODREADS: Final = _Layout(
    "goodreads", "author", "my rating", "exclusive shelf", "my review", ("date read", "date added"), stars
)
_STORYGRAPH: Final = _Layout(
    "storygraph", "authors", "star rating", "read status", "review", ("last date read", "date added"),
    Scale(0.25, 5, 3),
)  # fmt: skip


def claims_goodreads(file: File) -> bool:
    """Whether these are the columns of a Goodreads library."""
    return {"title", "author", "my rating", "exclusive shelf"} <= set(file.columns)


def claims_storygraph(file: File) -> bool:
    """Whether these are the columns of a StoryGraph library."""
    return {"title", "authors", "star rating", "read status"} <= set(file.columns)


def read_goodreads(file: File) -> Reading:
    """Rated books, and those on the shelves to read or given up. Raises MalformedInput."""
    return _read(file, _GOODREADS)


def read_storygraph(file: File) -> Reading:
    """Rated books, and those to read or not finished. Raises MalformedInput."""
    return _read(file, _STORYGRAPH)


def _read(file: File, layout: _Layout) -> Reading:
    gathering = Gathering(file.what)
    for row in file.rows(only=("title", layout.maker, layout.rating, layout.shelf)):
        weight = _weight(row, layout, file.what)
        if weight is None:
            gathering.skip("no rating")
            continue
        dates = [at for name in layout.dates if (at := moment(row.get(name))) is not None]
        text = with_maker(row.get("title"), row.get(layout.maker))
        gathering.add(text, weight, dates[0] if dates else None, opinion=markup_text(row.get(layout.review)))
    written = {name.strip().lower(): name.strip() for name in (file.table.columns if file.table else ())}
    fields = {
        "title": "title", "maker": layout.maker, "rating": layout.rating, "shelf": layout.shelf,
        "opinion": layout.review, "date": layout.dates[0],
    }  # fmt: skip
    shown = {role: written[name] for role, name in fields.items() if name in written}
    shown["rating"] += f" ({layout.scale})"
    return gathering.reading(layout.form, shown)


def _weight(row: Row, layout: _Layout, what: str) -> float | None:
    """The rating's weight, else the shelf's; 0 and nothing are no rating."""
    rating = row.get(layout.rating)
    value = number(rating) if rating else 0.0
    if value == 0.0:
        return _SHELVES.get(row.get(layout.shelf).lower())
    if value is None or not layout.scale.holds(value):
        raise MalformedInput(
            f"{what}, line {row.line}: the rating {rating[:20]!r} is not a number from {layout.scale}"
        )
    return layout.scale.weight(value)


GOODREADS: Final = Source(claims_goodreads, one_file(read_goodreads))
STORYGRAPH: Final = Source(claims_storygraph, one_file(read_storygraph))
