"""The credential formats: one package for each way to secure a credential.

To add one, write a package with a module `format` that has a `FORMAT`, and name it in `_PACKAGES`. The order
is that in which the formats are asked whether a credential is theirs; the last takes any JSON object.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from ipse.credentials import jws
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject, excerpt
from ipse.errors import InputTooLarge, MalformedInput, UsageError

if TYPE_CHECKING:
    from ipse.credentials.content import Content
    from ipse.credentials.formats.format import Format, Received, Unverified

__all__ = ["DEFAULT", "NAMES", "claimed", "every", "named", "read"]

_PACKAGES: Final = {
    "sd-jwt": "sd_jwt",
    "jwt": "jose",
    "w3c-1.1": "vcdm11",
    "w3c": "data_integrity",
}
NAMES: Final = tuple(_PACKAGES)
"""The names of the formats."""
DEFAULT: Final = "w3c"
_MAX_LENGTH: Final = strict_json.MAX_BYTES


@cache
def named(name: str) -> Format:
    """The format called `name`. Raises UsageError."""
    if name not in _PACKAGES:
        raise UsageError(
            f"{name[:40]!r} is not a credential format", hint=f"--format takes {' or '.join(NAMES)}"
        )
    found: Format = import_module(f"{__name__}.{_PACKAGES[name]}.format").FORMAT
    return found


def every() -> Iterator[Format]:
    """All formats, in the order in which they are asked."""
    return map(named, NAMES)


def read(presented: str | JsonObject) -> Unverified:
    """What `presented` is, unverified: JSON with an embedded proof, an enveloped or bare token.

    Raises MalformedInput for what no format reads.
    """
    from ipse.credentials.formats import envelope

    received = _received(presented)
    if received.document is not None and envelope.is_envelope(received.document):
        return envelope.opened(received.document)
    for form in every():
        unverified = form.read(received)
        if unverified is not None:
            return unverified
    if received.jws is not None:
        raise MalformedInput(
            f"typ {excerpt(received.jws.header.get('typ'))} of the JWT is not one of a credential",
            hint="vc+jwt and vp+jwt are read, dc+sd-jwt where it ends with ~",
        )
    raise MalformedInput(
        "neither JSON nor a JWT nor an SD-JWT", hint="give the credential as its issuer handed it out"
    )


def claimed(text: str) -> Content:
    """What a credential claims, unverified: to keep and list it, not to trust it.

    Raises MalformedInput, and UsageError for a presentation.
    """
    unverified = read(text)
    if unverified.answers_challenge:
        raise UsageError(
            "this is a presentation, not a credential", hint="`ipse vc verify` judges presentations"
        )
    return unverified.format.claimed(unverified)


def _received(presented: str | JsonObject) -> Received:
    from ipse.credentials.formats.format import Received

    if not isinstance(presented, str):
        return _checked(Received("", presented))
    text = presented.strip()
    if len(text) > _MAX_LENGTH:
        raise InputTooLarge(f"{len(text)} characters; at most {_MAX_LENGTH} are read")
    if text.startswith("{"):
        return _checked(Received(text, strict_json.parse_object(text, what="the credential")))
    if "~" not in text and text.count(".") == 2:
        return Received(text, jws=jws.read(text, what="the JWT"))
    return Received(text)


def _checked(received: Received) -> Received:
    types = (received.document or {}).get("type")
    if received.is_presentation and "VerifiableCredential" in (types if isinstance(types, list) else [types]):
        raise MalformedInput("it claims to be a credential and a presentation at once")
    return received
