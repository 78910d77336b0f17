"""Whether an issuer is trusted: by name, by the trust list, or by certificates that lead to an authority."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ipse.credentials.formats.format import Proven, Unverified
from ipse.credentials.policy import ANY_TYPE, Policy, VerificationContext
from ipse.credentials.report import Rejected
from ipse.errors import Undetermined, UntrustedCertificate

if TYPE_CHECKING:
    from ipse.keys.certificates import Certificate, Chain

__all__ = ["NOT_TRUSTED", "check", "list_signer", "may_be_trusted"]

NOT_TRUSTED: Final = frozenset({"issuer-not-asked-for", "issuer-not-trusted", "type-not-trusted"})
"""The codes with which trust fails."""
_BASE_TYPE: Final = "VerifiableCredential"


def may_be_trusted(unverified: Unverified, policy: Policy) -> tuple[str, object]:
    """Whether what it claims leaves it possible that its issuer is trusted: a step."""
    issuer, types = unverified.format.claimed_issuer(unverified)
    if unverified.is_certified:
        if not issuer and policy.issuers:
            raise Rejected("issuer-not-asked-for", "its issuer is named by its certificate alone")
        if policy.issuer_anchors and not policy.issuers:
            return "its certificates decide", issuer
    if not issuer:
        raise Undetermined("it names no issuer", code="issuer-not-named")
    return check(issuer, types, policy)


def check(
    issuer: str, types: Sequence[str], policy: Policy, chain: Chain | None = None
) -> tuple[str, object]:
    """Whether credentials of these types are accepted from the issuer."""
    if issuer in policy.issuers:
        return "the issuer is one of those asked for", issuer
    if policy.issuers:
        raise Rejected("issuer-not-asked-for", "the issuer is not one of those asked for", issuer)
    if policy.any_issuer:
        return "any issuer is accepted", issuer
    if chain is not None:
        return "the certificate of the issuer leads to a trusted authority", chain.anchor.subject
    if not policy.trusted:
        raise Undetermined(
            "nobody said whose credentials to accept: give --issuer DID, or trust an issuer",
            code="no-trust-policy",
        )
    return _trusted_for(issuer, types, policy)


def _trusted_for(issuer: str, types: Sequence[str], policy: Policy) -> tuple[str, object]:
    """Every type that the credential claims must be one that its issuer is trusted for."""
    if issuer not in policy.trusted:
        raise Rejected("issuer-not-trusted", "the issuer is not in the trust list", issuer)
    allowed = frozenset(policy.trusted[issuer])
    claimed = {name for name in types if name != _BASE_TYPE} or {_BASE_TYPE}
    if ANY_TYPE not in allowed and not claimed <= allowed:
        others = ", ".join(sorted(claimed - allowed))
        raise Rejected("type-not-trusted", "the issuer is not trusted for this type", others)
    return "the issuer is in the trust list for this type", issuer


def list_signer(x5c: object, proven: Proven, context: VerificationContext) -> Certificate:
    """The certificate of who signed a status list, if they may publish the list of this credential.

    It leads to an authority that is trusted for status lists, or it has the subject of the issuer's own and
    leads to the same authority. Raises CertificateRejected, UntrustedCertificate, Undetermined.
    """
    from ipse.keys.certificates import check_chain

    anchors, own = context.policy.status_anchors, proven.chain
    own_anchor = () if own is None or own.anchor in anchors else (own.anchor,)
    chain = check_chain(x5c, (*anchors, *own_anchor), now=context.now)
    if chain.anchor in anchors or (own is not None and chain.leaf.subject == own.leaf.subject):
        return chain.leaf
    raise UntrustedCertificate(
        "its certificate leads to an authority that is not trusted for status lists",
        hint="`ipse trust add --ca FILE --for status` trusts one",
    )
