"""Verifier attestations: a JWT in which somebody whom wallets trust names a verifier and its key.

Source: OpenID4VP 1.0 section 12, and section 5.9.3 for the client identifier prefix `verifier_attestation`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from ipse.credentials import jws
from ipse.credentials.jws import Jws, VerificationKey
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.encoding.timestamps import from_numeric_date
from ipse.errors import (
    MalformedInput,
    RequestExpired,
    RequestTampered,
    UntrustedCertificate,
    VerificationFailed,
)
from ipse.keys import key_types
from ipse.keys.certificates import Certificate
from ipse.keys.key_types import PublicKey
from ipse.protocols.openid4vp.authorization_request import LEEWAY, VerifierAttestation
from ipse.protocols.openid4vp.signatures import check_signature

__all__ = ["ATTESTATION_TYPE", "Attesters", "attested_by_authority", "check_attestation"]

ATTESTATION_TYPE: Final = "verifier-attestation+jwt"
"""The `typ` of a verifier attestation."""

Attesters: TypeAlias = Callable[[str, JsonObject], VerificationKey]
"""The `iss` and the header of an attestation to the key that it has to be signed with.

Raises Undetermined where that issuer is not trusted to attest verifiers.
"""

_MAX_ADDRESSES: Final = 100


def attested_by_authority(anchors: Sequence[Certificate], *, now: datetime) -> Attesters:
    """Trust the attestations that one of `anchors` signs itself, in a name of its own certificate.

    The `iss` is a URI of its subject alternative name, or an https address with one of its DNS names. Who is
    only certified by an anchor is a verifier like any other, and may not attest others.
    """

    def key(issuer: str, _: JsonObject) -> VerificationKey:
        host = issuer.removeprefix("https://").partition("/")[0].partition(":")[0].lower()
        for anchor in anchors:
            named = issuer in anchor.uris or host in (name.lower() for name in anchor.dns_names)
            if named and anchor.not_before <= now <= anchor.not_after:
                return anchor.key
        raise UntrustedCertificate(
            f"the verifier is attested by {excerpt(issuer)}, which is no authority that is trusted here",
            hint="`ipse trust add --ca FILE --for verifier` trusts one, by a certificate with its name",
        )

    return key


def check_attestation(
    text: str, *, subject: str, attesters: Attesters, now: datetime
) -> tuple[VerifierAttestation, PublicKey]:
    """The attestation `text` of the verifier called `subject`, and the key that it confirms.

    Raises RequestTampered, RequestExpired, MalformedInput, Undetermined where its issuer is not trusted, and
    what `attesters` raises.
    """
    token = jws.read(text, what="the verifier attestation")
    if token.header.get("typ") != ATTESTATION_TYPE:
        typ = excerpt(token.header.get("typ"))
        raise RequestTampered(f"the verifier attestation has the typ {typ}, not {ATTESTATION_TYPE}")
    claims = token.payload
    issuer = _text(claims, "iss")
    if _text(claims, "sub") != subject:
        raise RequestTampered(
            f"the verifier attestation is for {excerpt(claims['sub'])}, not for {subject[:80]!r}"
        )
    key = _confirmed(claims.get("cnf"))
    attestation = VerifierAttestation(
        issuer=issuer,
        subject=subject,
        expires=from_numeric_date(claims.get("exp"), "exp of the verifier attestation"),
        redirect_uris=_addresses(claims),
        claims=claims,
    )
    _check_period(claims, attestation.expires, now)
    _check_issuer(token, issuer, attesters)
    return attestation, key


def _check_issuer(token: Jws, issuer: str, attesters: Attesters) -> None:
    try:
        check_signature(token, lambda: attesters(issuer, token.header))
    except VerificationFailed as error:
        raise RequestTampered(f"the verifier attestation: {error.message}") from error


def _check_period(claims: JsonObject, expires: datetime, now: datetime) -> None:
    if now - LEEWAY > expires:
        raise RequestExpired(f"the verifier attestation expired at {expires:%Y-%m-%d %H:%M} UTC")
    for name in ("iat", "nbf"):
        if name in claims:
            begins = from_numeric_date(claims[name], f"{name} of the verifier attestation")
            if now + LEEWAY < begins:
                raise RequestExpired(
                    f"the verifier attestation is not valid before {begins:%Y-%m-%d %H:%M} UTC"
                )


def _confirmed(cnf: Json) -> PublicKey:
    """The key in `cnf` (RFC 7800 section 3.2)."""
    jwk = cnf.get("jwk") if isinstance(cnf, dict) else None
    if jwk is None:
        raise MalformedInput("the verifier attestation has no key in cnf.jwk")
    return key_types.verifying_from_jwk(jwk)


def _addresses(claims: JsonObject) -> tuple[str, ...] | None:
    """The addresses in `redirect_uris` and, where an attester limits those too, `response_uris`."""
    found: list[str] = []
    for name in ("redirect_uris", "response_uris"):
        value = claims.get(name, [])
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise MalformedInput(f"{name} of the verifier attestation is not an array of addresses")
        if len(value) > _MAX_ADDRESSES:
            raise MalformedInput(f"{name} of the verifier attestation has more than {_MAX_ADDRESSES} entries")
        found += value
    return tuple(found) if {"redirect_uris", "response_uris"} & claims.keys() else None


def _text(claims: JsonObject, name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedInput(f"the verifier attestation has the {name} {excerpt(value)}, a text is expected")
    return value
