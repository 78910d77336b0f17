"""DIDs and times as a person reads them on a terminal: shortened, and in the reader's own time zone."""

from __future__ import annotations

import re
from typing import Final

from ipse.dids import did_web
from ipse.encoding.timestamps import format_local, parse_timestamp
from ipse.errors import MalformedInput

__all__ = ["local_time", "with_local_times", "with_short_dids"]

_DID: Final = re.compile(r"did:[a-z0-9]+:[A-Za-z0-9._:%#-]+")
_TIMESTAMP: Final = re.compile(
    r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,18})?(?:Z|[+-]\d\d:\d\d)(?![\w:])", re.ASCII
)
_ENDS: Final = 4
"""Characters of a shortened identifier that are shown on either side."""


def with_short_dids(text: str, *, ellipsis: str = "…") -> str:
    """`text` with its DIDs shortened in the middle: did:key:z6Mk…xksY.

    The host of a did:web stays whole: it is what a reader knows the DID by.
    """
    return _DID.sub(lambda match: _shortened(match[0], ellipsis), text)


def with_local_times(text: str) -> str:
    """`text` with its RFC 3339 times in the reader's time zone, to the minute."""
    return _TIMESTAMP.sub(lambda match: local_time(match[0]), text)


def local_time(timestamp: str) -> str:
    """An RFC 3339 time as 2026-01-31 13:00 in the reader's time zone; any other text as it is."""
    try:
        return format_local(parse_timestamp(timestamp))
    except (MalformedInput, OverflowError, ValueError):  # before or after what this system can convert
        return timestamp


def _shortened(did: str, ellipsis: str) -> str:
    """A DID, or a DID URL, which keeps what follows the `#` only where that is short."""
    did, _, fragment = did.partition("#")
    method, _, identifier = did.removeprefix("did:").partition(":")
    host, colon, path = identifier.partition(":") if did.startswith(did_web.PREFIX) else ("", "", identifier)
    shown = f"did:{method}:{host}{colon}{_middle_out(path, ellipsis)}"
    return f"{shown}#{_middle_out(fragment, ellipsis)}" if fragment else shown


def _middle_out(text: str, ellipsis: str) -> str:
    return text if len(text) <= 4 * _ENDS else f"{text[:_ENDS]}{ellipsis}{text[-_ENDS:]}"
