"""The one door for requests: fetched, authenticated, answered with consent, logged, sent; or refused.

    invitation → request object → authenticated request → proposal → decision → signed → logged → sent

Each step takes the value of the one before it, so none can be left out. Whatever ends the work before an
answer left is told to the verifier where that is safe (`ipse.wallet.answering.refusing`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from ipse.disclosure import questions
from ipse.disclosure.proposals import Consent, Decision, Proposal
from ipse.disclosure.reasons import Reason
from ipse.encoding.strict_json import JsonObject
from ipse.errors import ConsentRefused
from ipse.preferences.embedding import Embedder
from ipse.protocols import openid4vp
from ipse.protocols.openid4vp import AuthorizationRequest
from ipse.protocols.openid4vp.links import Invitation
from ipse.protocols.openid4vp.responses import Reply, build_response
from ipse.wallet import disclosure, trust
from ipse.wallet.answering import fetching, purposes, releasing, sending
from ipse.wallet.answering.invitations import Handed
from ipse.wallet.answering.proposals import CredentialConsent
from ipse.wallet.answering.proposing import propose
from ipse.wallet.answering.refusing import Told, refusing
from ipse.wallet.answering.sending import Accepted
from ipse.wallet.resolution import Reach, resolve
from ipse.wallet.wallet import Wallet

__all__ = ["Answered", "Owner", "answer"]

_FRAGMENT: Final = "fragment"


@dataclass(frozen=True, slots=True)
class Owner:
    """How the owner is asked, and hears what the verifier was told instead of an answer.

    - `credentials`, `preferences`: show a proposal and return the decision
    - `embedder`: loads the embedding model, which only preferences need
    - `told`: hears of an error that was sent, or could not be
    """

    credentials: CredentialConsent
    preferences: Consent
    embedder: Callable[[], Embedder]
    told: Callable[[Told], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that is in the log, and where it went.

    - `entry`: its number in the log
    - `vp_token`: the presentations by the id of their credential query
    - `reason`: why an answer about preferences says nothing, None where it says something and for credentials
    - `about_preferences`: whether preferences were asked for, not credentials
    - `url`: with response mode fragment, what has to be opened for the answer to arrive; empty else
    - `accepted`: what the verifier answered to the form, None with mode fragment
    """

    request: AuthorizationRequest = field(repr=False)
    entry: int
    vp_token: releasing.VpToken = field(repr=False)
    about_preferences: bool = False
    reason: Reason | None = None
    url: str = field(default="", repr=False)
    accepted: Accepted | None = None

    @property
    def said(self) -> bool:
        """Whether the answer says anything."""
        return self.reason is None


@dataclass(frozen=True, slots=True)
class _Received:
    """A request before it is authenticated, and how it came."""

    request: JsonObject | str
    invitation: Invitation | None = None
    fetched: fetching.Fetched | None = None


def answer(
    wallet: Wallet,
    handed: Handed,
    *,
    owner: Owner,
    clock: Callable[[], datetime],
    origin: str | None = None,
    reach: Reach | None = None,
) -> Answered:
    """Answer what was handed over: with credentials or preferences that the owner agrees to, or not at all.

    `clock` gives the time, aware; it is asked again after the owner decided. `origin` is where the request
    came from, if that is known from elsewhere.

    Nothing leaves before it is in the log. Raises ConsentRefused for the owner's no to credentials (to
    preferences it is an answer that says nothing), ConsentNeeded; what `openid4vp.parse_request` raises;
    RequestReplayed, RequestExpired also where the owner's yes comes too late, KeystoreError, StorageError;
    and Undetermined where the verifier can't be reached.
    """
    reached = reach or Reach()
    with refusing(lambda reply: sending.post(reply, reached), owner.told) as pending:
        received = _received(handed, reached)
        request = _authenticated(wallet, received, reached, clock(), origin)
        pending.reply = request.reply
        releasing.check_new(wallet, request)
        answered = _decided(wallet, request, owner, reached, clock)
        reply = build_response(request, answered.vp_token)
    return _sent(answered, reply, reached)


def _received(handed: Handed, reach: Reach) -> _Received:
    """The request object, fetched where the invitation refers to it."""
    if handed.request is not None:
        return _Received(handed.request, handed.invitation)
    assert handed.invitation is not None
    fetched = fetching.fetch(handed.invitation, reach)
    return _Received(fetched.text, handed.invitation, fetched)


def _authenticated(
    wallet: Wallet, received: _Received, reach: Reach, now: datetime, origin: str | None
) -> AuthorizationRequest:
    """The request, once it is proved who asks, and only with transaction data that can be shown."""
    fetched, signed = received.fetched, isinstance(received.request, str)
    return openid4vp.parse_request(
        received.request,
        resolve=lambda did: resolve(did, reach),
        anchors=trust.anchors(wallet, "verifier") if signed else (),
        now=now,
        invitation=received.invitation,
        fetched_from=fetched.address if fetched else None,
        wallet_nonce=fetched.wallet_nonce if fetched else None,
        decrypt=fetched.decrypt if fetched else None,
        origin=origin,
        transaction_types=(purposes.TYPE, *questions.TYPES),
    )


def _decided(
    wallet: Wallet, request: AuthorizationRequest, owner: Owner, reach: Reach, clock: Callable[[], datetime]
) -> Answered:
    """The answer that the owner agrees to, signed and logged."""
    if questions.asks_preferences(request):
        return _preferences(wallet, request, owner, clock)
    proposal = propose(wallet, request, reach, now=clock())
    decision = owner.credentials(proposal)
    if not proposal.options:
        releasing.refuse(wallet, proposal, now=clock())
        raise ConsentRefused(
            "nothing was sent: no credential in this wallet is what they ask for",
            hint="`ipse vc list` shows what there is",
            code="no-credential",
        )
    if not decision.accepted:
        entry = releasing.refuse(wallet, proposal, now=clock())
        raise ConsentRefused(
            "you refused, so nothing was sent", hint=f"log entry {entry} says what was asked"
        )
    openid4vp.check_time(request, clock())
    released = releasing.release(wallet, proposal, proposal.options[decision.option], now=clock())
    return Answered(request, released.entry, released.vp_token)


def _preferences(
    wallet: Wallet, request: AuthorizationRequest, owner: Owner, clock: Callable[[], datetime]
) -> Answered:
    question = questions.question_of(request)

    def consent(proposal: Proposal) -> Decision:
        decision = owner.preferences(proposal)
        openid4vp.check_time(request, clock())
        return decision

    said = disclosure.answer_question(wallet, owner.embedder, question, consent=consent, now=clock())
    (query,) = request.credentials
    token: releasing.VpToken = {query.id: [said.text]}
    return Answered(request, said.entry, token, about_preferences=True, reason=said.reason)


def _sent(answered: Answered, reply: Reply, reach: Reach) -> Answered:
    """The answer after it was posted; with mode fragment, whoever asked for it opens the address."""
    if reply.mode == _FRAGMENT:
        return replace(answered, url=reply.url)
    return replace(answered, accepted=sending.post(reply, reach))
