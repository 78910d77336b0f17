"""Resolving DIDs, with the network where a method needs it."""

from __future__ import annotations

from pathlib import Path

from ipse.dids import resolver
from ipse.encoding.strict_json import JsonObject

__all__ = ["resolve"]


def resolve(did: str, *, ca_file: str | None = None, allow_loopback: bool = False) -> JsonObject:
    """The DID document of `did`; did:web is fetched through the guarded client.

    Raises MalformedInput, Undetermined and what the guarded client raises.
    """

    def fetch(url: str) -> bytes:
        from ipse.network import guarded_client

        trusted = Path(ca_file) if ca_file else None
        return guarded_client.fetch(url, allow_loopback=allow_loopback, ca_file=trusted)

    return resolver.resolve(did, fetch=fetch)
