"""Match the copies of credentials in a wallet with a DCQL query (OpenID4VP 1.0 sections 6.4.1 and 7).

A copy fits a credential query if its format, its types, its issuer's authorities, its holder binding and its
claims do. Each copy that does not fit has a reason with a code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ipse.encoding.strict_json import JsonObject, excerpt
from ipse.errors import TooMuchWork
from ipse.protocols.dcql.paths import equals_one_of, select, show
from ipse.protocols.dcql.query import (
    AUTHORITY_KEY_ID,
    SD_JWT_VC,
    ClaimQuery,
    ConcretePath,
    CredentialQuery,
    Query,
)

__all__ = [
    "ALL_CLAIMS",
    "CLAIMS",
    "FORMAT",
    "HOLDER_BINDING",
    "MAX_COMPARISONS",
    "TRUSTED_AUTHORITY",
    "TRUSTED_AUTHORITY_UNDETERMINED",
    "TYPE",
    "UNSUPPORTED_FORMAT",
    "Fit",
    "HeldCredential",
    "Matches",
    "Misfit",
    "QueryMatch",
    "SelectedClaims",
    "claim_ways",
    "match",
    "metadata_problem",
]

UNSUPPORTED_FORMAT: Final = "unsupported-format"
FORMAT: Final = "format"
TYPE: Final = "type"
HOLDER_BINDING: Final = "holder-binding"
TRUSTED_AUTHORITY: Final = "trusted-authority"
TRUSTED_AUTHORITY_UNDETERMINED: Final = "trusted-authority-undetermined"
CLAIMS: Final = "claims"

MAX_COMPARISONS: Final = 1_000_000
"""Claims and members of claim sets that are looked at in all copies together: two seconds at the most."""

_Kind: TypeAlias = tuple[str, tuple[str, ...], bool, tuple[str, ...]]
_Problem: TypeAlias = tuple[str, str]
"""A code and a reason."""


@dataclass(frozen=True, slots=True)
class HeldCredential:
    """One copy of a credential in the wallet, or one presentation that a verifier has verified.

    - `key`: its name in the wallet, unique
    - `format`: a credential format identifier of OpenID4VP (Appendix B)
    - `claims`: the claims at the root of the credential with everything disclosed; of a presentation, what it
      discloses. Of an SD-JWT VC without `_sd`, `...` and `_sd_alg`
    - `types`: of an SD-JWT VC its `vct` and every other type that it declares to be; of a W3C credential its
      fully expanded types (Appendix B.1.1)
    - `disclosable`: the places in `claims` that the holder may withhold; everything else is always presented
    - `holder_bound`: whether a holder binding proof can be made for it; of a presentation, whether one was
      verified
    - `authority_key_ids`: base64url key identifiers of authorities in its certificate chain (section 6.1.1.1)
    - `presented`: how many times it was presented before
    """

    key: str
    format: str
    claims: JsonObject = field(repr=False)
    types: tuple[str, ...] = ()
    disclosable: frozenset[ConcretePath] = frozenset()
    holder_bound: bool = True
    authority_key_ids: tuple[str, ...] = ()
    presented: int = 0


@dataclass(frozen=True, slots=True)
class SelectedClaims:
    """The claims that one way to answer a credential query asks of one copy.

    - `claim_set`: the position of the claim set in the query, from 0; None where the query has none
    - `paths`: the places of the claims in the copy
    """

    claim_set: int | None
    paths: tuple[ConcretePath, ...] = ()


ALL_CLAIMS: Final = None
"""The `claim_set` where a query has no claim sets."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A copy that fits a credential query, with each of the ways it does, in the verifier's order."""

    credential: HeldCredential
    ways: tuple[SelectedClaims, ...]


@dataclass(frozen=True, slots=True)
class Misfit:
    """A copy that does not fit a credential query: `code` is stable, `reason` is one line for people."""

    credential: HeldCredential
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class QueryMatch:
    """Which copies fit one credential query. `unanswerable` says why none can, whatever is held."""

    query: CredentialQuery
    fits: tuple[Fit, ...] = ()
    misfits: tuple[Misfit, ...] = ()
    unanswerable: str = ""


