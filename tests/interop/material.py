"""What is issued, and how it is tampered with."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

__all__ = [
    "AWKWARD",
    "CURVES",
    "TERMS",
    "TOKEN_TAMPERING",
    "V2",
    "document",
    "names_by_value",
    "payload_of",
    "reworded",
    "tampering",
    "with_payload",
]

JsonObject: TypeAlias = dict[str, Any]

V2: Final = "https://www.w3.org/ns/credentials/v2"

CURVES: Final = {
    "eddsa-jcs-2022": "Ed25519",
    "eddsa-rdfc-2022": "Ed25519",
    "ecdsa-jcs-2019": "P-256",
    "ecdsa-rdfc-2019": "P-256",
}
"""Cryptosuites, with the curve each is tried on."""

_EXAMPLE: Final = "https://example.org/terms#"

TERMS: Final[JsonObject] = {
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "DegreeCredential": f"{_EXAMPLE}DegreeCredential",
    "degree": f"{_EXAMPLE}degree",
    "grade": f"{_EXAMPLE}grade",
    "measures": f"{_EXAMPLE}measures",
    "credits": f"{_EXAMPLE}credits",
    "honours": f"{_EXAMPLE}honours",
    "awardedOn": {"@id": f"{_EXAMPLE}awardedOn", "@type": "xsd:date"},
    "campus": {"@id": f"{_EXAMPLE}campus", "@type": "@id"},
    "courses": {"@id": f"{_EXAMPLE}courses", "@container": "@list"},
    "motto": {"@id": f"{_EXAMPLE}motto", "@container": "@language"},
    "record": {"@id": f"{_EXAMPLE}record", "@type": "@json"},
    "mentor": f"{_EXAMPLE}mentor",
    "teaches": f"{_EXAMPLE}teaches",
}
"""A context by value that defines every term of the linked credential."""

_LINKED: Final[JsonObject] = {
    "degree": 'Bachelor of "Oceanography"\\\n\tand \u20ac\U0001f600',
    "grade": 92.75,
    # In RDF a double has 16 digits, even where fewer would do: 6.384299999999999E2.
    "measures": [638.43, 784.137, 4.35, 0.1, 1e21, -1.5, 9007199254740991, 3.0],
    "credits": 180,
    "honours": True,
    "awardedOn": "2024-06-21",
    "campus": "https://example.org/campus/1",
    "courses": ["Tides", "Currents", "Tides"],
    "motto": {"la": "plus ultra", "en": "further beyond"},
    "record": {"\u20ac": [1, 1e21, 0.1, None, True], "\U0001f600": {"b": "", "a": []}},
    # Blank nodes that only what they lead to tells apart.
    "mentor": [{"teaches": {"degree": "same", "credits": number}} for number in range(4)],
}

AWKWARD: Final[JsonObject] = {
    "degree": "Bachelor of Oceanography",
    "numbers": [0, -1, 1e21, 1e-7, 333333333.3333333, 4.5, 2e-3, 9007199254740991, 1.0, -0.0],
    "strings": 'control \u0007 \u007f \u2028 quote " backslash \\ slash / \u20ac \U0001f600 a\u0308 \u00e4',
    "literals": [None, True, False, {}, [], ""],
    "order": {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7, "": 8},
}
"""Claims that only a right RFC 8785 canonicalizes as everyone else does."""


def document(suite: str, issuer: str, subject: str) -> JsonObject:
    """An unsigned credential for `suite`: all terms defined for RDF, awkward JSON for JCS."""
    linked = "rdfc" in suite
    return {
        "@context": [V2, TERMS] if linked else [V2],
        "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
        "type": ["VerifiableCredential", "DegreeCredential"],
        "issuer": issuer,
        "validFrom": "2024-06-21T00:00:00Z",
        "validUntil": "2999-01-01T00:00:00Z",
        "credentialSubject": {"id": subject, **copy.deepcopy(_LINKED if linked else AWKWARD)},
    }


def names_by_value(issuer: str, subject: str) -> JsonObject:
    """A credential whose context is given by value, with claims that are in RDF and in JCS the same."""
    return document("rdfc", issuer, subject)


def tampering(credential: Mapping[str, Any]) -> dict[str, JsonObject]:
    """`credential` in wrong versions, by what is wrong."""
    return {
        "a changed claim": _edited(credential, lambda it: it["credentialSubject"].update(degree="Master")),
        "a claim taken out": _edited(credential, lambda it: it["credentialSubject"].pop("degree")),
        "another subject": _edited(
            credential, lambda it: it["credentialSubject"].update(id="did:example:eve")
        ),
        "a longer validity": _edited(credential, lambda it: it.update(validUntil="3999-01-01T00:00:00Z")),
        "a changed signature": _edited(credential, lambda it: _change_proof(it["proof"])),
        "a changed date of the proof": _edited(
            credential, lambda it: it["proof"].update(created="2024-07-01T00:00:00Z")
        ),
    }


def _edited(credential: Mapping[str, Any], edit: Callable[[JsonObject], Any]) -> JsonObject:
    edited = copy.deepcopy(dict(credential))
    edit(edited)
    return edited


def _change_proof(proof: JsonObject) -> None:
    proof["proofValue"] = reworded(proof["proofValue"], len(proof["proofValue"]) // 2)


def reworded(text: str, position: int) -> str:
    """`text` with another letter at `position`; base58 and base64url stay what they are."""
    return text[:position] + ("B" if text[position] == "A" else "A") + text[position + 1 :]


def payload_of(token: str) -> JsonObject:
    """The payload of a JWS, unverified."""
    body = token.split(".")[1]
    payload: JsonObject = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return payload


def with_payload(token: str, payload: Mapping[str, Any]) -> str:
    """`token` with another payload under the old signature."""
    header, _, rest = token.split(".", 2)
    body = base64.urlsafe_b64encode(json.dumps(payload).encode()).rstrip(b"=").decode()
    return f"{header}.{body}.{rest}"


def _later(token: str) -> str:
    return with_payload(token, {**payload_of(token), "validUntil": "3999-01-01T00:00:00Z"})


def _other_claim(token: str) -> str:
    payload = payload_of(token)
    if "credentialSubject" in payload:
        payload["credentialSubject"]["degree"] = "Master"
    else:
        payload["vct"] = "https://credentials.example/master"
    return with_payload(token, payload)


def _other_signature(token: str) -> str:
    signature = token.index(".", token.index(".") + 1) + 1
    return reworded(token, signature + 40)


TOKEN_TAMPERING: Final[dict[str, Callable[[str], str]]] = {
    "a changed claim": _other_claim,
    "a longer validity": _later,
    "a changed signature": _other_signature,
}
"""What makes a wrong version of a signed token."""
