"""Who asks, and by what it is proved, as a consent page says it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from ipse.cli.commands.dapp.layout import cut
from ipse.encoding.safe_text import without_quotes
from ipse.protocols.openid4vp import CertificateProof, Proof, VerifierAttestation

__all__ = ["duration", "identity", "quoted"]

_MOST_SAID = 320
"""Cells of another's words; the protocol lets no more of an application's through than fit."""


def identity(party: str, origin: str, did: str | None, proof: Proof) -> list[str]:
    """Who asks and what proves it, the strongest name first.

    `party` is what everything about them is accounted under, `origin` where the answer goes, `did` the DID
    that signed, None where none did.
    """
    if isinstance(proof, CertificateProof):
        return _by_certificate(origin, proof)
    if isinstance(proof, VerifierAttestation):
        return [
            quoted(proof.subject),
            f"verified: {quoted(proof.issuer)}, which you trust, attests that they ask",
            f"the answer goes to {origin}",
        ]
    if did is None:
        return [origin, "nothing proves that they ask; the answer is for this address"]
    if party == did:
        return [
            did,
            "verified: that DID signed the request",
            f"the answer goes to {origin}; nothing proves that it is theirs",
        ]
    return [origin, f"verified: its DID signed the request, {did}"]


def quoted(text: str, most: int = _MOST_SAID) -> str:
    """Another's own words on one line, which can't close the marks around them."""
    return f'"{without_quotes(cut(text, most))}"'


def duration(seconds: int) -> str:
    """30 days; 1 day, 2 hours."""
    left, parts = seconds, []
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}" if count == 1 else f"{count} {name}s")
    return ", ".join(parts) or "no time"


def _by_certificate(origin: str, proof: CertificateProof) -> list[str]:
    leaf, anchor = proof.chain.leaf, proof.chain.anchor
    return [
        quoted(leaf.name),
        f"verified: certified by {quoted(anchor.name, 80)}, which you trust, until {leaf.not_after:%Y-%m-%d}",
        _address(origin, leaf.dns_names),
    ]


def _address(origin: str, names: Sequence[str]) -> str:
    if urlsplit(origin).hostname in [name.lower() for name in names]:
        return f"the answer goes to {origin}, which the certificate names"
    return f"the answer goes to {origin}, which the certificate does not name"
