"""Things with a rating in anybody's table or list of JSON objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ipse.encoding import strict_json
from ipse.encoding.safe_text import is_printable
from ipse.encoding.strict_json import Json
from ipse.errors import InputTooLarge, MalformedInput
from ipse.preferences.sources.file import MAX_RECORDS, File, Row
from ipse.preferences.sources.found import Gathering, Reading
from ipse.preferences.sources.moments import moment
from ipse.preferences.sources.plain_text import with_maker
from ipse.preferences.sources.weights import SCALES, Scale, number, scale_of, word_weight

__all__ = ["read_lines", "read_table", "records"]

_TITLES: Final = ("title", "name", "text", "item")
_MAKERS: Final = ("author", "authors", "artist", "creator", "director", "by")
_KINDS: Final = ("genres", "genre", "tags")
_SWITCHES: Final = ("like", "liked", "favourite", "favorite")
_WEIGHTS: Final = ("weight",)
_RATINGS: Final = (
    "rating",
    "my rating",
    "your rating",
    "star rating",
    "stars",
    "score",
    *_WEIGHTS,
    *_SWITCHES,
)
_OPINIONS: Final = ("opinion", "review", "my review", "comment", "notes")
_DATES: Final = (
    "date", "date rated", "date read", "date watched", "watched date", "date added", "added", "created",
    "timestamp", "time", "valid_from",
)  # fmt: skip
_ROLES: Final[Mapping[str, Sequence[str]]] = {
    "title": _TITLES, "maker": _MAKERS, "genres": _KINDS, "rating": _RATINGS, "opinion": _OPINIONS,
    "date": _DATES,
}  # fmt: skip
_NAMES: Final = tuple(name for names in _ROLES.values() for name in names)


@dataclass(frozen=True, slots=True)
class _Rated:
    where: str
    row: Row
    rating: str


def read_table(file: File, *, scale: str | None = None) -> Reading:
    """A table with a title and a rating. Raises MalformedInput naming the line."""
    roles = _roles(file.columns, file.what)
    written = {name.strip().lower(): name.strip() for name in (file.table.columns if file.table else ())}
    comma = file.table is not None and file.table.delimiter != ","
    taken = set(roles.values())
    rows = [
        (f"{file.what}, line {row.line}", Row(row.line, {name: row.get(name) for name in taken}))
        for row in file.rows(only=_NAMES)
    ]
    return _Ratings(file.what, roles, written, comma=comma, strict=True).read("csv", rows, scale)


def read_lines(file: File, *, scale: str | None = None) -> Reading:
    """JSON objects with a title and a rating, one a line or in an array. Raises MalformedInput."""
    written: dict[str, str] = {}
    rows = []
    for where, record in records(file):
        if not isinstance(record, dict):
            raise MalformedInput(f"{where}: no JSON object")
        cells = {}
        for name, value in record.items():
            known = name.strip().lower()
            if known in _NAMES:
                written.setdefault(known, name)
                cells[known] = _cell(value)
        rows.append((where, Row(0, cells)))
    roles = _roles(tuple(written), file.what)
    return _Ratings(file.what, roles, written, comma=False, strict=False).read("ndjson", rows, scale)


def records(file: File) -> list[tuple[str, Json]]:
    """The values of an array, or of the lines, each with where it stands. Raises MalformedInput."""
    if not file.is_object:
        value = file.json()
        items = value if isinstance(value, list) else [value]
        _check_count(file, len(items))
        return [(f"{file.what}, entry {number}", item) for number, item in enumerate(items, 1)]
    _check_count(file, file.text.count("\n"))
    places = ((f"{file.what}, line {line}", text) for line, text in enumerate(file.text.split("\n"), 1))
    return [(where, strict_json.parse(text, what=where)) for where, text in places if text.strip()]


def _check_count(file: File, count: int) -> None:
    if count > MAX_RECORDS:
        raise InputTooLarge(f"{file.what} has more than {MAX_RECORDS} entries", hint="split it")


class _Ratings:
    """Reads rows whose columns are known. `strict` refuses a row without a title, else it is left out."""

    def __init__(
        self, what: str, roles: Mapping[str, str], written: Mapping[str, str], *, comma: bool, strict: bool
    ) -> None:
        self._what = what
        self._roles = roles
        self._written = written
        self._comma = comma
        self._strict = strict
        self._gathering = Gathering(what)
        self._dates_missed = 0

    def read(self, form: str, rows: Sequence[tuple[str, Row]], wanted: str | None) -> Reading:
        rated = [entry for where, row in rows if (entry := self._rated(where, row)) is not None]
        weigh, shown = self._scale(rated, wanted)
        for entry in rated:
            self._add(entry, weigh(entry))
        fields = {role: self._written.get(name, name) for role, name in self._roles.items()}
        fields["rating"] += f" ({shown})"
        if self._dates_missed:
            fields["date"] += f" ({self._dates_missed} not understood)"
        return self._gathering.reading(form, fields)

    def _rated(self, where: str, row: Row) -> _Rated | None:
        rating = row.get(self._roles["rating"])
        if not row.get(self._roles["title"]):
            if self._strict:
                raise MalformedInput(f"{where}: no {self._written[self._roles['title']]}")
            self._gathering.skip("no title")
        elif not rating:
            self._gathering.skip("no rating")
        else:
            return _Rated(where, row, rating)
        return None

    def _scale(self, rated: Sequence[_Rated], wanted: str | None) -> tuple[Callable[[_Rated], float], str]:
        column = self._roles["rating"]
        figures = [value for entry in rated if (value := self._figure(entry.rating)) is not None]
        words = any(word_weight(entry.rating) is not None for entry in rated) and not figures
        if words and wanted is None:
            return self._word, "like or dislike"
        fitting = (
            SCALES[wanted]
            if wanted is not None
            else scale_of(figures, signed=column in _WEIGHTS, switch=column in _SWITCHES)
        )
        # Where none holds all, the one that holds the most names the row that is wrong.
        scale = fitting or max(
            SCALES.values(), key=lambda each: (sum(map(each.holds, figures)), each.best - each.worst)
        )
        return (lambda entry: self._on(scale, entry)), str(scale)

    def _figure(self, rating: str) -> float | None:
        return number(rating, comma=self._comma)

    def _word(self, entry: _Rated) -> float:
        weight = word_weight(entry.rating)
        if weight is None:
            raise MalformedInput(f"{entry.where}: {entry.rating[:20]!r} is neither like nor dislike")
        return weight

    def _on(self, scale: Scale, entry: _Rated) -> float:
        value = self._figure(entry.rating)
        if value is None or not scale.holds(value):
            raise MalformedInput(
                f"{entry.where}: the rating {entry.rating[:20]!r} is not a number from {scale}"
            )
        return scale.weight(value)

    def _add(self, entry: _Rated, weight: float) -> None:
        cell = {role: entry.row.get(column) for role, column in self._roles.items()}
        at = moment(cell.get("date", ""))
        self._dates_missed += bool(cell.get("date")) and at is None
        text = with_maker(cell["title"], cell.get("maker", ""))
        if kinds := cell.get("genres", ""):
            text += f" ({kinds.replace('|', ', ')})"
        self._gathering.add(text, weight, at, opinion=cell.get("opinion", ""))


def _roles(columns: Sequence[str], what: str) -> dict[str, str]:
    roles = {
        role: column
        for role, names in _ROLES.items()
        if (column := next((name for name in names if name in columns), None)) is not None
    }
    if "title" not in roles or "rating" not in roles:
        from ipse.preferences.sources import FORMATS

        seen = ", ".join(name[:30] for name in columns[:8] if is_printable(name))
        others = f"{', '.join(FORMATS[2:-1])} and {FORMATS[-1]}"
        raise MalformedInput(
            f"{what} has no column for the title and the rating" + (f", only {seen}" if seen else ""),
            hint=f"a table's first line names them: title,rating; other formats are {others} (--format)",
        )
    return roles


def _cell(value: Json) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return f"{value:.17f}".rstrip("0")
        case list():
            return ", ".join(item for item in value if isinstance(item, str))
        case _:
            return ""
