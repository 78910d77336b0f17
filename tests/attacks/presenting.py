"""Presentations of every kind that answer one challenge, and their verification."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from ipse.credentials import verifier
from ipse.credentials.model import vcdm11
from ipse.credentials.policy import Challenge, Policy, Sources
from ipse.credentials.report import Check, Outcome
from ipse.credentials.verifier import Verification
from ipse.dids import did_web, resolver
from ipse.encoding import strict_json
from ipse.keys import key_types
from tests.corpus.building import (
    AUDIENCE,
    HOLDER,
    ISSUER,
    NONCE,
    NOW,
    Json,
    Party,
    changed,
    jwt,
    presentation,
    presented,
)
from tests.corpus.sd_jwt_building import NOW_SECONDS

__all__ = [
    "CHALLENGE",
    "MADE",
    "check",
    "in_1_1",
    "in_1_1_jwt",
    "in_data_integrity",
    "in_rdfc",
    "in_vp_jwt",
    "published",
    "verify",
    "web",
]

CHALLENGE: Final = Challenge(AUDIENCE, NONCE)


def verify(
    document: Json | str,
    *,
    now: datetime = NOW,
    documents: dict[str, Json] | None = None,
    sources: Sources | None = None,
    **policy: Any,
) -> Verification:
    """The verification under a challenge; `documents` are what did:webs publish."""
    asked = Policy(**{"issuers": frozenset({ISSUER.did}), "challenge": CHALLENGE, **policy})
    found = sources or Sources(resolve=published(documents or {}))
    return verifier.verify(document, policy=asked, now=now, sources=found)


def check(found: Verification, name: str, part: int = 0) -> tuple[Outcome, str]:
    """Outcome and code of a check, of the credential at `part` (from 1) in a presentation."""
    report = found.report.credentials[part - 1] if part else found.report
    made: Check = report.check(name)
    return made.outcome, made.code


def published(documents: dict[str, Json]) -> Callable[[str], Json]:
    """A resolver that finds these documents of did:webs, and of other DIDs what they say themselves."""

    def resolve(did: str) -> Json:
        if did in documents:
            return did_web.read(did, strict_json.canonical(documents[did]))
        return resolver.resolve(did)

    return resolve


def web(
    party: Party, did: str = "did:web:signer.example", *, jwk: Json | None = None, **members: Any
) -> tuple[Party, dict[str, Json]]:
    """`party` under a did:web, and the document, whose one verification method has `members` besides.

    The key is written as a Multikey, or as a JWK with the members `jwk`.
    """
    method: Json = {"id": f"{did}#key-1", "controller": did, **members}
    if jwk is None:
        method |= {"type": "Multikey", "publicKeyMultibase": key_types.to_multikey(party.key.public())}
    else:
        written = {**key_types.public_to_jwk(party.key.public()), **jwk}
        method |= {"type": "JsonWebKey", "publicKeyJwk": written}
    listed = {name: [f"{did}#key-1"] for name in ("assertionMethod", "authentication")}
    document = {"id": did, "verificationMethod": [method], **listed}
    return Party(party.key, did, f"{did}#key-1"), {did: document}


def in_data_integrity(*credentials: Any, by: Party = HOLDER, **options: Any) -> Json:
    """A presentation with an embedded JCS proof."""
    return presented(presentation(*credentials, holder=by.did), by, **options)


def in_rdfc(*credentials: Any, by: Party = HOLDER, **options: Any) -> Json:
    """A presentation with an embedded proof over RDF."""
    return in_data_integrity(*credentials, by=by, suite="eddsa-rdfc-2022", **options)


def in_vp_jwt(*credentials: Any, by: Party = HOLDER, **claims: Any) -> str:
    """A vp+jwt."""
    document = presentation(*credentials, holder=by.did)
    answer = {"aud": AUDIENCE, "nonce": NONCE, "iat": NOW_SECONDS - 10}
    return jwt(changed({**answer, **document}, **claims), by, typ="vp+jwt")


def _of_1_1(credentials: tuple[Any, ...], by: Party) -> Json:
    return {
        "@context": [vcdm11.CONTEXT, vcdm11.SUITE_CONTEXT],
        "type": ["VerifiablePresentation"],
        "holder": by.did,
        "verifiableCredential": list(credentials),
    }


def in_1_1_jwt(*credentials: Any, by: Party = HOLDER, **claims: Any) -> str:
    """A presentation of VCDM 1.1 as a JWT."""
    answer = {"iss": by.did, "aud": AUDIENCE, "nonce": NONCE, "iat": NOW_SECONDS - 10}
    return jwt(changed({**answer, "vp": _of_1_1(credentials, by)}, **claims), by, typ="JWT")


def in_1_1(*credentials: Any, by: Party = HOLDER, **options: Any) -> Json:
    """A presentation of VCDM 1.1 with an embedded proof."""
    suite = {"suite": "Ed25519Signature2020", "type": "Ed25519Signature2020", "cryptosuite": ...}
    return presented(_of_1_1(credentials, by), by, **{**suite, **options})


MADE: Final[dict[str, Callable[..., Json | str]]] = {
    "data-integrity": in_data_integrity,
    "rdfc": in_rdfc,
    "vp-jwt": in_vp_jwt,
    "1.1-jwt": in_1_1_jwt,
    "1.1": in_1_1,
}
"""Every kind of presentation."""