@dataclass(frozen=True, slots=True)
class Matches:
    """The matches of all credential queries, by their id, in the order of the query; `held`: all copies."""

    query: Query
    queries: Mapping[str, QueryMatch]
    held: tuple[HeldCredential, ...] = field(default=(), repr=False)

    def can_answer(self, ids: Sequence[str]) -> bool:
        """Whether a copy fits each of these credential queries."""
        return all(self.queries[query_id].fits for query_id in ids)

    @property
    def optional_sets(self) -> tuple[int, ...]:
        """The positions of the credential sets that are not required and that the wallet can satisfy."""
        return tuple(
            position
            for position, entry in enumerate(self.query.sets)
            if not entry.required and any(map(self.can_answer, entry.options))
        )

    @property
    def satisfiable(self) -> bool:
        """Whether the wallet can satisfy the query (section 6.4.2)."""
        if not self.query.sets:
            return self.can_answer(tuple(self.queries))
        return all(any(map(self.can_answer, entry.options)) for entry in self.query.sets if entry.required)


def match(query: Query, held: Sequence[HeldCredential]) -> Matches:
    """The copies in `held` that fit each credential query, and why the others do not.

    Raises TooMuchWork where more than MAX_COMPARISONS claims and claim sets would have to be looked at.
    """
    kinds = [(copy.format, copy.types, copy.holder_bound, copy.authority_key_ids) for copy in held]
    matches: dict[str, QueryMatch] = {}
    left = MAX_COMPARISONS
    for entry in query.credentials:
        problems: dict[_Kind, _Problem | None] = {
            kind: metadata_problem(entry, copy) for kind, copy in dict(zip(kinds, held, strict=True)).items()
        }
        each = len(entry.claims) + sum(map(len, entry.claim_sets))
        left -= each * sum(problems[kind] is None for kind in kinds)
        if left < 0:
            raise TooMuchWork(
                f"the request compares more than {MAX_COMPARISONS} claims with the wallet",
                hint="ask the verifier for a request with fewer credentials, claims or claim sets",
            )
        matches[entry.id] = _match_one(
            entry, [(copy, problems[kind]) for copy, kind in zip(held, kinds, strict=True)]
        )
    return Matches(query, matches, tuple(held))


def _match_one(
    query: CredentialQuery, copies: Iterable[tuple[HeldCredential, _Problem | None]]
) -> QueryMatch:
    """The match of one credential query; each copy comes with the problem that its metadata are."""
    fits: list[Fit] = []
    misfits: list[Misfit] = []
    for copy, problem in copies:
        if problem is not None:
            misfits.append(Misfit(copy, *problem))
            continue
        ways, reason = claim_ways(query, copy.claims)
        if ways:
            fits.append(Fit(copy, ways))
        else:
            misfits.append(Misfit(copy, CLAIMS, reason))
    unanswerable = "" if query.is_supported else _unsupported(query)
    return QueryMatch(query, tuple(fits), tuple(misfits), unanswerable)


def _unsupported(query: CredentialQuery) -> str:
    return f"credentials of the format {excerpt(query.format)} are not supported"


def metadata_problem(query: CredentialQuery, copy: HeldCredential) -> _Problem | None:
    """Why a copy does not fit whatever its claims are, as code and reason; None where it may fit."""
    if not query.is_supported:
        return UNSUPPORTED_FORMAT, _unsupported(query)
    if copy.format != query.format:
        return FORMAT, f"it is of the format {excerpt(copy.format)}, {excerpt(query.format)} is asked for"
    if not has_type(query, copy.types):
        return TYPE, f"it is of the type {_listed(copy.types)}, {_types_asked(query)} is asked for"
    if query.require_holder_binding and not copy.holder_bound:
        return HOLDER_BINDING, "it is bound to no key, and a proof of its holder is asked for"
    return _authority_problem(query, copy)


