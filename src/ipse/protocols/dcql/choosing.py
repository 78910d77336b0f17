"""Choose what to present: the ways to satisfy a DCQL query, the least revealing first."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.protocols.dcql.query import ConcretePath

__all__ = ["Option", "Pick"]


@dataclass(frozen=True, slots=True)
class Pick:
    """One presentation of an option: a copy of a credential for one credential query.

    - `query_id`: the id of the credential query that it answers
    - `credential`: the key of the copy
    - `paths`: the places of the claims that are asked for
    - `disclose`: the places that have to be disclosed for them, parents before children: nothing else may be
    - `leaving`: the places of all single values that leave, those that are always visible too
    - `claim_set`: the position of the claim set in the query, None where it has none
    - `prove_holder`: whether a holder binding proof is asked for
    """

    query_id: str
    credential: str
    paths: tuple[ConcretePath, ...]
    disclose: tuple[ConcretePath, ...]
    leaving: tuple[ConcretePath, ...]
    claim_set: int | None
    prove_holder: bool


@dataclass(frozen=True, slots=True)
class Option:
    """One way to satisfy a query. `claims` counts the values that leave; `reason` says why this way."""

    picks: tuple[Pick, ...]
    claims: int
    reason: str
