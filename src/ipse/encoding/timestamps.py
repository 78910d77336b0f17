"""xsd:dateTimeStamp, the time format of the data model: RFC 3339 with its zone always written."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from ipse.encoding.strict_json import excerpt
from ipse.errors import MalformedInput

__all__ = ["format_timestamp", "parse_timestamp"]

_TIMESTAMP: Final = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,18})?(Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))", re.ASCII
)


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
