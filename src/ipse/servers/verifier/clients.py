"""Who asks: the verifier's client identifier, and the key and the certificates that prove it.

Source: OpenID4VP 1.0 section 5.9.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ipse.errors import UsageError
from ipse.keys.certificates import Certificate, without_trust
from ipse.keys.key_types import PrivateKey
from ipse.protocols.openid4vp import building
from ipse.protocols.openid4vp.building import RequestingClient
from ipse.servers.verifier.addresses import Addresses

__all__ = ["PREFIXES", "by_certificate"]

PREFIXES: Final = ("x509_hash", "x509_san_dns")
"""How a client with a certificate is called; the first is the default."""
_ALGORITHM: Final = "ES256"


def by_certificate(
    certificates: Sequence[Certificate],
    key: PrivateKey,
    prefix: str,
    addresses: Addresses,
    *,
    now: datetime,
) -> RequestingClient:
    """A client that is known by the first of `certificates`, whose chain may end with its trust anchor.

    `prefix` is one of PREFIXES; with x509_san_dns the certificate is for the host of `addresses`. Raises
    UsageError for a key that is not the certificate's and for a certificate that is not for that host;
    CertificateRejected for a chain that no wallet would accept.
    """
    chain = [each for each in certificates[1:] if each.subject != each.issuer]
    chain.insert(0, certificates[0])
    without_trust([each.x5c for each in chain], now=now)
    if key.algorithm != _ALGORITHM:
        raise UsageError(
            f"requests are signed with {_ALGORITHM}, and the key is for {key.algorithm}",
            hint="use a key on P-256, and a certificate for it",
        )
    if key.public().raw != chain[0].key.raw:
        raise UsageError(
            "the key is not the one of the first certificate",
            hint="give a --certificate-key and a --certificate that belong together",
        )
    host = addresses.name
    if prefix == "x509_san_dns" and host not in chain[0].dns_names:
        raise UsageError(
            f"the certificate is not for {host}, where the answers go",
            hint=f"use a certificate with the DNS name {host}, or --client-id x509_hash",
        )
    return building.by_certificate(chain, key, prefix=prefix, dns=host)
