"""Faults of presentations of VCDM 2.0, and of the credentials in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tests.corpus.building import (
    AUDIENCE,
    HOLDER,
    NONCE,
    STRANGER,
    Fault,
    Good,
    Json,
    credential,
    edited,
    jwt,
    presentation,
    presented,
    w3c,
)
from tests.corpus.jwt_faults import enveloped
from tests.corpus.sd_jwt_building import NOW_SECONDS, bound, claims, key_binding, sd_jwt

__all__ = ["faults", "good"]

_JCS: Final = "vp-w3c-jcs"
_RDFC: Final = "vp-w3c-rdfc"
_JWT: Final = "vp-jwt"
_RDFC_SUITE: Final = "eddsa-rdfc-2022"

_OPTIONS: Final[dict[str, tuple[Json, str]]] = {
    "audience-of-another": ({"domain": "https://other.example"}, "holder-binding"),
    "audience-missing": ({"domain": ...}, "holder-binding"),
    "nonce-of-another": ({"challenge": "n-1"}, "holder-binding"),
    "nonce-missing": ({"challenge": ...}, "holder-binding"),
    "nonce-not-a-text": ({"challenge": 5}, "proof"),
    "made-too-long-ago": ({"created": "2026-07-01T11:53:59Z"}, "holder-binding"),
    "made-in-the-future": ({"created": "2026-07-01T12:01:01Z"}, "holder-binding"),
    "proof-made-to-assert": ({"proofPurpose": "assertionMethod"}, "purpose"),
    "proof-expired": ({"expires": "2026-07-01T11:58:59Z"}, "time"),
}

_DOCUMENTS: Final[dict[str, tuple[Json, str]]] = {
    "context-missing": ({"at_context": ...}, "data-model"),
    "holder-not-a-url": ({"holder": "me"}, "data-model"),
    "credential-as-text": ({"verifiableCredential": ["eyJ"]}, "data-model"),
    "holder-of-another": ({"holder": STRANGER.did}, "proof"),
    "holder-not-a-did": ({"holder": "https://holder.example"}, "issuer"),
    "terms-of-use-without-type": ({"termsOfUse": {"id": "urn:uuid:1"}}, "data-model"),
}


def good() -> Iterator[Good]:
    """The presentations that these would be."""
    yield Good(_JCS, presented(presentation(w3c(credential()))), is_answer=True)
    linked = presentation(w3c(credential(), suite=_RDFC_SUITE))
    yield Good(_RDFC, presented(linked, suite=_RDFC_SUITE), is_answer=True)
    yield Good(_JWT, _vp_jwt(presentation(enveloped(jwt(credential())))), is_answer=True)
    yield Good("vp-mixed", presented(_mixed()), is_answer=True)


def faults() -> Iterator[Fault]:
    """One presentation for each fault."""
    plain = presentation(w3c(credential()))
    linked = presentation(w3c(credential(), suite=_RDFC_SUITE))
    for name, (options, check) in _OPTIONS.items():
        yield Fault(_JCS, name, presented(plain, **options), check)
        if name != "nonce-not-a-text":
            yield Fault(_RDFC, name, presented(linked, suite=_RDFC_SUITE, **options), check)
    for name, (changes, check) in _DOCUMENTS.items():
        outcome = "undetermined" if check == "issuer" else "failed"
        document = presentation(w3c(credential()), **changes)
        yield Fault(_JCS, name, presented(document), check, outcome)
    yield from _changed(presented(plain), _JCS)
    yield from _changed(presented(linked, suite=_RDFC_SUITE), _RDFC)
    yield Fault(_JCS, "credential-on-its-own", w3c(credential()), "holder-binding")
    yield Fault(_JCS, "no-credential-in-it", presented(presentation(verifiableCredential=...)), "trust")
    inner = presented(plain)
    yield Fault(_JCS, "presentation-inside", presented(presentation(inner)), "data-model")
    yield from _credentials()
    yield from _tokens()
    yield from _enveloped()


def _changed(signed: Json, family: str) -> Iterator[Fault]:
    """Changed after the holder signed."""
    yield Fault(family, "credential-taken-out", edited(signed, "verifiableCredential", to=...), "proof")
    claim = ("verifiableCredential", 0, "credentialSubject", "degree")
    yield Fault(family, "claim-changed", edited(signed, *claim, to="Medicine"), "proof")
    value = ("verifiableCredential", 0, "proof", "created")
    yield Fault(
        family,
        "date-of-the-credentials-proof-changed",
        edited(signed, *value, to="2026-01-02T00:00:00Z"),
        "proof",
    )
    yield Fault(family, "nonce-changed", edited(signed, "proof", "challenge", to="n-1"), "proof")
    yield Fault(family, "proof-missing", edited(signed, "proof", to=...), "proof")


def _credentials() -> Iterator[Fault]:
    """Presentations whose own proof is right, of a credential that is not."""
    signed = w3c(credential())
    wrong: dict[str, tuple[Json, str]] = {
        "of-a-changed-credential": (
            edited(signed, "credentialSubject", "degree", to="Medicine"), "proof",
        ),
        "of-an-unsigned-credential": (credential(), "proof"),
        "of-an-expired-credential": (w3c(credential(validUntil="2026-07-01T11:58:59Z")), "time"),
        "of-a-credential-not-valid-yet": (w3c(credential(validFrom="2026-07-01T12:01:01Z")), "time"),
        "of-an-untrusted-issuer": (w3c(credential(STRANGER), STRANGER), "trust"),
        "of-a-credential-made-to-authenticate": (
            w3c(credential(), proofPurpose="authentication"), "purpose",
        ),
        "of-somebody-elses-credential": (
            w3c(credential(credentialSubject={"id": STRANGER.did, "degree": "Oceanography"})),
            "holder-binding",
        ),
        "of-a-credential-that-names-no-trusted-issuer": (credential(issuer=HOLDER.did), "trust"),
    }  # fmt: skip
    for name, (inside, check) in wrong.items():
        yield Fault(_JCS, name, presented(presentation(inside)), check, part=1)
    by_stranger = presented(presentation(signed, holder=STRANGER.did), STRANGER)
    yield Fault(_JCS, "by-another-than-the-subject", by_stranger, "holder-binding", part=1)
    second = presentation(signed, edited(signed, "id", to="urn:uuid:7"))
    yield Fault(_JCS, "second-credential-changed", presented(second), "proof", part=2)


_CLAIMS: Final[dict[str, tuple[Json, str]]] = {
    "audience-of-another": ({"aud": "https://other.example"}, "holder-binding"),
    "audience-missing": ({"aud": ...}, "holder-binding"),
    "nonce-of-another": ({"nonce": "n-1"}, "holder-binding"),
    "nonce-missing": ({"nonce": ...}, "holder-binding"),
    "nonce-not-a-text": ({"nonce": 5}, "parse"),
    "audience-not-a-text": ({"aud": [5]}, "parse"),
    "iss-of-another": ({"iss": STRANGER.did}, "parse"),
    "made-too-long-ago": ({"iat": NOW_SECONDS - 361}, "holder-binding"),
    "made-in-the-future": ({"iat": NOW_SECONDS + 61}, "time"),
    "expired": ({"exp": NOW_SECONDS - 61}, "time"),
    "holder-of-another": ({"holder": STRANGER.did}, "data-model"),
    "context-missing": ({"at_context": ...}, "parse"),
    "no-credential-in-it": ({"verifiableCredential": ...}, "trust"),
}


def _vp_jwt(document: Json, **options: Any) -> str:
    answering = {"aud": AUDIENCE, "nonce": NONCE, "iat": NOW_SECONDS - 10}
    return jwt({**answering, **document}, HOLDER, **{"typ": "vp+jwt", **options})


def _tokens() -> Iterator[Fault]:
    inside = enveloped(jwt(credential()))
    document = {"aud": AUDIENCE, "nonce": NONCE, "iat": NOW_SECONDS - 10, **presentation(inside)}
    for name, (changes, check) in _CLAIMS.items():
        payload = {name: value for name, value in {**document, **_named(changes)}.items() if value is not ...}
        also = ("holder-binding",) if name == "made-in-the-future" else ()
        yield Fault(_JWT, name, jwt(payload, HOLDER, typ="vp+jwt"), check, also=also)
    headers: dict[str, tuple[Json, str]] = {
        "typ-of-a-credential": ({"typ": "vc+jwt"}, "parse"),
        "typ-missing": ({"typ": ...}, "parse"),
        "alg-none": ({"alg": "none"}, "proof"),
        "kid-of-another": ({"kid": STRANGER.method}, "data-model"),
        "kid-not-listed": ({"kid": HOLDER.method + "x"}, "proof"),
    }
    for name, (options, check) in headers.items():
        yield Fault(_JWT, name, _vp_jwt(presentation(inside), **options), check)
    header, body, signature = _vp_jwt(presentation(inside)).split(".")
    yield Fault(_JWT, "signature-changed", f"{header}.{body}.{'A' * 10}{signature[10:]}", "proof")
    expired = enveloped(jwt(credential(validUntil="2026-07-01T11:58:59Z")))
    yield Fault(_JWT, "of-an-expired-credential", _vp_jwt(presentation(expired)), "time", part=1)
    elses = enveloped(jwt(credential(credentialSubject={"id": STRANGER.did, "degree": "x"})))
    yield Fault(_JWT, "of-somebody-elses-credential", _vp_jwt(presentation(elses)), "holder-binding", part=1)
    yield Fault(_JWT, "credential-on-its-own", jwt(credential()), "holder-binding")


def _named(changes: Json) -> Json:
    return {name.replace("at_", "@"): value for name, value in changes.items()}


def _mixed() -> Json:
    """A credential with an embedded proof, a vc+jwt, an SD-JWT and an SD-JWT that is bound."""
    return presentation(
        w3c(credential()),
        enveloped(jwt(credential())),
        _sd_jwt_in(sd_jwt(claims())),
        _sd_jwt_in(key_binding(bound())),
    )


def _sd_jwt_in(text: str) -> Json:
    return enveloped("", id=f"data:application/dc+sd-jwt,{text}")


def _enveloped() -> Iterator[Fault]:
    """Presentations of several formats, in one of which something is wrong."""
    token = jwt(credential())
    wrong: dict[str, tuple[int, Json, str]] = {
        "jwt-signature-changed": (1, enveloped(token[:-10] + "AAAAAAAA" + token[-2:]), "proof"),
        "jwt-of-a-presentation-inside": (1, _vp_inside(), "parse"),
        "sd-jwt-expired": (2, _sd_jwt_in(sd_jwt(claims(exp=NOW_SECONDS - 61))), "time"),
        "sd-jwt-of-somebody-else": (2, _sd_jwt_in(sd_jwt(claims(sub=STRANGER.did))), "holder-binding"),
        "sd-jwt-without-key-binding": (3, _sd_jwt_in(bound()), "holder-binding"),
        "sd-jwt-bound-for-another": (
            3, _sd_jwt_in(key_binding(bound(), nonce="n-1")), "holder-binding",
        ),
    }  # fmt: skip
    for name, (position, inside, check) in wrong.items():
        document = edited(_mixed(), "verifiableCredential", position, to=inside)
        yield Fault("vp-mixed", name, presented(document), check, part=position + 1)


def _vp_inside() -> Json:
    text = _vp_jwt(presentation())
    return enveloped("", id=f"data:application/vc+jwt,{text}")
