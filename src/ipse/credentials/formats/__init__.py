"""The credential formats: one package for each way to secure a credential.

To add one, write a package with a module `format` that has a `FORMAT`, and register it in `_FORMATS` with how
its credentials are recognised, so that only the package of the format at hand is loaded. The formats are
asked in the order of the table; the last takes any JSON object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from ipse.credentials import jws
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject, as_list, excerpt
from ipse.errors import InputTooLarge, MalformedInput, UsageError

if TYPE_CHECKING:
    from ipse.credentials.content import Content
    from ipse.credentials.formats.format import Format, Received, Unverified

__all__ = ["DEFAULT", "NAMES", "claimed", "every", "named", "read"]


def _is_sd_jwt(received: Received) -> bool:
    """RFC 9901: compact with `~`, or in JWS JSON serialization."""
    if received.document is None:
        return "~" in received.text
    members = received.document.keys()
    return bool(received.text) and "payload" in members and bool(members & {"signature", "signatures"})


def _is_jose(received: Received) -> bool:
    """Securing VCs using JOSE and COSE, section 3.1."""
    return received.jws is not None and received.jws.header.get("typ") in ("vc+jwt", "vp+jwt")


def _is_vcdm11(received: Received) -> bool:
    """VCDM 1.1, sections 4.1 and 6.3.1."""
    if received.jws is not None:
        return bool(received.jws.payload.keys() & {"vc", "vp"})
    context = as_list((received.document or {}).get("@context"))
    return context[:1] == ["https://www.w3.org/2018/credentials/v1"]


def _is_json(received: Received) -> bool:
    return received.document is not None


@dataclass(frozen=True, slots=True)
class _Registered:
    """A format: its package, and whether a credential is its own."""

    package: str
    recognises: Callable[[Received], bool]


_FORMATS: Final = {
    "sd-jwt": _Registered("sd_jwt", _is_sd_jwt),
    "jwt": _Registered("jose", _is_jose),
    "w3c-1.1": _Registered("vcdm11", _is_vcdm11),
    "w3c": _Registered("data_integrity", _is_json),
}
NAMES: Final = tuple(_FORMATS)
"""The names of the formats."""
DEFAULT: Final = "w3c"
_ENVELOPES: Final = frozenset({"EnvelopedVerifiableCredential", "EnvelopedVerifiablePresentation"})
_MAX_LENGTH: Final = strict_json.MAX_BYTES


@cache
def named(name: str) -> Format:
    """The format called `name`. Raises UsageError."""
    if name not in _FORMATS:
        raise UsageError(
            f"{name[:40]!r} is not a credential format", hint=f"--format takes {' or '.join(NAMES)}"
        )
    found: Format = import_module(f"{__name__}.{_FORMATS[name].package}.format").FORMAT
    return found


def every() -> Iterator[Format]:
    """All formats, in the order in which they are asked."""
    return map(named, NAMES)


def read(presented: str | JsonObject) -> Unverified:
    """What `presented` is, unverified: JSON with an embedded proof, an enveloped or bare token.

    Raises MalformedInput for what no format reads.
    """
    received = _received(presented)
    types = as_list((received.document or {}).get("type"))
    if any(name in _ENVELOPES for name in types if isinstance(name, str)):
        from ipse.credentials.formats import envelope

        return envelope.opened(received.document or {})
    if received.is_presentation and "VerifiableCredential" in types:
        raise MalformedInput("it claims to be a credential and a presentation at once")
    for name, registered in _FORMATS.items():
        if registered.recognises(received):
            return named(name).read(received)
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
        return Received("", presented, is_presentation=_presents(presented))
    text = presented.strip()
    if len(text) > _MAX_LENGTH:
        raise InputTooLarge(f"{len(text)} characters; at most {_MAX_LENGTH} are read")
    if text.startswith("{"):
        document = strict_json.parse_object(text, what="the credential")
        return Received(text, document, is_presentation=_presents(document))
    if "~" not in text and text.count(".") == 2:
        return Received(text, jws=jws.read(text, what="the JWT"))
    return Received(text)


def _presents(document: JsonObject) -> bool:
    return "VerifiablePresentation" in as_list(document.get("type"))
