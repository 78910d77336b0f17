"""What the corpus is made of: fixed keys, fixed times, and signing that checks nothing.

Everything here is deterministic, and signs whatever it is told to sign, right or wrong.
"""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from ipse.credentials import model
from ipse.credentials.formats.data_integrity import SUITES, hash_data
from ipse.dids import did_key
from ipse.encoding import base64url, multibase
from ipse.keys import ecdsa, ed25519
from ipse.keys.key_types import PrivateKey

__all__ = [
    "AT",
    "AUDIENCE",
    "CREATED",
    "HOLDER",
    "ISSUER",
    "MINTER",
    "NONCE",
    "NOW",
    "PEER",
    "STRANGER",
    "TERMS",
    "Fault",
    "Good",
    "Json",
    "Party",
    "changed",
    "compact",
    "credential",
    "edited",
    "jwt",
    "presentation",
    "presented",
    "proof",
    "salt",
    "w3c",
]

Json: TypeAlias = dict[str, Any]

AT: Final = "2026-07-01T12:00:00Z"
NOW: Final = datetime(2026, 7, 1, 12, tzinfo=UTC)
CREATED: Final = "2026-01-01T00:00:00Z"
AUDIENCE: Final = "https://verifier.example"
NONCE: Final = "n-0S6_WzA2Mj"


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody with a key: a DID, and the id of its verification method."""

    key: PrivateKey = field(repr=False)
    did: str
    method: str


def _with_key(key: PrivateKey) -> Party:
    did = did_key.from_public_key(key.public())
    return Party(key, did, did_key.verification_method_id(did))


def _with_authentication_alone(key: PrivateKey) -> Party:
    """A did:peer:2 that lists its key for authentication (V), and for nothing else."""
    did = "did:peer:2.V" + did_key.from_public_key(key.public()).removeprefix("did:key:")
    return Party(key, did, f"{did}#key-1")


ISSUER: Final = _with_key(ed25519.PrivateKey(b"i" * 32))
MINTER: Final = _with_key(ecdsa.PrivateKey("P-256", b"m" * 32))
"""An issuer with a P-256 key."""
HOLDER: Final = _with_key(ed25519.PrivateKey(b"h" * 32))
STRANGER: Final = _with_key(ed25519.PrivateKey(b"s" * 32))
PEER: Final = _with_authentication_alone(ed25519.PrivateKey(b"p" * 32))


@dataclass(frozen=True, slots=True)
class Good:
    """A document without a fault; `is_answer` where it answers the challenge."""

    family: str
    content: Json | str
    is_answer: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A document with one fault, that of its name.

    - `family`: the good one that it would be without the fault
    - `check`: the check that it must not pass, None where there is no report at all
    - `outcome`: what becomes of that check; `exit`: what the program ends with
    - `part`: which credential of a presentation has the fault, 0 where it is the whole
    - `also`: checks after that one which the same fault touches
    """

    family: str
    name: str
    content: Json | str
    check: str | None
    outcome: str = "failed"
    part: int = 0
    also: tuple[str, ...] = ()

    @property
    def exit(self) -> int:
        """3 failed, 6 unreadable, 9 undetermined."""
        if self.check is None or (self.check == "parse" and self.outcome == "failed"):
            return 6
        return {"failed": 3, "undetermined": 9}[self.outcome]


_TERM: Final = "https://issuer.example/terms#"
TERMS: Final[Json] = {
    "DegreeCredential": _TERM + "DegreeCredential",
    "degree": _TERM + "degree",
    "grade": _TERM + "grade",
    "campus": {"@id": _TERM + "campus", "@type": "@id"},
    "courses": {"@id": _TERM + "courses", "@container": "@list"},
    "knows": _TERM + "knows",
}


def credential(by: Party = ISSUER, /, **changes: Any) -> Json:
    """An unsigned credential of VCDM 2.0 about the holder. A member that is `...` is left out."""
    document: Json = {
        "@context": [model.CONTEXT, TERMS],
        "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
        "type": ["VerifiableCredential", "DegreeCredential"],
        "issuer": by.did,
        "validFrom": CREATED,
        "validUntil": "2027-01-01T00:00:00Z",
        "credentialSubject": {
            "id": HOLDER.did,
            "degree": "Oceanography",
            "grade": 1.5,
            "courses": ["Tides", "Currents"],
        },
    }
    return changed(document, **changes)


def presentation(*credentials: Any, **changes: Any) -> Json:
    """An unsigned presentation of VCDM 2.0 by the holder."""
    document: Json = {
        "@context": [model.CONTEXT],
        "type": ["VerifiablePresentation"],
        "holder": HOLDER.did,
        "verifiableCredential": list(credentials),
    }
    return changed(document, **changes)


def changed(members: Json, **changes: Any) -> Json:
    """A copy of `members` with some of them changed; `...` leaves one out. `_` stands for `@`."""
    whole = {**copy.deepcopy(members), **{name.replace("at_", "@"): value for name, value in changes.items()}}
    return {name: value for name, value in whole.items() if value is not ...}


def edited(document: Json, *path: Any, to: Any = ...) -> Json:
    """A copy of `document` with the value at `path` replaced, or taken out."""
    copied = copy.deepcopy(document)
    holder: Any = copied
    for step in path[:-1]:
        holder = holder[step]
    if to is ...:
        del holder[path[-1]]
    else:
        holder[path[-1]] = to
    return copied


def w3c(document: Json, by: Party = ISSUER, *, signed: Json | None = None, **options: Any) -> Json:
    """`document` with an embedded proof by `by`, over `signed` where that is not the document itself."""
    return {**document, "proof": proof(signed or document, by, **options)}


def proof(document: Json, by: Party = ISSUER, *, suite: str = "eddsa-jcs-2022", **options: Any) -> Json:
    """A proof over `document`, its options changed as they are given; `...` leaves one out."""
    how = SUITES[suite]
    members: Json = {
        "type": "DataIntegrityProof",
        "cryptosuite": suite,
        "created": CREATED,
        "verificationMethod": by.method,
        "proofPurpose": "assertionMethod",
    }
    if how.canonicalisation == "jcs" and "@context" in document:
        members["@context"] = document["@context"]
    members = changed(members, **options)
    value = multibase.encode_base58btc(by.key.sign(hash_data(document, members, how)))
    return {**members, "proofValue": value}


def jwt(payload: Json | bytes, by: Party = ISSUER, *, typ: Any = "vc+jwt", **header: Any) -> str:
    """A compact JWS of `payload` by `by`, its header changed as it is given."""
    members = changed({"alg": by.key.algorithm, "typ": typ, "kid": by.method}, **header)
    return compact(members, payload, by.key)


def compact(header: Json | bytes, payload: Json | bytes, key: PrivateKey | None) -> str:
    """A compact JWS; without a key its signature is empty."""
    parts = [part if isinstance(part, bytes) else _json(part) for part in (header, payload)]
    message = ".".join(base64url.encode(part) for part in parts)
    return f"{message}.{base64url.encode(key.sign(message.encode())) if key is not None else ''}"


def salt(label: str) -> str:
    """A salt of 16 bytes that is always the same for `label`."""
    return base64url.encode(hashlib.sha256(label.encode()).digest()[:16])


def _json(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def presented(document: Json, by: Party = HOLDER, **options: Any) -> Json:
    """`document` with a proof that answers the challenge, ten seconds ago."""
    answering = {
        "created": "2026-07-01T11:59:50Z",
        "proofPurpose": "authentication",
        "domain": AUDIENCE,
        "challenge": NONCE,
    }
    return w3c(document, by, **{**answering, **options})
