"""Queries and credentials for the tests of DCQL."""

from __future__ import annotations

from typing import Any

from ipse.protocols.dcql.matching import HeldCredential
from ipse.protocols.dcql.query import ConcretePath, CredentialQuery, Query, parse_query

VCT = "urn:example:identity"

# The credential of section 7.3, in our own words.
PERSON: dict[str, Any] = {
    "vct": VCT,
    "name": "Arthur",
    "age": 42,
    "adult": True,
    "address": {"street": "Market Street", "locality": "Milliways", "code": "12345"},
    "degrees": [{"type": "BSc", "by": "Betelgeuse"}, {"type": "MSc", "by": "Maximegalon"}],
    "nationalities": ["British", "Betelgeusian"],
    "empty": {},
    "nothing": None,
}


def held(key: str = "card", claims: dict[str, Any] | None = None, **members: Any) -> HeldCredential:
    """A copy of an SD-JWT VC, every claim at the top but `vct` disclosable unless `disclosable` is given."""
    claims = PERSON if claims is None else claims
    members.setdefault("disclosable", frozenset((name,) for name in claims if name != "vct"))
    members.setdefault("types", (VCT,))
    return HeldCredential(key, members.pop("format", "dc+sd-jwt"), claims, **members)


def places(*paths: ConcretePath) -> frozenset[ConcretePath]:
    return frozenset(paths)


def credential_query(
    query_id: str = "q", *paths: list[Any] | dict[str, Any], **members: Any
) -> dict[str, Any]:
    """A credential query for claims, each a path or a whole claim query."""
    entry: dict[str, Any] = {"id": query_id, "format": "dc+sd-jwt", "meta": {"vct_values": [VCT]}, **members}
    if paths:
        entry["claims"] = [path if isinstance(path, dict) else {"path": path} for path in paths]
    return entry


def query_of(*entries: dict[str, Any], sets: list[dict[str, Any]] | None = None) -> Query:
    return parse_query({"credentials": list(entries), **({"credential_sets": sets} if sets else {})})


def one(*paths: list[Any] | dict[str, Any], **members: Any) -> CredentialQuery:
    return query_of(credential_query("q", *paths, **members)).credentials[0]
