"""Decentralized identifiers: did:key, did:jwk, did:pkh, did:peer, did:web, and one resolver.

To add a DID method, write a module `did_NAME` with a `METHOD` and add its name to `CREATED`, or to `METHODS`
if it is only resolved. Only the module of the method at hand is loaded.

Source: W3C DID Core 1.0.
"""

from typing import Final

__all__ = ["CREATED", "METHODS"]

CREATED: Final = ("key", "jwk", "web", "pkh")
"""The names of the DID methods that the wallet makes DIDs of."""
METHODS: Final = (*CREATED, "peer")
"""The names of the DID methods that are resolved."""
