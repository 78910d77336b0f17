"""The two sides of OpenID4VP as fixtures."""

from tests.conformance.fixtures import (
    _holder_template,
    access,
    asking,
    holder,
    issuer,
    issuers,
    pki,
    serving,
    serving_options,
    tls,
    verifiers,
    wallet,
)

__all__ = [
    "_holder_template",
    "access",
    "asking",
    "holder",
    "issuer",
    "issuers",
    "pki",
    "serving",
    "serving_options",
    "tls",
    "verifiers",
    "wallet",
]
