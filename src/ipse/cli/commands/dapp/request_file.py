"""An application's request as a file holds it: a JSON object, or a signed one as a compact JWS."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ipse.cli import params
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject

__all__ = ["read", "resolving"]

_COMPACT: Final = re.compile(r"[A-Za-z0-9_=-]*\.[A-Za-z0-9_=-]*\.[A-Za-z0-9_=-]*", re.ASCII)


def read(source: str) -> JsonObject | str:
    """The request in a file or on stdin, not judged yet. Raises NotFound, MalformedInput."""
    text = params.read_text(source)
    stripped = text.strip()
    if _COMPACT.fullmatch(stripped):
        return stripped
    return strict_json.parse_object(text, what="standard input" if source == "-" else source)


def resolving(ca_file: str | None, *, allow_loopback: bool) -> Callable[[str], JsonObject]:
    """How the DID of who signed a request is resolved; did:web through the guarded client."""
    from ipse.wallet import resolution

    reach = resolution.Reach(ca_file, allow_loopback)
    return lambda did: resolution.resolve(did, reach)
