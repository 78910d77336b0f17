"""Registered claims: their types, validity times, and what SD-JWT VC asks of them.

Sources: RFC 7519 section 4.1, RFC 7800 section 3.1, RFC 9901 section 9.7, and of SD-JWT VC
(draft-ietf-oauth-sd-jwt-vc) the section on the JWT claims set.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ipse.encoding.timestamps import at_seconds, format_timestamp
from ipse.errors import MalformedInput

if TYPE_CHECKING:
    from collections.abc import Collection

    from ipse.credentials.formats.sd_jwt.disclosures import ClaimPath
    from ipse.encoding.strict_json import Json, JsonObject

__all__ = [
    "NEVER_SELECTIVE",
    "VC_TYPE",
    "VC_TYPES",
    "check_audience",
    "check_period",
    "check_types",
    "check_vc",
    "may_be_selective",
    "moment",
    "numeric_date",
]

VC_TYPE: Final = "dc+sd-jwt"
"""The `typ` of an SD-JWT VC."""
VC_TYPES: Final = (VC_TYPE, "vc+sd-jwt")
"""The same, and what it was in drafts until 2024."""

NEVER_SELECTIVE: Final = frozenset({"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"})
"""Claims that SD-JWT VC keeps out of disclosures, with all that is in them."""

_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)
_STRINGS: Final = ("iss", "sub", "jti", "vct", "vct#integrity")


def may_be_selective(path: ClaimPath) -> bool:
    """Whether an issuer may hide what is at `path`. Of `aud` only the entries (RFC 9901 section 9.7)."""
    return path[0] not in NEVER_SELECTIVE and path != ("aud",)


def check_types(claims: JsonObject) -> None:
    """The registered claims have the JSON types their specifications give. Raises MalformedInput."""
    for name in _STRINGS:
        if name in claims and not (isinstance(claims[name], str) and claims[name]):
            raise MalformedInput(f"{name} is not a string with something in it")
    if "aud" in claims and not _is_audience(claims["aud"]):
        raise MalformedInput("aud is neither a string nor an array of strings")
    for name in ("cnf", "status"):
        if name in claims and not (isinstance(claims[name], dict) and claims[name]):
            raise MalformedInput(f"{name} is not an object with something in it")
    for name in ("exp", "nbf", "iat"):
        numeric_date(claims, name)


def check_vc(claims: JsonObject, selective: Collection[str]) -> None:
    """The rules of SD-JWT VC, `selective` being the top-level claims under which something is hidden.

    Raises MalformedInput.
    """
    if "vct" not in claims:
        raise MalformedInput("vct is missing, every SD-JWT VC names its type")
    hidden = NEVER_SELECTIVE.intersection(selective)
    if hidden:
        raise MalformedInput(f"{min(hidden)} is selectively disclosable, which SD-JWT VC forbids")
    if "aka_vcts" in claims:
        names = claims["aka_vcts"]
        if not (isinstance(names, list) and names and all(isinstance(name, str) and name for name in names)):
            raise MalformedInput("aka_vcts is not an array of at least one string")
        if claims["vct"] in names:
            raise MalformedInput("aka_vcts repeats vct")


def check_audience(claims: JsonObject, audiences: Collection[str]) -> None:
    """If the claims are meant for someone, it is one of `audiences` (RFC 7519 section 4.1.3).

    Raises MalformedInput.
    """
    if "aud" not in claims:
        return
    meant = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if not set(audiences).intersection(meant):
        raise MalformedInput("aud names others, this credential is not meant for this verifier")


def check_period(claims: JsonObject, now: float, leeway: float) -> str:
    """What bounds the validity, in words, if `now` (seconds since 1970) is within `nbf` and `exp`.

    Either bound is moved outwards by `leeway` seconds. Raises MalformedInput.
    """
    starts, ends = numeric_date(claims, "nbf"), numeric_date(claims, "exp")
    # Each condition is the one that must hold, so that a NaN fails it.
    if starts is not None and not starts <= now + leeway:
        raise MalformedInput(f"not valid before {_moment(starts)} (nbf), it is {_moment(now)}")
    if ends is not None and not now - leeway < ends:
        raise MalformedInput(f"expired at {_moment(ends)} (exp), it is {_moment(now)}")
    return "no expiry" if ends is None else f"expires at {_moment(ends)}"


def _moment(seconds: float) -> str:
    """A NumericDate as people read it; as the number that it is where no calendar reaches it."""
    try:
        return format_timestamp(at_seconds(seconds))
    except (OverflowError, ValueError):
        return f"{seconds:.0f}"


def numeric_date(claims: JsonObject, name: str) -> float | None:
    """The NumericDate `name` in seconds since 1970, None where there is none. Raises MalformedInput."""
    value: Json = claims.get(name)
    if name not in claims:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise MalformedInput(f"{name} is not a number of seconds")
    return value


def moment(seconds: Json) -> datetime | None:
    """A NumericDate; None where there is none, the last or first moment there is where it lies beyond."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    try:
        return at_seconds(seconds)
    except (OverflowError, ValueError):
        return _LAST if seconds > 0 else _FIRST


def _is_audience(value: Json) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(entry, str) for entry in value)
    )
