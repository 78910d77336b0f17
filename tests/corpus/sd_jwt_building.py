"""SD-JWTs put together by hand, so that every part of them can be wrong."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from ipse.encoding import base64url
from ipse.keys import key_types
from tests.corpus.building import AUDIENCE, HOLDER, ISSUER, NONCE, Json, Party, changed, jwt, salt

__all__ = [
    "CITY",
    "DEGREE",
    "FIRST",
    "HOLDER_KEY",
    "NOW_SECONDS",
    "STREET",
    "bound",
    "claims",
    "digest",
    "disclosure",
    "element",
    "encoded",
    "key_binding",
    "sd_jwt",
]

NOW_SECONDS: Final = 1_782_907_200
"""2026-07-01T12:00:00Z."""
HOLDER_KEY: Final[Json] = {"jwk": key_types.public_to_jwk(HOLDER.key.public())}


def encoded(content: Any) -> str:
    """A disclosure of any content."""
    return base64url.encode(json.dumps(content, separators=(",", ":")).encode())


def disclosure(name: str, value: Any) -> str:
    """The disclosure of a claim, its salt made from the name."""
    return encoded([salt(name), name, value])


def element(value: Any) -> str:
    """The disclosure of an array element, its salt made from the value."""
    return encoded([salt(str(value)), value])


def digest(text: str, algorithm: str = "sha256") -> str:
    """The digest of a disclosure."""
    return base64url.encode(hashlib.new(algorithm, text.encode()).digest())


DEGREE: Final = disclosure("degree", "Oceanography")
STREET: Final = disclosure("street", "Harbour Road 1")
CITY: Final = disclosure("city", "Kiel")
FIRST: Final = element("DE")


def claims(**changes: Any) -> Json:
    """The payload of the issuer-signed JWT; `...` leaves a member out."""
    payload: Json = {
        "iss": ISSUER.did,
        "sub": HOLDER.did,
        "vct": "https://issuer.example/degree",
        "iat": NOW_SECONDS - 86_400,
        "exp": NOW_SECONDS + 86_400,
        "_sd_alg": "sha-256",
        "_sd": [digest(DEGREE)],
        "address": {"_sd": [digest(STREET), digest(CITY)], "country": "DE"},
        "nationalities": [{"...": digest(FIRST)}, "FR"],
    }
    return changed(payload, **changes)


def sd_jwt(
    payload: Json | bytes, *disclosures: str, by: Party = ISSUER, typ: Any = "dc+sd-jwt", **header: Any
) -> str:
    """The SD-JWT of a payload with these disclosures; without any, with those of `claims`."""
    shown = disclosures or (DEGREE, STREET, CITY, FIRST)
    return "~".join((jwt(payload, by, typ=typ, **header), *shown, ""))


def bound(**changes: Any) -> str:
    """An SD-JWT that is bound to the holder's key; `changes` are made in its claims."""
    return sd_jwt(claims(cnf=HOLDER_KEY, **changes))


def key_binding(
    bare: str, by: Party = HOLDER, *, typ: Any = "kb+jwt", alg: Any = None, **changes: Any
) -> str:
    """`bare` with a key binding that answers the challenge, ten seconds ago, its claims changed."""
    payload = changed(
        {"iat": NOW_SECONDS - 10, "aud": AUDIENCE, "nonce": NONCE, "sd_hash": digest(bare)}, **changes
    )
    return bare + jwt(payload, by, typ=typ, kid=..., alg=alg or by.key.algorithm)