def has_type(query: CredentialQuery, types: Sequence[str]) -> bool:
    """Whether a credential of these types is of one that is asked for (Appendix B.1.1 and B.3.5)."""
    if query.format == SD_JWT_VC:
        return not query.types or not set(query.types).isdisjoint(types)
    return not query.type_sets or any(set(entry) <= set(types) for entry in query.type_sets)


def _types_asked(query: CredentialQuery) -> str:
    if query.format == SD_JWT_VC:
        return _listed(query.types, "or")
    return _listed(tuple(_listed(entry, "with") for entry in query.type_sets), "or")


def _listed(names: Sequence[str], joint: str = "and") -> str:
    shown = f" {joint} ".join(excerpt(name)[1:-1] for name in names[:4])
    return (shown + " …" if len(names) > 4 else shown) or "none"


def _authority_problem(query: CredentialQuery, copy: HeldCredential) -> _Problem | None:
    """Compare the authorities (section 6.1.1): only key identifiers can be compared without the network."""
    if not query.trusted_authorities:
        return None
    accepted = {
        value
        for entry in query.trusted_authorities
        if entry.type == AUTHORITY_KEY_ID
        for value in entry.values
    }
    if not accepted.isdisjoint(copy.authority_key_ids):
        return None
    unknown = [entry.type for entry in query.trusted_authorities if entry.type != AUTHORITY_KEY_ID]
    if unknown:
        return (
            TRUSTED_AUTHORITY_UNDETERMINED,
            f"whether its issuer is trusted by {_listed(unknown, 'or')} can't be found out",
        )
    return TRUSTED_AUTHORITY, "its issuer's certificates name none of the authorities that are accepted"


def claim_ways(
    query: CredentialQuery, claims: JsonObject, *, presented: bool = False
) -> tuple[tuple[SelectedClaims, ...], str]:
    """The ways in which `claims` have what a query asks for (section 6.4.1), and why if there is none.

    `presented`: the claims are those of a presentation, where indices of arrays may have moved.
    """
    if not query.claims:
        return (SelectedClaims(ALL_CLAIMS),), ""
    found = {
        number: _places(query.claims[number], claims, presented=presented)
        for number in _without_duplicates(query)
    }
    sets: list[tuple[int | None, list[int]]] = [(ALL_CLAIMS, list(found))]
    if query.claim_sets:
        position = {claim.id: number for number, claim in enumerate(query.claims)}
        sets = [(number, [position[name] for name in ids]) for number, ids in enumerate(query.claim_sets)]
    ways: list[SelectedClaims] = []
    lacking: list[list[str]] = []
    for number, wanted in sets:
        reasons = [reason for reason in (found[entry] for entry in wanted) if isinstance(reason, str)]
        if reasons:
            lacking.append(reasons)
        else:
            places = (place for entry in wanted for place in found[entry] if not isinstance(place, str))
            ways.append(SelectedClaims(number, tuple(dict.fromkeys(places))))
    return tuple(ways), "" if ways else _why_missing(lacking)


def _why_missing(lacking: Sequence[Sequence[str]]) -> str:
    """The reason of the way that lacks the fewest claims."""
    fewest = min(lacking, key=len)
    return fewest[0] + (f", and {len(fewest) - 1} more of its claims do not match" if len(fewest) > 1 else "")


def _without_duplicates(query: CredentialQuery) -> Sequence[int]:
    """The positions of the claims that count.

    Section 6.1 has claims ignored that point where an earlier one does. Those of claim sets are alternatives.
    """
    if query.claim_sets:
        return range(len(query.claims))
    first: dict[object, int] = {}
    for number, claim in enumerate(query.claims):
        first.setdefault(claim.path, number)
    return tuple(first.values())


def _places(claim: ClaimQuery, claims: JsonObject, *, presented: bool) -> tuple[ConcretePath, ...] | str:
    """Where the claim is with one of the expected values, or the reason why it is nowhere."""
    selected = select(claim.path, claims, presented=presented)
    if isinstance(selected, str) or claim.values is None:
        return selected if isinstance(selected, str) else tuple(place for place, _ in selected)
    places = tuple(place for place, value in selected if equals_one_of(value, claim.values))
    return places or f"its {show(claim.path)} has none of the values that are asked for"
