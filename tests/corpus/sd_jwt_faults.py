"""Faults of SD-JWT VCs: RFC 9901 section 7.1 and 7.3, RFC 7519, and the rules of SD-JWT VC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ipse.encoding import base64url, strict_json
from tests.corpus.building import ISSUER, PEER, STRANGER, Fault, Good, Json, compact, salt
from tests.corpus.sd_jwt_building import (
    CITY,
    DEGREE,
    FIRST,
    HOLDER_KEY,
    NOW_SECONDS,
    STREET,
    bound,
    claims,
    digest,
    disclosure,
    element,
    encoded,
    key_binding,
    sd_jwt,
)

__all__ = ["faults", "good"]

FAMILY: Final = "sd-jwt"
_BOUND: Final = "sd-jwt-kb"

_HEADERS: Final[dict[str, tuple[Json, str]]] = {
    "typ-missing": ({"typ": ...}, "data-model"),
    "typ-jwt": ({"typ": "JWT"}, "data-model"),
    "typ-of-a-key-binding": ({"typ": "kb+jwt"}, "data-model"),
    "alg-missing": ({"alg": ...}, "proof"),
    "alg-none-signed": ({"alg": "none"}, "proof"),
    "alg-of-another-key": ({"alg": "ES256"}, "proof"),
    "crit": ({"crit": ["exp"], "exp": 1}, "proof"),
    "kid-not-a-text": ({"kid": 5}, "issuer"),
    "kid-not-listed": ({"kid": ISSUER.method + "x"}, "issuer"),
    "kid-of-another": ({"kid": STRANGER.method}, "issuer"),
}

_CLAIMS: Final[dict[str, tuple[Json, str, str]]] = {
    "iss-missing": ({"iss": ...}, "issuer", "undetermined"),
    "iss-not-a-did-nor-https": ({"iss": "http://issuer.example"}, "issuer", "undetermined"),
    "iss-of-another": ({"iss": STRANGER.did}, "issuer", "failed"),
    "iss-at-an-unpublished-url": ({"iss": "https://nowhere.example"}, "issuer", "undetermined"),
    "vct-missing": ({"vct": ...}, "data-model", "failed"),
    "vct-not-a-text": ({"vct": ["https://issuer.example/degree"]}, "data-model", "failed"),
    "sub-not-a-text": ({"sub": 5}, "data-model", "failed"),
    "exp-not-a-number": ({"exp": "2027-01-01T00:00:00Z"}, "data-model", "failed"),
    "nbf-a-boolean": ({"nbf": True}, "data-model", "failed"),
    "cnf-empty": ({"cnf": {}}, "data-model", "failed"),
    "aud-of-another": ({"aud": "https://other.example"}, "data-model", "failed"),
    "expired": ({"exp": NOW_SECONDS - 61}, "time", "failed"),
    "not-valid-yet": ({"nbf": NOW_SECONDS + 61}, "time", "failed"),
    "holder-key-without-key-binding": ({"cnf": HOLDER_KEY}, "holder-binding", "failed"),
    "sd-not-an-array": ({"_sd": digest(DEGREE)}, "proof", "failed"),
    "sd-with-a-number": ({"_sd": [digest(DEGREE), 5]}, "proof", "failed"),
    "sd-with-the-same-digest-twice": ({"_sd": [digest(DEGREE), digest(DEGREE)]}, "proof", "failed"),
    "digest-in-two-places": (
        {"other": {"_sd": [digest(DEGREE)]}}, "proof", "failed",
    ),
    "sd-alg-unknown": ({"_sd_alg": "md5"}, "proof", "failed"),
    "sd-alg-of-another-hash": ({"_sd_alg": "sha-512"}, "proof", "failed"),
    "sd-alg-not-a-text": ({"_sd_alg": ["sha-256"]}, "proof", "failed"),
    "sd-alg-below-the-top": ({"other": {"_sd_alg": "sha-256"}}, "proof", "failed"),
    "dots-outside-an-array": ({"other": {"...": digest("other")}}, "proof", "failed"),
    "dots-beside-another-member": (
        {"nationalities": [{"...": digest(FIRST), "country": "DE"}]}, "proof", "failed",
    ),
    "dots-not-a-text": ({"nationalities": [{"...": digest(FIRST)}, {"...": 5}]}, "proof", "failed"),
}  # fmt: skip


def good() -> Iterator[Good]:
    """The credentials that these would be."""
    yield Good(FAMILY, sd_jwt(claims()))
    yield Good(_BOUND, key_binding(bound()), is_answer=True)
    yield Good("sd-jwt-json", _as_json())


def faults() -> Iterator[Fault]:
    """One SD-JWT for each fault."""
    for name, (header, check) in _HEADERS.items():
        yield Fault(FAMILY, name, sd_jwt(claims(), **header), check)
    for name, (changes, check, outcome) in _CLAIMS.items():
        yield Fault(FAMILY, name, sd_jwt(claims(**changes)), check, outcome)
    for name, text in (*_disclosures().items(), *_unsigned().items()):
        yield Fault(FAMILY, name, text, "proof")
    for name, text in _selective().items():
        yield Fault(FAMILY, name, text, "data-model")
    for name, text in _unreadable().items():
        yield Fault(FAMILY, name, text, "parse")
    untrusted = sd_jwt(claims(iss=STRANGER.did), by=STRANGER)
    yield Fault(FAMILY, "issuer-not-trusted", untrusted, "trust")
    alone = sd_jwt(claims(iss=PEER.did), by=PEER)
    yield Fault(FAMILY, "key-listed-to-authenticate-alone", alone, "purpose")
    yield from _key_bindings()
    yield from _json_serialization()


def _disclosures() -> dict[str, str]:
    """The steps of RFC 9901 section 7.1, each broken in turn."""
    inner = disclosure("street", "Harbour Road 1")
    outer = disclosure("address", {"_sd": [digest(inner)]})
    nested = claims(_sd=[digest(outer)], address=..., nationalities=["FR"])
    malformed = {
        "disclosure-not-json": base64url.encode(b"degree: Oceanography"),
        "disclosure-not-an-array": encoded({"degree": "Oceanography"}),
        "disclosure-of-one-element": encoded([salt("degree")]),
        "disclosure-of-four-elements": encoded([salt("degree"), "degree", "Oceanography", 1]),
        "disclosure-salt-a-number": encoded([5, "degree", "Oceanography"]),
        "disclosure-name-a-number": encoded([salt("degree"), 5, "Oceanography"]),
        "disclosure-named-sd": disclosure("_sd", []),
        "disclosure-named-dots": disclosure("...", "x"),
        "disclosure-of-an-element-for-a-claim": element("Oceanography"),
        "disclosure-over-a-claim": disclosure("vct", "https://issuer.example/doctor"),
        "disclosure-with-a-member-twice": base64url.encode(b'["c2FsdA","degree",{"a":1,"a":2}]'),
        "disclosure-not-a-number": base64url.encode(b'["c2FsdA","degree",NaN]'),
        "disclosure-nested-too-deep": base64url.encode(b'["c2FsdA","d",' + b"[" * 200 + b"]" * 200 + b"]"),
    }
    texts = {
        name: sd_jwt(claims(_sd=[digest(text)]), text, STREET, CITY, FIRST)
        for name, text in malformed.items()
    }
    named = disclosure("country", "DE")
    return texts | {
        "disclosure-of-a-claim-for-an-element": sd_jwt(
            claims(nationalities=[{"...": digest(named)}]), DEGREE, named
        ),
        "disclosure-without-digest": sd_jwt(claims(), DEGREE, disclosure("honours", True)),
        "disclosure-twice": sd_jwt(claims(), DEGREE, DEGREE),
        "disclosure-without-its-parent": sd_jwt(nested, inner),
        "disclosed-value-changed": sd_jwt(claims(), disclosure("degree", "Medicine"), STREET, CITY, FIRST),
        "disclosed-name-changed": sd_jwt(claims(), encoded([salt("degree"), "title", "Oceanography"])),
        "disclosed-salt-changed": sd_jwt(claims(), encoded([salt("x"), "degree", "Oceanography"])),
        "disclosure-written-differently": sd_jwt(
            claims(), base64url.encode(f'["{salt("degree")}", "degree", "Oceanography"]'.encode())
        ),
        "claims-of-the-same-name": sd_jwt(
            claims(_sd=[digest(DEGREE), digest(disclosure("degree", "Medicine"))]),
            DEGREE, disclosure("degree", "Medicine"),
        ),
        "digest-again-inside-a-disclosure": sd_jwt(
            claims(_sd=[digest(DEGREE), digest(disclosure("more", {"_sd": [digest(DEGREE)]}))]),
            DEGREE, disclosure("more", {"_sd": [digest(DEGREE)]}),
        ),
    }  # fmt: skip


def _selective() -> dict[str, str]:
    """What SD-JWT VC keeps out of disclosures, withheld or shown."""
    hidden = {
        "exp": NOW_SECONDS + 86_400,
        "nbf": NOW_SECONDS - 86_400,
        "cnf": HOLDER_KEY,
        "status": {"status_list": {"idx": 1, "uri": "https://issuer.example/list"}},
        "vct": "https://issuer.example/degree",
    }
    texts = {}
    for name, value in hidden.items():
        text = disclosure(name, value)
        payload = claims(**{name: ..., "_sd": [digest(text)]})
        texts[f"{name}-disclosable"] = sd_jwt(payload, text)
    return texts


def _unsigned() -> dict[str, str]:
    header, body, signature = sd_jwt(claims()).split("~")[0].split(".")
    rest = f"~{DEGREE}~"
    members = {"typ": "dc+sd-jwt", "kid": ISSUER.method}
    later = sd_jwt(claims(exp=NOW_SECONDS * 2)).split(".")[1]
    return {
        "signature-by-another-key": compact({"alg": "EdDSA", **members}, claims(), STRANGER.key) + rest,
        "signature-of-zeros": f"{header}.{body}.{base64url.encode(bytes(64))}{rest}",
        "payload-of-another-credential": f"{header}.{later}.{signature}{rest}",
    }


def _unreadable() -> dict[str, str]:
    text = sd_jwt(claims(), DEGREE)
    token = text.split("~")[0]
    header, body, _ = token.split(".")
    return {
        "tilde-missing": token,
        "disclosure-empty": f"{token}~~{DEGREE}~",
        "disclosure-padded": f"{token}~{DEGREE}=~",
        "disclosure-in-base64": f"{token}~{DEGREE[:-1]}+~",
        "signature-empty": f"{header}.{body}.~{DEGREE}~",
        "signature-missing": f"{header}.{body}~{DEGREE}~",
        "payload-with-a-member-twice": sd_jwt(
            strict_json.canonical(claims()).replace(b'"exp"', b'"exp":1,"exp"')
        ),
        "disclosures-too-many": token + "~" + "~".join(element(number) for number in range(1025)) + "~",
    }


_KEY_BINDINGS: Final[dict[str, Json]] = {
    "typ-missing": {"typ": ...},
    "typ-jwt": {"typ": "JWT"},
    "alg-none": {"alg": "none"},
    "alg-of-another-key": {"alg": "ES256"},
    "audience-of-another": {"aud": "https://other.example"},
    "audience-missing": {"aud": ...},
    "audiences-of-two": {"aud": ["https://verifier.example", "https://other.example"]},
    "nonce-of-another": {"nonce": "n-1"},
    "nonce-missing": {"nonce": ...},
    "sd-hash-missing": {"sd_hash": ...},
    "sd-hash-of-nothing": {"sd_hash": digest("")},
    "sd-hash-by-another-algorithm": {"sd_hash": digest(bound(), "sha512")},
    "iat-missing": {"iat": ...},
    "iat-not-a-number": {"iat": "2026-07-01T12:00:00Z"},
    "made-too-long-ago": {"iat": NOW_SECONDS - 361},
    "made-in-the-future": {"iat": NOW_SECONDS + 61},
    "expired": {"exp": NOW_SECONDS - 61},
    "by-another-key": {"by": STRANGER},
}


def _key_bindings() -> Iterator[Fault]:
    """RFC 9901 section 7.3, step 5."""
    for name, changes in _KEY_BINDINGS.items():
        yield Fault(_BOUND, f"key-binding-{name}", key_binding(bound(), **changes), "holder-binding")
    whole = key_binding(bound())
    yield Fault(_BOUND, "key-binding-missing", bound(), "holder-binding")
    yield Fault(_BOUND, "tilde-missing-at-the-end", bound()[:-1], "holder-binding")
    yield Fault(_BOUND, "disclosure-taken-out", whole.replace(f"{CITY}~", ""), "holder-binding")
    withheld = sd_jwt(claims(cnf=HOLDER_KEY), DEGREE)
    added = key_binding(withheld).replace(f"{DEGREE}~", f"{DEGREE}~{CITY}~")
    yield Fault(_BOUND, "disclosure-put-in", added, "holder-binding")
    binding = key_binding(bound(jti="urn:uuid:1")).rpartition("~")[2]
    yield Fault(_BOUND, "key-binding-of-another-credential", bound() + binding, "holder-binding")
    yield Fault(_BOUND, "holder-key-missing", key_binding(sd_jwt(claims())), "holder-binding")
    keys: dict[str, tuple[Json, str]] = {
        "holder-key-of-another": ({"jwk": {**HOLDER_KEY["jwk"], "x": base64url.encode(bytes(32))}}, "failed"),
        "holder-key-malformed": ({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AA"}}, "failed"),
        "holder-key-of-an-unknown-type": ({"jwk": {"kty": "oct", "k": "AAAA"}}, "undetermined"),
        "holder-key-at-a-url": ({"jku": "https://holder.example/key"}, "undetermined"),
        "holder-key-of-an-unknown-did": ({"kid": "did:example:holder#key"}, "undetermined"),
    }
    for name, (cnf, outcome) in keys.items():
        yield Fault(_BOUND, name, key_binding(sd_jwt(claims(cnf=cnf))), "holder-binding", outcome)
    expired = key_binding(bound(exp=NOW_SECONDS - 61))
    yield Fault(_BOUND, "expired", expired, "time")
    yield Fault(_BOUND, "key-binding-cut-short", whole[:-20], "holder-binding")
    yield Fault(_BOUND, "key-binding-not-a-token", bound() + "binding!", "parse")


def _as_json(**changes: Any) -> Json:
    protected, payload, signature = sd_jwt(claims()).split("~")[0].split(".")
    members: Json = {
        "payload": payload,
        "protected": protected,
        "signature": signature,
        "header": {"disclosures": [DEGREE]},
    }
    return {name: value for name, value in {**members, **changes}.items() if value is not ...}


def _json_serialization() -> Iterator[Fault]:
    """RFC 9901 section 8, RFC 7515 section 7.2."""
    whole = _as_json()
    one = {name: whole[name] for name in ("protected", "signature", "header")}
    documents = {
        "protected-missing": _as_json(protected=...),
        "signature-a-number": _as_json(signature=5),
        "header-in-both-places": _as_json(header={"alg": "EdDSA", "disclosures": [DEGREE]}),
        "crit-unprotected": _as_json(header={"crit": ["x"], "disclosures": [DEGREE]}),
        "disclosures-in-both-places": _as_json(disclosures=[DEGREE]),
        "disclosures-not-an-array": _as_json(header={"disclosures": DEGREE}),
        "disclosure-with-a-tilde": _as_json(header={"disclosures": [f"{DEGREE}~{CITY}"]}),
        "flattened-and-general": _as_json(signatures=[one]),
        "signatures-none": {"payload": whole["payload"], "signatures": []},
        "disclosures-in-the-second-signature": {"payload": whole["payload"], "signatures": [one, one]},
    }
    for name, document in documents.items():
        yield Fault("sd-jwt-json", name, document, "parse")
    changed = _as_json(header={"disclosures": [disclosure("degree", "Medicine")]})
    yield Fault("sd-jwt-json", "disclosed-value-changed", changed, "proof")
