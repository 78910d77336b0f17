"""Films as Letterboxd exports them: a zip of CSV files, or one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ipse.errors import MalformedInput
from ipse.preferences.sources.file import File, Row
from ipse.preferences.sources.found import Gathering, Reading
from ipse.preferences.sources.moments import moment
from ipse.preferences.sources.plain_text import markup_text
from ipse.preferences.sources.source import Source
from ipse.preferences.sources.weights import Scale, number

__all__ = ["SOURCE", "claims", "read"]

_SCALE: Final = Scale(0.5, 5, 3)
_LIKED: Final = 0.8
_LIKED_AND_RATED: Final = 0.6
"""What a heart counts at least, beside however few stars."""
_WANTED: Final = 0.2
_ROLES: Final = {
    "ratings.csv": "rated", "reviews.csv": "reviewed", "diary.csv": "diary", "films.csv": "liked",
    "watched.csv": "watched", "watchlist.csv": "wanted",
}  # fmt: skip
_NOT_HELD: Final = frozenset({"deleted", "orphaned", "lists"})
_COLUMNS: Final = frozenset({"date", "name", "year", "letterboxd uri"})


@dataclass(slots=True)
class _Film:
    """What the files say of a film together."""

    weight: float | None = None
    rated_at: datetime | None = None
    seen_at: datetime | None = None
    liked: bool = False
    wanted: bool = False
    review: str = ""


def claims(file: File) -> bool:
    """Whether these are Letterboxd's columns and nothing that the owner has deleted."""
    return set(file.columns) >= _COLUMNS and not file.folders & _NOT_HELD


def read(files: Sequence[File], what: str) -> Reading:
    """The films that are rated, liked or on the watchlist, with the reviews. Raises MalformedInput."""
    films: dict[tuple[str, str], _Film] = {}
    gathering = Gathering(what)
    for file in sorted(files, key=lambda file: _role(file) == "rated"):
        role = _role(file)
        if role == "unknown":
            raise MalformedInput(
                f"{file.what} does not say whether its films were watched, liked or wished for",
                hint="import the whole zip, or give the file its name: watched.csv, watchlist.csv, films.csv",
            )
        for row in file.rows():
            film = films.setdefault((row.get("name"), row.get("year")), _Film())
            _take(film, role, row, f"{file.what}, line {row.line}")
    for (name, year), film in films.items():
        weight = _weight(film)
        if weight is None:
            gathering.skip("watched, not rated")
        else:
            text = f"{name} ({year})" if name and year else name
            gathering.add(text, weight, film.rated_at or film.seen_at, opinion=film.review)
    return gathering.reading("letterboxd", {_role(file): file.name for file in files})


def _role(file: File) -> str:
    """What the file's films are to the owner, by its columns and then by its name."""
    columns = set(file.columns)
    if "review" in columns:
        return "reviewed"
    if "watched date" in columns:
        return "diary"
    return "rated" if "rating" in columns else _ROLES.get(file.base, "unknown")


def _take(film: _Film, role: str, row: Row, where: str) -> None:
    at = moment(row.get("watched date")) or moment(row.get("date"))
    if role == "liked":
        film.liked = True
    elif role == "wanted":
        film.wanted = True
    if role == "reviewed" and row.get("review"):
        film.review = markup_text(row.get("review"))
    if film.seen_at is None or (at is not None and at > film.seen_at):
        film.seen_at = at
    rating = row.get("rating")
    if rating and _is_newer(film, role, at):
        film.weight, film.rated_at = _stars(rating, where), at


def _is_newer(film: _Film, role: str, at: datetime | None) -> bool:
    """Whether this rating replaces the one that is known: the ratings hold what is thought now."""
    if film.weight is None or role == "rated" or film.rated_at is None:
        return True
    return at is not None and at >= film.rated_at


def _stars(rating: str, where: str) -> float:
    value = number(rating)
    if value is None or not _SCALE.holds(value):
        raise MalformedInput(f"{where}: the rating {rating[:20]!r} is not a number from {_SCALE}")
    return _SCALE.weight(value)


def _weight(film: _Film) -> float | None:
    if film.weight is not None:
        return max(film.weight, _LIKED_AND_RATED) if film.liked else film.weight
    if film.liked:
        return _LIKED
    return _WANTED if film.wanted else None


SOURCE: Final = Source(claims, read)
