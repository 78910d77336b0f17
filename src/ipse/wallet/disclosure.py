"""Answering an application: what would leave, on whose word, and the log of what left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ipse.credentials.timestamps import format_timestamp
from ipse.encoding.strict_json import JsonObject
from ipse.errors import ConsentRefused, NotFound
from ipse.keys import derivation
from ipse.preferences.embedding import Embedder
from ipse.protocols import openid4vp, preference_choice
from ipse.protocols.preference_choice import LEVEL, Candidate, ChoiceRequest
from ipse.storage import disclosure_log, grants
from ipse.storage.grants import Grant
from ipse.wallet.profile import ranking as judging
from ipse.wallet.wallet import Wallet

__all__ = ["Consent", "Proposal", "answer", "grant", "revoke"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an application asks and what it would be told, for the owner to decide on."""

    request: ChoiceRequest
    chosen: tuple[Candidate, ...]
    answered_before: int


Consent = Callable[[Proposal], bool]
"""Shows a proposal to the owner and gives their answer. Raises ConsentNeeded where nobody can be asked."""


def answer(
    wallet: Wallet, embedder: Callable[[], Embedder], request: JsonObject, *, consent: Consent, now: datetime
) -> str:
    """The signed answer to `request`, after the owner's consent or under a standing grant.

    Nothing is computed for a request that is malformed or expired; nothing is released before it is in
    the log. Raises MalformedInput, VerificationFailed, ConsentRefused, ConsentNeeded, NotFound.
    """
    question = preference_choice.parse_request(request)
    preference_choice.check_time(question, now)
    origin = question.authorization.origin
    granted = grants.active(wallet.vault, origin=origin, level=LEVEL, now=format_timestamp(now))
    ranking = judging.rank(
        wallet,
        embedder(),
        [candidate.text for candidate in question.candidates],
        now=now,
        include_secret=False,
    )
    best = {place.position for place in ranking[: question.top]}
    # In the application's own order: which of them is the first is nobody's business.
    chosen = tuple(candidate for place, candidate in enumerate(question.candidates) if place in best)
    if granted is None and not consent(Proposal(question, chosen, _answered(wallet, origin))):
        raise ConsentRefused(f"{origin} gets no answer")
    key = derivation.pairwise_key(wallet.root, origin)
    released = preference_choice.build_answer(question, chosen, key, now)
    with wallet.vault.transaction():
        word = _standing(wallet, granted, now)
        disclosure_log.append(
            wallet.vault,
            {
                "time": format_timestamp(now),
                "application": origin,
                "purpose": question.purpose,
                "level": LEVEL,
                "request": question.authorization.digest,
                "consent": word,
                "released": released,
            },
        )
    return released


def grant(wallet: Wallet, address: str, *, level: str, now: datetime, expires: datetime) -> Grant:
    """Let the application at `address` ask at `level` without asking the owner, until `expires`."""
    origin = openid4vp.origin_of(address)
    start, end = format_timestamp(now), format_timestamp(expires)
    number = grants.add(wallet.vault, origin=origin, level=level, now=start, expires=end)
    return Grant(number, origin, level, start, end, None)


def revoke(wallet: Wallet, address: str, *, now: datetime) -> int:
    """End the grants of the application at `address`; how many. Raises NotFound where there are none."""
    origin = openid4vp.origin_of(address)
    ended = grants.revoke(wallet.vault, origin, now=format_timestamp(now))
    if not ended:
        raise NotFound(f"{origin} has no grant", hint="`ipse dapp grants` lists them")
    return ended


def _standing(wallet: Wallet, granted: Grant | None, now: datetime) -> str:
    """On whose word the answer leaves; a grant must still stand when the answer is logged."""
    if granted is None:
        return "owner"
    still = grants.active(wallet.vault, origin=granted.origin, level=granted.level, now=format_timestamp(now))
    if still is None:
        raise ConsentRefused(f"the grant of {granted.origin} was revoked meanwhile")
    return f"grant {still.number}"


def _answered(wallet: Wallet, origin: str) -> int:
    return sum(
        1 for entry in disclosure_log.every(wallet.vault) if entry.content.get("application") == origin
    )
