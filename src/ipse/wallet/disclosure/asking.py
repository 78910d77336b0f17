"""Answering a request, after the owner's consent or under a standing grant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from ipse.disclosure import answers, questions
from ipse.disclosure.questions import Question
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import RequestReplayed
from ipse.preferences.embedding import Embedder
from ipse.protocols import openid4vp
from ipse.storage import answers as kept
from ipse.storage.answers import AnswerRow
from ipse.wallet.disclosure import budgets, offers, permission, warnings
from ipse.wallet.disclosure.offers import Offer
from ipse.wallet.disclosure.permission import Permission
from ipse.wallet.disclosure.proposal import Applicant, Consent, Cost, PastQuestion, Proposal
from ipse.wallet.disclosure.releasing import Answered, release
from ipse.wallet.resolution import Reach, resolve
from ipse.wallet.wallet import Wallet

__all__ = ["Answered", "ask"]

_TICKABLE = frozenset({"topics", "statements"})


def ask(
    wallet: Wallet,
    embedder: Callable[[], Embedder],
    request: JsonObject | str,
    *,
    consent: Consent,
    now: datetime,
    origin: str | None = None,
    reach: Reach | None = None,
) -> Answered:
    """The signed answer to `request`, JSON or a signed request object; one that says nothing is one too.

    `origin` is where the request came from, if that is known from elsewhere. Nothing is computed for a
    request that is malformed, tampered with, replayed, expired or meant for somebody else, and nothing
    leaves before it is in the log. Raises MalformedInput, RequestTampered, RequestReplayed,
    RequestExpired, WrongAudience, WrongOrigin, ConsentNeeded, KeystoreError, StorageError.
    """
    question = questions.parse_question(
        request, resolve=lambda did: resolve(did, reach or Reach()), origin=origin
    )
    openid4vp.check_time(question.authorization, now)
    _check_new(wallet, question)
    moment = budgets.moment(wallet, now)
    epsilon = budgets.charge(wallet, question.level)
    earlier = kept.stored(wallet.vault, question.party, question.identity, since=budgets.since(moment))
    granted = permission.covering(wallet, question, 0 if earlier else epsilon, moment)
    model, basis = embedder(), offers.basis(wallet)
    offer = offers.make(
        wallet, model, question, epsilon=epsilon, topics=granted.grant.topics if granted else (), now=now
    )
    cost = budgets.cost(wallet, question.party, epsilon, moment, earlier.time if earlier else None)
    offer = _bounded(question, offer, cost, earlier, granted)
    refused = False
    if granted is None:
        proposal = _proposal(wallet, model, question, offer, cost, budgets.since(moment))
        decision = consent(proposal)
        refused = not decision.accepted
        if decision.accepted and proposal.tickable:
            offer = offer.ticked(decision.ticked)
        because = "you said no" if refused else offer.because
    else:
        because = offer.because
    return release(
        wallet,
        question,
        answers.nothing(question) if refused else offer.content,
        epsilon=cost.epsilon if offer.drawn and not refused else 0,
        price=earlier.epsilon if earlier else epsilon,
        basis=basis,
        granted=granted,
        refused=refused,
        because=because,
        now=now,
    )


def _check_new(wallet: Wallet, question: Question) -> None:
    answered = kept.number_of(wallet.vault, question.party, question.authorization.nonce)
    if answered is not None:
        raise RequestReplayed(
            f"{question.party} had an answer to this request already: log entry {answered}",
            hint=f"`ipse log show {answered}` prints what left; a new answer takes a new request",
        )


def _bounded(
    question: Question, offer: Offer, cost: Cost, earlier: AnswerRow | None, granted: Permission | None
) -> Offer:
    """The offer as far as grant and budget go; the earlier answer where the question is the same."""
    if granted is not None and granted.exhausted:
        return Offer(answers.nothing(question), (), granted.exhausted)
    if earlier is not None and earlier.content is not None:
        told = offers.repeated(question, strict_json.parse_object(earlier.content))
        return told if told.items else replace(told, because="the same question was told nothing before")
    if cost.spent:
        again = f" until {cost.returns[:10]}" if cost.returns else ""
        return Offer(answers.nothing(question), (), f"the budget is spent{again}")
    return offer


def _proposal(
    wallet: Wallet, model: Embedder, question: Question, offer: Offer, cost: Cost, since: str
) -> Proposal:
    past = kept.history(wallet.vault, question.party)
    everybody = kept.with_candidates(wallet.vault, since=since)
    found = warnings.warnings(question, model, past, everybody, offers.fingerprints(question))
    if not offer.drawn:
        cost = _unpaid(cost)
    applicant = Applicant(
        party=question.party,
        address=question.authorization.origin,
        did=question.authorization.did,
        past=tuple(PastQuestion(row.time, row.level, row.purpose) for row in past),
    )
    return Proposal(
        question=question,
        applicant=applicant,
        items=offer.items,
        tickable=question.level in _TICKABLE,
        cost=cost,
        warnings=found,
        because=offer.because,
    )


def _unpaid(cost: Cost) -> Cost:
    """The cost of an answer that turns out to take nothing from the budgets."""
    reserved = 0 if cost.spent else cost.epsilon
    return replace(
        cost,
        epsilon=0,
        application_left=cost.application_left + reserved,
        overall_left=cost.overall_left + reserved,
    )
