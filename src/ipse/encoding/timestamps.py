"""Times as they are written down: the only module that reads and writes them.

- dateTimeStamp (XSD 1.1 part 2 section 3.4.28): RFC 3339 with its zone always written, the data model's form.
- NumericDate (RFC 7519 section 2): seconds since 1970-01-01T00:00:00Z, the form of JWT claims.
- A day (RFC 3339 full-date), which stands for its first second in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from ipse.encoding.strict_json import Json, excerpt
from ipse.errors import MalformedInput

__all__ = [
    "at_seconds",
    "format_day",
    "format_local",
    "format_timestamp",
    "from_numeric_date",
    "parse_day",
    "parse_timestamp",
    "to_numeric_date",
]

_TIMESTAMP: Final = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,18})?(Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))", re.ASCII
)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND: Final = 253_402_300_799
"""The last second of the year 9999."""


def format_timestamp(moment: datetime) -> str:
    """`moment` (aware) to the second, in UTC: 2026-01-31T12:00:00Z."""
    # Not strftime: on Linux its %Y leaves out leading zeros.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def parse_timestamp(text: object) -> datetime:
    """The aware moment that a dateTimeStamp names, to the microsecond. Raises MalformedInput.

    A zone is required (VCDM 2.0 section 4.9); years are 0001 to 9999.
    """
    match = _TIMESTAMP.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise MalformedInput(
            f"{excerpt(text)} is not a time with its zone", hint="write it like 2026-01-31T12:00:00Z"
        )
    seconds, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(seconds + (fraction or "")[:7] + zone.replace("Z", "+00:00"))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MalformedInput(f"{text!r} is not a time: {error}") from error


def format_day(moment: datetime) -> str:
    """The day of `moment` (aware) in UTC: 2026-01-31."""
    return moment.astimezone(UTC).date().isoformat()


def format_local(moment: datetime) -> str:
    """An aware moment as 2026-01-31 13:00 in the time zone of this machine.

    Raises OverflowError or ValueError where this system can't convert it.
    """
    # Not strftime: on Linux its %Y leaves out leading zeros.
    return moment.astimezone().replace(tzinfo=None).isoformat(" ", "minutes")


def parse_day(text: str) -> datetime:
    """The first second of a day written like 2026-01-31, in UTC. Raises MalformedInput."""
    try:
        if _DAY.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise MalformedInput(f"{text!r} is not a day: {error}") from error
    raise MalformedInput(f"{excerpt(text)} is not a day", hint="write it like 2026-01-31")


def to_numeric_date(moment: datetime) -> int:
    """The NumericDate of `moment` (aware), in whole seconds, rounded down."""
    return (moment - _EPOCH) // timedelta(seconds=1)


def from_numeric_date(value: Json, what: str, *, whole: bool = False) -> datetime:
    """The aware moment of a NumericDate from 1970 to 9999, to the microsecond.

    With `whole`, only integers are read. `what` names it in errors. Raises MalformedInput.
    """
    number = type(value) is int or (type(value) is float and not whole)
    if not number or not 0 <= value <= _LAST_SECOND:  # a NaN is in no range
        raise MalformedInput(f"{what} is {excerpt(value)}, not seconds since 1970 up to the year 9999")
    return at_seconds(value)


def at_seconds(seconds: float) -> datetime:
    """The aware moment `seconds` after 1970-01-01T00:00:00Z, or before it where they are negative.

    Raises OverflowError outside the years 1 to 9999, ValueError for a NaN.
    """
    return _EPOCH + timedelta(seconds=seconds)
