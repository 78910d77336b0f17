"""Faults of VCDM 1.1 credentials and presentations, with Linked Data proofs and as JWTs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ipse.credentials.model import vcdm11
from ipse.encoding import multibase
from tests.corpus.building import (
    AUDIENCE,
    CREATED,
    HOLDER,
    ISSUER,
    NONCE,
    STRANGER,
    Fault,
    Good,
    Json,
    Party,
    changed,
    edited,
    jwt,
    presented,
    w3c,
)
from tests.corpus.sd_jwt_building import NOW_SECONDS

__all__ = ["faults", "good", "signed_credential", "signed_token", "unsigned_credential"]

_LD: Final = "w3c-1.1"
_JWT: Final = "w3c-1.1-jwt"
_VP_LD: Final = "vp-w3c-1.1"
_VP_JWT: Final = "vp-w3c-1.1-jwt"
_SUITE: Final[Json] = {
    "suite": "Ed25519Signature2020",
    "type": "Ed25519Signature2020",
    "cryptosuite": ...,
}


def unsigned_credential(**changes: Any) -> Json:
    """A credential of VCDM 1.1 about the holder."""
    document: Json = {
        "@context": [vcdm11.CONTEXT, vcdm11.SUITE_CONTEXT, {"@vocab": vcdm11.UNDEFINED_TERM}],
        "id": "urn:uuid:3b0b8f6e-1f0c-4b8e-9d57-2f5a5f1f4b11",
        "type": ["VerifiableCredential", "DegreeCredential"],
        "issuer": ISSUER.did,
        "issuanceDate": CREATED,
        "expirationDate": "2027-01-01T00:00:00Z",
        "credentialSubject": {"id": HOLDER.did, "degree": "Oceanography"},
    }
    return changed(document, **changes)


def _signed(document: Json, by: Party = ISSUER, **options: Any) -> Json:
    return w3c(document, by, **{**_SUITE, **options})


def _token(payload: Json, by: Party = ISSUER, **header: Any) -> str:
    return jwt(payload, by, **{"typ": "JWT", **header})


def _claims(**changes: Any) -> Json:
    document = unsigned_credential()
    payload: Json = {
        "iss": ISSUER.did,
        "sub": HOLDER.did,
        "jti": document["id"],
        "nbf": 1_767_225_600,
        "exp": 1_798_761_600,
        "vc": document,
    }
    return changed(payload, **changes)


def _presentation(*credentials: Any, **changes: Any) -> Json:
    document: Json = {
        "@context": [vcdm11.CONTEXT, vcdm11.SUITE_CONTEXT],
        "type": ["VerifiablePresentation"],
        "holder": HOLDER.did,
        "verifiableCredential": list(credentials),
    }
    return changed(document, **changes)


def _presented(document: Json, by: Party = HOLDER, **options: Any) -> Json:
    return presented(document, by, **{**_SUITE, **options})


def _answer(*credentials: Any, **changes: Any) -> Json:
    payload: Json = {
        "iss": HOLDER.did,
        "aud": AUDIENCE,
        "nonce": NONCE,
        "iat": NOW_SECONDS - 10,
        "vp": _presentation(*credentials),
    }
    return changed(payload, **changes)


def signed_credential(**changes: Any) -> Json:
    """A credential of VCDM 1.1 with an embedded proof by the issuer."""
    return _signed(unsigned_credential(**changes))


def signed_token(**changes: Any) -> str:
    """A credential of VCDM 1.1 as a JWT by the issuer, its claims changed."""
    return _token(_claims(**changes))


def good() -> Iterator[Good]:
    """What these would be."""
    yield Good(_LD, _signed(unsigned_credential()))
    yield Good(_JWT, _token(_claims()))
    yield Good(_VP_LD, _presented(_presentation(_signed(unsigned_credential()))), is_answer=True)
    yield Good(_VP_JWT, _token(_answer(_token(_claims())), HOLDER), is_answer=True)


_DATA_MODEL: Final[dict[str, Json]] = {
    "issuance-date-missing": {"issuanceDate": ...},
    "issuance-date-without-time": {"issuanceDate": "2026-01-01"},
    "expiration-date-malformed": {"expirationDate": "never"},
    "type-without-verifiable-credential": {"type": ["DegreeCredential"]},
    "issuer-missing": {"issuer": ...},
    "subject-missing": {"credentialSubject": ...},
    "status-without-id": {"credentialStatus": {"type": "StatusList2021Entry"}},
    "id-not-a-uri": {"id": "1"},
}


def faults() -> Iterator[Fault]:
    """One document for each fault."""
    for name, changes in _DATA_MODEL.items():
        # A signature over the fault may not be possible: RDF has no place for it.
        yield Fault(
            _LD, name, _signed(unsigned_credential(**changes), signed=unsigned_credential()), "data-model"
        )
    yield from _linked_data()
    yield from _tokens()
    yield from _presentations()


def _linked_data() -> Iterator[Fault]:
    signed = _signed(unsigned_credential())
    proofs: dict[str, tuple[Json, str]] = {
        "claim-changed": (edited(signed, "credentialSubject", "degree", to="Medicine"), "failed"),
        "claim-added": (edited(signed, "credentialSubject", "honours", to="x"), "failed"),
        "validity-lengthened": (edited(signed, "expirationDate", to="2037-01-01T00:00:00Z"), "failed"),
        "proof-date-changed": (edited(signed, "proof", "created", to="2026-01-02T00:00:00Z"), "failed"),
        "proof-value-missing": (edited(signed, "proof", "proofValue", to=...), "failed"),
        "proof-value-of-zeros": (
            edited(signed, "proof", "proofValue", to=multibase.encode_base58btc(bytes(64))), "failed",
        ),
        "proof-made-to-authenticate": (
            _signed(unsigned_credential(), proofPurpose="authentication"), "failed",
        ),
        "proof-type-unknown": (edited(signed, "proof", "type", to="DataIntegrityProof"), "undetermined"),
        "proof-member-unknown": (edited(signed, "proof", "remark", to="x"), "undetermined"),
        "verification-method-of-another": (_signed(unsigned_credential(), STRANGER), "failed"),
        "context-unknown": (
            edited(signed, "@context", to=[vcdm11.CONTEXT, "https://issuer.example/v1"]), "undetermined",
        ),
        "member-under-another-spelling": (
            edited(signed, "credentialSubject", "https://issuer.example/#honours", to="x"), "undetermined",
        ),
    }  # fmt: skip
    for name, (document, outcome) in proofs.items():
        yield Fault(_LD, name, document, "proof", outcome)
    yield Fault(_LD, "proof-missing", unsigned_credential(), "proof")
    unknown = unsigned_credential(issuer="https://issuer.example")
    yield Fault(_LD, "issuer-not-a-did", _signed(unknown), "issuer", "undetermined")
    yield Fault(_LD, "expired", _signed(unsigned_credential(expirationDate="2026-07-01T11:58:59Z")), "time")
    yield Fault(
        _LD, "not-valid-yet", _signed(unsigned_credential(issuanceDate="2026-07-01T12:01:01Z")), "time"
    )
    stranger = _signed(unsigned_credential(issuer=STRANGER.did), STRANGER)
    yield Fault(_LD, "issuer-not-trusted", stranger, "trust")


def _tokens() -> Iterator[Fault]:
    claims: dict[str, tuple[Json, str, str]] = {
        "iss-of-another": ({"iss": STRANGER.did}, "parse", "failed"),
        "sub-of-another": ({"sub": STRANGER.did}, "parse", "failed"),
        "jti-of-another": ({"jti": "urn:uuid:2"}, "parse", "failed"),
        "exp-differs": ({"exp": 1_798_761_601}, "parse", "failed"),
        "nbf-differs": ({"nbf": 1_767_225_601}, "parse", "failed"),
        "vc-with-a-proof": ({"vc": _signed(unsigned_credential())}, "parse", "failed"),
        "audience": ({"aud": AUDIENCE}, "proof", "undetermined"),
        "expired": (
            {"exp": NOW_SECONDS - 61, "vc": unsigned_credential(expirationDate=...)}, "time", "failed",
        ),
        "not-valid-yet": (
            {"nbf": NOW_SECONDS + 61, "vc": unsigned_credential(issuanceDate=...)}, "time", "failed",
        ),
    }  # fmt: skip
    for name, (changes, check, outcome) in claims.items():
        yield Fault(_JWT, name, _token(_claims(**changes)), check, outcome)
    headers: dict[str, tuple[Json, str]] = {
        "typ-of-another": ({"typ": "at+jwt"}, "parse"),
        "alg-none": ({"alg": "none"}, "proof"),
        "crit": ({"crit": ["exp"]}, "parse"),
        "key-in-the-header": ({"jwk": {}}, "parse"),
        "kid-missing": ({"kid": ...}, "parse"),
    }
    for name, (header, check) in headers.items():
        yield Fault(_JWT, name, _token(_claims(), **header), check)
    yield Fault(_JWT, "kid-of-another", _token(_claims(), STRANGER), "proof")
    head, body, signature = _token(_claims()).split(".")
    yield Fault(_JWT, "signature-changed", f"{head}.{body}.{'A' * 10}{signature[10:]}", "proof")


def _presentations() -> Iterator[Fault]:
    signed = _signed(unsigned_credential())
    whole = _presentation(signed)
    options: dict[str, tuple[Json, str]] = {
        "audience-of-another": ({"domain": "https://other.example"}, "holder-binding"),
        "audience-missing": ({"domain": ...}, "proof"),
        "nonce-of-another": ({"challenge": "n-1"}, "holder-binding"),
        "nonce-missing": ({"challenge": ...}, "proof"),
        "made-too-long-ago": ({"created": "2026-07-01T11:53:59Z"}, "holder-binding"),
        "made-in-the-future": ({"created": "2026-07-01T12:01:01Z"}, "holder-binding"),
        "proof-made-to-assert": ({"proofPurpose": "assertionMethod"}, "proof"),
    }
    for name, (changes, check) in options.items():
        yield Fault(_VP_LD, name, _presented(whole, **changes), check)
    made = _presented(whole)
    yield Fault(_VP_LD, "holder-of-another", edited(made, "holder", to=STRANGER.did), "proof")
    yield Fault(_VP_LD, "holder-missing", edited(made, "holder", to=...), "data-model")
    claim = ("verifiableCredential", 0, "credentialSubject", "degree")
    yield Fault(_VP_LD, "claim-changed", edited(made, *claim, to="Medicine"), "proof")
    wrong = edited(signed, "credentialSubject", "degree", to="Medicine")
    yield Fault(_VP_LD, "of-a-changed-credential", _presented(_presentation(wrong)), "proof", part=1)
    elses = _presented(_presentation(signed, holder=STRANGER.did), STRANGER)
    yield Fault(_VP_LD, "by-another-than-the-subject", elses, "holder-binding", part=1)
    yield Fault(_VP_LD, "credential-on-its-own", signed, "holder-binding")
    yield Fault(_VP_LD, "no-credential-in-it", _presented(_presentation(verifiableCredential=...)), "trust")
    yield from _presented_tokens()


def _presented_tokens() -> Iterator[Fault]:
    inside = _token(_claims())
    claims: dict[str, tuple[Json, str]] = {
        "audience-of-another": ({"aud": "https://other.example"}, "holder-binding"),
        "audience-missing": ({"aud": ...}, "proof"),
        "nonce-of-another": ({"nonce": "n-1"}, "holder-binding"),
        "nonce-missing": ({"nonce": ...}, "proof"),
        "made-too-long-ago": ({"iat": NOW_SECONDS - 361}, "holder-binding"),
        "made-in-the-future": ({"iat": NOW_SECONDS + 61}, "holder-binding"),
        "expired": ({"exp": NOW_SECONDS - 61}, "time"),
        "iss-of-another": ({"iss": STRANGER.did}, "parse"),
        "vc-and-vp": ({"vc": {}}, "parse"),
    }
    for name, (changes, check) in claims.items():
        yield Fault(_VP_JWT, name, _token(_answer(inside, **changes), HOLDER), check)
    tampered = inside[:-10] + "AAAAAAAA" + inside[-2:]
    yield Fault(_VP_JWT, "of-a-changed-credential", _token(_answer(tampered), HOLDER), "proof", part=1)
    elses = _answer(inside, iss=STRANGER.did, vp=_presentation(inside, holder=STRANGER.did))
    yield Fault(_VP_JWT, "by-another-than-the-subject", _token(elses, STRANGER), "holder-binding", part=1)
    yield Fault(_VP_JWT, "credential-on-its-own", inside, "holder-binding")
