"""Sign the presentations that the owner chose, and enter them in the log before anybody gets them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from ipse.credentials.policy import Challenge
from ipse.disclosure import methods
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import RequestReplayed
from ipse.protocols.dcql import paths
from ipse.protocols.dcql.query import CredentialQuery, Query
from ipse.protocols.openid4vp import AuthorizationRequest
from ipse.protocols.openid4vp.over_asking import asked_claims
from ipse.protocols.openid4vp.transaction_data import TransactionData, binding_claims
from ipse.storage import answers
from ipse.storage.answers import AnswerRow
from ipse.wallet import disclosure_log, presenting, state
from ipse.wallet.answering.history import CREDENTIALS
from ipse.wallet.answering.proposals import CredentialOption, CredentialProposal, Leaving
from ipse.wallet.wallet import Wallet

__all__ = ["Released", "check_new", "refuse", "release"]

VpToken: TypeAlias = Mapping[str, list[str | JsonObject]]

_MOST_TYPES: Final = 20
_MOST_CLAIMS: Final = 200


@dataclass(frozen=True, slots=True)
class Released:
    """The presentations by the id of their credential query, and the number of their entry in the log."""

    vp_token: VpToken = field(repr=False)
    entry: int


def check_new(wallet: Wallet, request: AuthorizationRequest) -> None:
    """Raise RequestReplayed where the one who asks had an answer to this nonce, or a refusal."""
    answered = answers.number_of(wallet.vault, request.party, request.nonce)
    if answered is not None:
        raise RequestReplayed(
            f"{request.party} had an answer to this request already: log entry {answered}",
            hint=f"`ipse log show {answered}` prints what left; a new answer takes a new request",
        )


def release(
    wallet: Wallet, proposal: CredentialProposal, option: CredentialOption, *, now: datetime
) -> Released:
    """Sign an option of the proposal and log it. Nothing is sent.

    Raises RequestReplayed, KeystoreError, StorageError, MissingFeature; nothing has left then.
    """
    request = proposal.request
    binds = _bindings(request, option)
    token: dict[str, list[str | JsonObject]] = {}
    for position, leaving in enumerate(option.leaving):
        challenge = Challenge(request.client_id, request.nonce) if leaving.bound else None
        data = binding_claims(binds.get(position, ())) or None
        made = presenting.sign(wallet, leaving.prepared, challenge, now=now, bound_data=data)
        token.setdefault(leaving.query_id, []).append(made)
    entry = _record(wallet, proposal, option, strict_json.canonical(dict(token)).decode(), now)
    return Released(token, entry)


def refuse(wallet: Wallet, proposal: CredentialProposal, *, now: datetime) -> int:
    """Log the owner's no, so that the same request is not answered later; the entry's number."""
    return _record(wallet, proposal, None, "", now)


def _bindings(
    request: AuthorizationRequest, option: CredentialOption
) -> dict[int, tuple[TransactionData, ...]]:
    """The transaction data that each presentation authorizes, by its position: the first one that may."""
    found: dict[int, tuple[TransactionData, ...]] = {}
    for entry in request.transaction_data:
        position = next(
            position
            for position, each in enumerate(option.leaving)
            if each.query_id in entry.credential_ids and each.bound and presenting.binds_data(each.prepared)
        )
        found[position] = (*found.get(position, ()), entry)
    return found


def _record(
    wallet: Wallet,
    proposal: CredentialProposal,
    option: CredentialOption | None,
    released: str,
    now: datetime,
) -> int:
    request = proposal.request
    asked = [_asked(query) for query in request.query.credentials]
    leaving = option.leaving if option else ()
    with wallet.vault.transaction():
        entry = disclosure_log.record(
            wallet,
            {
                "application": request.party,
                "address": request.origin,
                "client_id": request.client_id,
                "purpose": proposal.purpose,
                "level": CREDENTIALS,
                "request": request.digest,
                "asked": asked,
                "consent": "owner" if option else "refused",
                "grant": None,
                "method": methods.OWNER,
                "said": option is not None,
                "credentials": [each.credential for each in leaving],
                "disclosed": [_disclosed(each) for each in leaving],
                "released": released,
            },
            now=now,
        )
        answers.add(
            wallet.vault,
            AnswerRow(
                number=entry.number,
                party=request.party,
                nonce=request.nonce,
                question=hashlib.sha256(strict_json.canonical([CREDENTIALS, asked])).digest(),
                level=CREDENTIALS,
                purpose=proposal.purpose,
                method=methods.OWNER,
                bits=0,
                epsilon=0,
                grant_number=None,
                time=format_timestamp(now),
            ),
        )
    state.settle(wallet)
    return entry.number


def _asked(query: CredentialQuery) -> JsonObject:
    """What was asked of one credential, as the log keeps it."""
    types = sorted({claim.type for claim in asked_claims(Query((query,)))})
    return {
        "id": query.id,
        "format": query.format,
        "types": types[:_MOST_TYPES],
        "claims": [paths.show(claim.path) for claim in query.claims[:_MOST_CLAIMS]],
    }


def _disclosed(leaving: Leaving) -> JsonObject:
    return {
        "query": leaving.query_id,
        "credential": leaving.credential,
        "claims": [paths.show(place) for place, _ in leaving.revealed[:_MOST_CLAIMS]],
    }
