"""Which claims of a new SD-JWT VC its holder may withhold, as the issuer wrote it.

Source: SD-JWT VC (draft-ietf-oauth-sd-jwt-vc), on the claims that a verifier has to see.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ipse.credentials.formats.sd_jwt.disclosures import ClaimPath, read_path
from ipse.encoding.strict_json import Json, JsonObject

__all__ = ["REGISTERED", "hidden"]

REGISTERED: Final = ("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "cnf", "vct", "status")
"""Claims of an SD-JWT VC that the options set, or that a verifier has to see."""


def hidden(claims: JsonObject, wanted: Sequence[str]) -> tuple[ClaimPath, ...]:
    """The claims that the holder may withhold: all that a verifier need not see, none, or those named.

    Raises UsageError.
    """
    if tuple(wanted) == ("none",):
        return ()
    if tuple(wanted) in ((), ("all",)):
        return tuple(_every_claim(claims))
    return tuple(dict.fromkeys(read_path(path, claims) for path in wanted))


def _every_claim(claims: JsonObject) -> Iterator[ClaimPath]:
    """The path of every claim, member and element that a verifier need not see."""
    for name, value in claims.items():
        if name not in REGISTERED:
            yield (name,)
            yield from _inside(value, (name,))


def _inside(value: Json, path: ClaimPath) -> Iterator[ClaimPath]:
    children: Iterator[tuple[str | int, Json]] = iter(())
    if isinstance(value, dict):
        children = iter(value.items())
    elif isinstance(value, list):
        children = iter(enumerate(value))
    for name, child in children:
        yield (*path, name)
        yield from _inside(child, (*path, name))
