"""X.509 certificates and the chains that lead from a signer's certificate to an authority that is trusted.

A chain comes as `x5c` (RFC 7515 section 4.1.6): the certificate of the signer first, each one signed by the
next, and the trust anchor left out (HAIP 1.0). Keys are on P-256 or P-384, signatures are ECDSA with SHA-256,
SHA-384 or SHA-512; anything else is undetermined.
"""

from ipse.keys.certificates.certificate import Certificate, read_certificates
from ipse.keys.certificates.chain import (
    MAX_CHAIN,
    Chain,
    authority_key_ids,
    check_authority,
    check_chain,
    read_chain,
    without_trust,
)

__all__ = [
    "MAX_CHAIN",
    "Certificate",
    "Chain",
    "authority_key_ids",
    "check_authority",
    "check_chain",
    "read_certificates",
    "read_chain",
    "without_trust",
]
