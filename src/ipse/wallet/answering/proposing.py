"""From a request for credentials to what the owner is asked: which copies fit, and what each would reveal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import TooMuchWork
from ipse.protocols.dcql import matching, paths
from ipse.protocols.dcql.choosing import Option, Pick
from ipse.protocols.dcql.matching import Matches
from ipse.protocols.dcql.measure import TECHNICAL
from ipse.protocols.dcql.query import ClaimPath, ConcretePath
from ipse.protocols.openid4vp import AuthorizationRequest
from ipse.wallet import presenting
from ipse.wallet.answering import history, over_asking, purposes
from ipse.wallet.answering.holdings import Holding, holdings
from ipse.wallet.answering.proposals import CredentialOption, CredentialProposal, Leaving
from ipse.wallet.answering.ways import ways
from ipse.wallet.holder_keys import HolderKeys
from ipse.wallet.resolution import Reach
from ipse.wallet.wallet import Wallet

__all__ = ["propose"]


@dataclass(frozen=True, slots=True)
class _Proposing:
    wallet: Wallet
    keys: HolderKeys
    request: AuthorizationRequest
    held: Mapping[str, Holding]


def propose(
    wallet: Wallet, request: AuthorizationRequest, reach: Reach, *, now: datetime
) -> CredentialProposal:
    """What could be sent to the one who asks, the least revealing first, and what the owner should know.

    Nothing is signed, and nothing about the owner is asked of the network. Raises MalformedInput for
    transaction data that is none, CorruptData, KeystoreError.
    """
    stated = purposes.stated(request.transaction_data)
    past = history.of_wallet(wallet)
    registrations = over_asking.registered(wallet, request, reach, now=now)
    keys = HolderKeys(wallet)
    every = holdings(wallet, keys, past.presented, now=now)
    refused = {key: why for key, holding in every.items() if (why := _refused(request, holding))}
    held = {key: holding for key, holding in every.items() if key not in refused}
    proposing = _Proposing(wallet, keys, request, held)
    missing: Iterable[tuple[str, str]]
    try:
        matches = _matched(request, held)
        able = ways(matches, lambda option: _authorizes(proposing, option))
        others = _matched(request, {key: every[key] for key in refused})
        missing = () if able else _missing(matches, others, refused)
    except TooMuchWork as error:  # an error at once would tell how many credentials of a kind are here
        able, missing = (), [(request.query.credentials[0].id, error.message)]
    return CredentialProposal(
        request=request,
        options=tuple(_option(proposing, option) for option in able),
        missing=tuple(missing),
        purpose=stated.purpose,
        retention=stated.retention,
        past=past.of(request.party),
        known_since=past.known_since.get(request.party, ""),
        registered=over_asking.Registered.in_words(registrations),
        findings=over_asking.found(request, registrations, past, stated.purpose),
    )


def _refused(request: AuthorizationRequest, holding: Holding) -> str:
    """Why the verifier could not read a presentation of this copy, by its metadata; empty where it could."""
    seen, metadata = holding.presentable, request.client_metadata
    if not metadata.accepts(seen.format, **seen.signed_by):
        return "the verifier does not accept how its issuer signed it"
    if holding.holder is not None:
        algorithm = holding.holder.algorithm
        if not metadata.accepts(seen.format, **dict.fromkeys(seen.holder_lists, algorithm)):
            return f"the verifier does not accept signatures of the key that it is bound to ({algorithm})"
    return ""


def _authorizes(proposing: _Proposing, option: Option) -> bool:
    """Whether each entry of transaction data is authorized by one of the presentations (section 8.4)."""
    return all(
        any(
            pick.query_id in entry.credential_ids
            and pick.prove_holder
            and proposing.held[pick.credential].binds_data
            for pick in option.picks
        )
        for entry in proposing.request.transaction_data
    )


def _option(proposing: _Proposing, option: Option) -> CredentialOption:
    return CredentialOption(tuple(_leaving(proposing, pick) for pick in option.picks), option.reason)


def _leaving(proposing: _Proposing, pick: Pick) -> Leaving:
    holding = proposing.held[pick.credential]
    prepared = presenting.prepare_paths(
        proposing.wallet, proposing.keys, holding.stored, pick.disclose, bound=pick.prove_holder
    )
    seen = holding.presentable
    (revealed,) = prepared.selection.revealed
    shown = list(_values(revealed, TECHNICAL[seen.format], pick.leaving))
    return Leaving(
        query_id=pick.query_id,
        credential=pick.credential,
        types=holding.stored.types,
        issuer=holding.stored.issuer,
        revealed=tuple(sorted(shown, key=lambda leaf: _rank(leaf[0], pick.paths))),
        withheld=len(prepared.selection.withheld),
        whole=seen.disclosable is None,
        bound=pick.prove_holder,
        verified=holding.stored.verified,
        prepared=prepared,
    )


def _rank(place: ConcretePath, asked: Sequence[ConcretePath]) -> tuple[int, list[str]]:
    """Where a value stands on the page: in the order of the question, what nobody asked for at the end."""
    rank = next((number for number, path in enumerate(asked) if place[: len(path)] == path), len(asked))
    return rank, [f"{part:06}" if isinstance(part, int) else part for part in place]


def _values(
    revealed: JsonObject, technical: frozenset[str], leaving: Sequence[ConcretePath]
) -> Iterator[tuple[ConcretePath, Json]]:
    """The values that leave with their places: as many as the measure counts in `leaving`.

    A list or object is none because all in it is withheld. Elements of a list move up where others are.
    """
    counted = {_without_positions(place) for place in leaving}
    for place, value in paths.values(revealed):
        if not place or place[0] in technical:
            continue
        if not isinstance(value, (dict, list)) or _without_positions(place) in counted:
            yield place, value


def _without_positions(place: ConcretePath) -> ClaimPath:
    return tuple(None if isinstance(part, int) else part for part in place)


def _matched(request: AuthorizationRequest, held: Mapping[str, Holding]) -> Matches:
    return matching.match(request.query, [holding.copy for holding in held.values()])


def _missing(matches: Matches, others: Matches, refused: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """For each credential query that nothing fits, its id and the reason of the copy that comes nearest.

    `others` are the matches of the copies that are `refused` for the reasons there.
    """
    for identifier, found in matches.queries.items():
        if found.fits:
            continue
        if found.unanswerable:
            yield identifier, found.unanswerable
            continue
        near = [misfit.reason for misfit in found.misfits if misfit.code not in _FAR]
        near += [refused[fit.credential.key] for fit in others.queries[identifier].fits]
        yield identifier, near[0] if near else "there is no such credential in this wallet"


_FAR: Final = (matching.UNSUPPORTED_FORMAT, matching.FORMAT, matching.TYPE)
"""Codes of copies that are something else than what is asked for."""
