"""SD-JWT and SD-JWT+KB as text: compact (RFC 9901 section 4) and JWS JSON serialization (section 8)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ipse.credentials import jws
from ipse.credentials.jws import Jws
from ipse.encoding import strict_json
from ipse.errors import InputTooLarge, MalformedInput

if TYPE_CHECKING:
    from ipse.encoding.strict_json import Json, JsonObject

__all__ = ["MAX_DISCLOSURES", "MAX_LENGTH", "SdJwt", "parse", "parse_compact", "parse_json"]

MAX_LENGTH: Final = 1024 * 1024
"""Characters of one SD-JWT in any serialization."""
MAX_DISCLOSURES: Final = 1024
_MAX_SIGNATURES: Final = 8

_DISCLOSURE: Final = re.compile(r"[A-Za-z0-9_-]+")
_KEY_BINDING: Final = re.compile(r"[A-Za-z0-9_.-]+")
_WHAT: Final = "issuer-signed JWT"


@dataclass(frozen=True, slots=True)
class SdJwt:
    """An SD-JWT, or with `kb_jwt` an SD-JWT+KB. Read, not verified.

    `disclosures` and `kb_jwt` are kept as the text they came in, since that text is what is hashed.
    """

    jwt: Jws
    disclosures: tuple[str, ...] = field(repr=False)
    kb_jwt: str | None = field(default=None, repr=False)

    @property
    def bare(self) -> str:
        """`jwt~d1~d2~`, without the key binding: what `sd_hash` is taken over."""
        return "~".join((self.jwt.encoded, *self.disclosures, ""))

    @property
    def compact(self) -> str:
        """The compact serialization, with the key binding if there is one."""
        return self.bare + (self.kb_jwt or "")


def parse(text: str) -> SdJwt:
    """The SD-JWT that `text` holds, in either serialization. Raises MalformedInput, InputTooLarge."""
    return parse_json(text) if text.lstrip()[:1] == "{" else parse_compact(text)


def parse_compact(text: str) -> SdJwt:
    """The SD-JWT in the compact form `jwt~d1~d2~` or `jwt~d1~d2~kb-jwt`; no white space around it.

    Raises MalformedInput, and InputTooLarge over MAX_LENGTH or MAX_DISCLOSURES.
    """
    _check_length(text)
    encoded_jwt, *disclosures = text.split("~")
    if not disclosures:
        raise MalformedInput("no ~ in it: an SD-JWT ends with ~ or with a key binding")
    kb_jwt = disclosures.pop()
    return _assemble(jws.read(encoded_jwt, what=_WHAT), disclosures, kb_jwt or None)


def parse_json(text: str) -> SdJwt:
    """The SD-JWT in flattened or general JWS JSON serialization.

    Of a general one the first signature is used: its unprotected header is the one that may hold
    `disclosures` and `kb_jwt`. Earlier drafts wrote these two beside `payload`; that is read too.
    Raises MalformedInput and InputTooLarge.
    """
    _check_length(text)
    outer = strict_json.parse_object(text, what="the SD-JWT")
    signed = _first_signature(outer) if "signatures" in outer else outer
    header = _member(signed, "header", dict, {})
    jwt = jws.read_parts(
        _member(signed, "protected", str),
        _member(outer, "payload", str),
        _member(signed, "signature", str),
        what=_WHAT,
    )
    shared = jwt.header.keys() & header.keys()
    if shared:
        raise MalformedInput(f"{min(shared)[:40]!r} is in the protected and in the unprotected header")
    if "crit" in header:
        raise MalformedInput("crit stands in the unprotected header, where it means nothing")
    for name in ("disclosures", "kb_jwt"):
        if name in header and name in outer:
            raise MalformedInput(f"{name} stands in two places")
    source = {**outer, **header}
    return _assemble(jwt, _member(source, "disclosures", list, []), _member(source, "kb_jwt", str, None))


def _first_signature(outer: JsonObject) -> JsonObject:
    signatures = _member(outer, "signatures", list)
    if outer.keys() & {"signature", "protected", "header"}:
        raise MalformedInput("flattened and general JSON serialization are mixed")
    if not 0 < len(signatures) <= _MAX_SIGNATURES:
        raise MalformedInput(f"{len(signatures)} signatures; 1 to {_MAX_SIGNATURES} are read")
    for position, signature in enumerate(signatures):
        if not isinstance(signature, dict):
            raise MalformedInput(f"signature {position} is a JSON {strict_json.kind_of(signature)}")
        header = _member(signature, "header", dict, {})
        if position and header.keys() & {"disclosures", "kb_jwt"}:
            raise MalformedInput("disclosures and kb_jwt belong into the first signature's header only")
    first: JsonObject = signatures[0]
    return first


def _assemble(jwt: Jws, disclosures: list[Json], kb_jwt: str | None) -> SdJwt:
    if len(disclosures) > MAX_DISCLOSURES:
        raise InputTooLarge(f"{len(disclosures)} disclosures; at most {MAX_DISCLOSURES} are read")
    for position, encoded in enumerate(disclosures, start=1):
        # The alphabet is checked here so that no disclosure of a JSON form can hold a ~.
        if not isinstance(encoded, str) or not _DISCLOSURE.fullmatch(encoded):
            raise MalformedInput(f"disclosure {position} is not base64url")
    if kb_jwt is not None and not _KEY_BINDING.fullmatch(kb_jwt):
        raise MalformedInput("what follows the last ~ is not a key-binding JWT")
    return SdJwt(jwt, tuple(disclosures), kb_jwt)


def _member(source: JsonObject, name: str, kind: type, *default: Json) -> Json:
    if name not in source and default:
        return default[0]
    value = source.get(name)
    if not isinstance(value, kind):
        raise MalformedInput(f"{name} of the SD-JWT is missing or of the wrong JSON type")
    return value


def _check_length(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise InputTooLarge(f"an SD-JWT of {len(text)} characters; at most {MAX_LENGTH} are read")
