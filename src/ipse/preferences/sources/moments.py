"""When something was said, as programs write it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from ipse.encoding.timestamps import at_seconds

__all__ = ["moment"]

_ISO: Final = re.compile(
    r"(?P<year>\d{4})(?P<sign>[-/.])(?P<month>\d\d?)(?P=sign)(?P<day>\d\d?)"
    r"(?:[T ](?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)?)?"
    r"\s?(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_FIRST: Final = re.compile(r"([a-z]{3})[a-z]*\.? (\d\d?), (\d{4})\b", re.ASCII | re.IGNORECASE)
_DAY_FIRST: Final = re.compile(r"(\d\d?) ([a-z]{3})[a-z]*\.? (\d{4})\b", re.ASCII | re.IGNORECASE)
_EPOCH: Final = re.compile(r"-?\d{9,16}", re.ASCII)
_LONGEST: Final = 80
_YEARS: Final = range(1900, 2200)


def moment(text: str) -> datetime | None:
    """The UTC time that `text` tells, None where it tells none that can be.

    Takes RFC 3339 and its relatives, days with the year first, English dates (the day only, since
    letters name no time zone for certain), and seconds, milliseconds or microseconds since 1970. A day
    is its first second. A date in figures that could be the month's or the day's first is no date.
    """
    text = " ".join(text[: _LONGEST + 1].split())
    if not text or len(text) > _LONGEST:
        return None
    try:
        found = _iso(text) or _english(text) or _epoch(text)
    except (ValueError, OverflowError):
        return None
    return found if found is not None and found.year in _YEARS else None


def _iso(text: str) -> datetime | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    parts = ("year", "month", "day", "hour", "minute", "second")
    year, month, day, hour, minute, second = (int(match[name] or 0) for name in parts)
    local = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=_zone(match["zone"]))
    return local.astimezone(UTC)


def _zone(name: str | None) -> timezone:
    if name is None or name[0] not in "+-":
        return UTC
    offset = timedelta(hours=int(name[1:3]), minutes=int(name[-2:]))
    return timezone(-offset if name[0] == "-" else offset)


def _english(text: str) -> datetime | None:
    if match := _MONTH_FIRST.match(text):
        name, day, year = match[1], match[2], match[3]
    elif match := _DAY_FIRST.match(text):
        day, name, year = match[1], match[2], match[3]
    else:
        return None
    if name.lower() not in _MONTHS:
        return None
    return datetime(int(year), _MONTHS.index(name.lower()) + 1, int(day), tzinfo=UTC)


def _epoch(text: str) -> datetime | None:
    if not _EPOCH.fullmatch(text):
        return None
    digits = len(text.lstrip("-"))
    scale = 1 if digits <= 10 else 1000 if digits <= 13 else 1_000_000
    return at_seconds(int(text) // scale)
