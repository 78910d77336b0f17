"""Statements from a CSV file of things with a rating."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ipse.errors import MalformedInput

__all__ = ["Columns", "RatedText", "read"]

_TITLES: Final = ("title", "name", "text", "item")
_MAKERS: Final = ("author", "artist", "creator", "director", "by")
_RATINGS: Final = ("rating", "my rating", "stars", "score")
_OPINIONS: Final = ("opinion", "review", "my review", "comment", "notes")
_NUMBER: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{0,9})?")
_BEST: Final = 5.0
_WORST: Final = 1.0


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column was taken for what; None where there is none."""

    title: str
    maker: str | None
    rating: str
    opinion: str | None


@dataclass(frozen=True, slots=True)
class RatedText:
    """What is said of one thing, and its weight in [-1, 1]."""

    text: str
    weight: float


def read(text: str, *, what: str = "input") -> tuple[Columns, list[RatedText]]:
    """The columns that were recognised and a rated text for each row that has a rating.

    Ratings run from 1 to 5; 3 is neutral. Raises MalformedInput naming the line.
    """
    if "\0" in text:
        raise MalformedInput(f"{what} is no text: it holds a NUL")
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True, restval="")
    try:
        columns = _columns(reader.fieldnames or [], what)
        return columns, list(_rows(reader, columns, what))
    except csv.Error as error:
        raise MalformedInput(f"{what} is not CSV: {error} at line {reader.reader.line_num}") from error


def _columns(names: Sequence[str], what: str) -> Columns:
    known = [name.strip().lower() for name in names]
    for name in (*_TITLES, *_MAKERS, *_RATINGS, *_OPINIONS):
        if known.count(name) > 1:
            raise MalformedInput(f"{what} has two columns named {name}", hint="leave one of them out")
    by_name = {name.strip().lower(): name for name in names}

    def first(wanted: Sequence[str]) -> str | None:
        return next((by_name[name] for name in wanted if name in by_name), None)

    title, rating = first(_TITLES), first(_RATINGS)
    if title is None or rating is None:
        raise MalformedInput(
            f"{what} has no column for the title and the rating",
            hint="the first line names them: title,rating",
        )
    return Columns(title, first(_MAKERS), rating, first(_OPINIONS))


def _rows(reader: csv.DictReader[str], columns: Columns, what: str) -> Iterator[RatedText]:
    for row in reader:
        if None in row:
            raise MalformedInput(f"{what}, line {reader.line_num}: more cells than columns")
        title, rating = row[columns.title].strip(), row[columns.rating].strip()
        if not title:
            raise MalformedInput(f"{what}, line {reader.line_num}: no {columns.title}")
        if not rating:
            continue
        maker = row[columns.maker].strip() if columns.maker else ""
        opinion = row[columns.opinion].strip() if columns.opinion else ""
        text = title + (f" by {maker}" if maker else "") + (f": {opinion}" if opinion else "")
        yield RatedText(text, _weight(rating, f"{what}, line {reader.line_num}"))


def _weight(rating: str, where: str) -> float:
    number = float(rating) if _NUMBER.fullmatch(rating) else float("nan")
    if not _WORST <= number <= _BEST:
        raise MalformedInput(f"{where}: the rating {rating[:20]!r} is not a number from 1 to 5")
    return (2 * number - _BEST - _WORST) / (_BEST - _WORST)
