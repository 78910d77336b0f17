"""What the owner should know about a request for credentials: its registration, and what is odd about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ipse.protocols import registration_certificates
from ipse.protocols.openid4vp import AuthorizationRequest, CertificateProof, over_asking
from ipse.protocols.openid4vp.over_asking import AskedClaim, Finding
from ipse.protocols.registration_certificates import Registrations
from ipse.wallet import trust
from ipse.wallet.answering.history import History, PastRequest
from ipse.wallet.resolution import Reach
from ipse.wallet.verifier import Lookup
from ipse.wallet.wallet import Wallet

__all__ = ["Registered", "found", "registered"]


@dataclass(frozen=True, slots=True)
class Registered:
    """What a registrar says of the one who asks, empty where no registration holds.

    - `name`: what it is called there; `purpose`: what it may ask for; `privacy_policy`: an address
    """

    name: str = ""
    purpose: str = ""
    privacy_policy: str = ""

    @classmethod
    def in_words(cls, registrations: Registrations) -> Registered:
        """The first registration that holds."""
        if not registrations.valid:
            return cls()
        first = registrations.valid[0]
        policies = first.use.privacy_policy
        return cls(first.name or first.subject, first.use.purpose(), policies[0] if policies else "")


def registered(
    wallet: Wallet, request: AuthorizationRequest, reach: Reach, *, now: datetime
) -> Registrations:
    """The registrations in the request, checked; whether they were withdrawn is looked up.

    Raises KeystoreError, VaultAltered, VaultOutdated, TooMuchWork.
    """
    if not request.verifier_info:
        return Registrations()
    proof, anchors = request.client.proof, trust.trust_of(wallet)
    sources = Lookup(reach).research(wallet.vault).sources()
    return registration_certificates.read_all(
        request.verifier_info,
        access=proof.chain.leaf if isinstance(proof, CertificateProof) else None,
        anchors=anchors.anchors("registrar"),
        now=now,
        fetch=sources.fetch,
        status_anchors=anchors.anchors("status"),
    )


def found(
    request: AuthorizationRequest, registrations: Registrations, history: History, purpose: str
) -> tuple[Finding, ...]:
    """What is odd about the request, the gravest first. `purpose` is what it states itself, or empty."""
    past = [over_asking.PastRequest(each.party, frozenset(_asked(each))) for each in history.requests]
    return over_asking.findings(request, registrations, past, states_purpose=bool(purpose))


def _asked(past: PastRequest) -> list[AskedClaim]:
    return [AskedClaim(kind, path) for kind, paths in past.asked for path in ("", *paths)]
