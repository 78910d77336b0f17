"""What the commands for applications are given: requests, topics, amounts of the privacy budget."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ipse.cli import params
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import UsageError

__all__ = ["read_epsilon", "read_request", "read_topics", "resolver", "show_epsilon"]

_COMPACT: Final = re.compile(r"[A-Za-z0-9_=-]*\.[A-Za-z0-9_=-]*\.[A-Za-z0-9_=-]*", re.ASCII)
_EPSILON: Final = re.compile(r"(\d{1,3})(?:\.(\d{1,3}))?", re.ASCII)


def read_request(source: str) -> JsonObject | str:
    """Read a request from a file or stdin: a JSON object, or a compact JWS if it is signed.

    It is not verified yet. Raises NotFound, MalformedInput.
    """
    text = params.read_text(source)
    stripped = text.strip()
    if _COMPACT.fullmatch(stripped):
        return stripped
    return strict_json.parse_object(text, what="standard input" if source == "-" else source)


def resolver(ca_file: str | None, *, allow_loopback: bool) -> Callable[[str], JsonObject]:
    """Return the function that resolves a DID to its document; did:web goes through the guarded client."""
    from ipse.wallet import resolution

    reach = resolution.Reach(ca_file, allow_loopback)
    return lambda did: resolution.resolve(did, reach)


def read_topics(text: str) -> tuple[str, ...]:
    """Return the identifiers of topics given as `hiking,Jazz and blues`. Raises UsageError, NotFound."""
    from ipse.preferences import topics

    found = tuple(topics.called(name).id for name in text.split(",") if name.strip())
    if not found:
        raise UsageError("--topics names no topic", hint="give identifiers or labels, separated by commas")
    if len(set(found)) != len(found):
        raise UsageError("--topics names a topic twice", hint="name each once")
    return found


def read_epsilon(text: str, option: str) -> int:
    """Return the thousandths of epsilon that `text` spells, like 0.5. Raises UsageError naming `option`."""
    match = _EPSILON.fullmatch(text)
    if match is None:
        raise UsageError(
            f"invalid value for {option}: {text[:50]!r} is not an amount of the privacy budget",
            hint="write it like 1 or 0.5, at most three decimals, less than 1000",
        )
    return int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0"))


def show_epsilon(thousandths: int) -> str:
    """Return thousandths of epsilon as a decimal: 1000 is 1.0, 125 is 0.125; a negative amount is 0.0."""
    whole, rest = divmod(max(thousandths, 0), 1000)
    decimals = f"{rest:03d}".rstrip("0")
    return f"{whole}.{decimals or '0'}"
