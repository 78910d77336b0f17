"""Answer a request, after the owner's consent or under a standing grant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from ipse.disclosure import levels, offers, reasons
from ipse.disclosure.answers import nothing
from ipse.disclosure.budgets import Cost, cost_of_answer, since
from ipse.disclosure.offers import Offer, Profile
from ipse.disclosure.proposals import Applicant, Consent, Proposal, UnconfirmedDate
from ipse.disclosure.questions import Question, parse_question
from ipse.disclosure.warnings import PastAnswer, QuestionWarning, warnings
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import RequestReplayed
from ipse.preferences.embedding import Embedder
from ipse.preferences.purpose import EMPTY_PURPOSES
from ipse.protocols import openid4vp
from ipse.storage import answers
from ipse.storage.answers import AnswerRow
from ipse.wallet import state
from ipse.wallet.disclosure import budgets, permission
from ipse.wallet.disclosure.budgets import Dates
from ipse.wallet.disclosure.permission import Permission
from ipse.wallet.disclosure.releasing import Answered, basis, release
from ipse.wallet.profile.opinions import read_opinions
from ipse.wallet.profile.remembering import embed_missing
from ipse.wallet.profile.topics import EmbeddedTopics, access_by_topic, embed_topics
from ipse.wallet.resolution import Reach, resolve
from ipse.wallet.wallet import Wallet

__all__ = ["Answered", "ask"]


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
    """Return the signed answer to `request`, JSON or a signed request object; it may say nothing.

    `origin` is where the request came from, if that is known from elsewhere. Nothing is computed for a
    request that is malformed, tampered with, replayed, expired or meant for somebody else, and nothing
    leaves before it is in the log. Raises MalformedInput, RequestTampered, RequestReplayed,
    RequestExpired, UnusableKey, WrongAudience, WrongOrigin, ConsentNeeded, KeystoreError, StorageError, and
    Undetermined where it can't be told whether its signer's key was in use.
    """
    question = parse_question(request, resolve=lambda did: resolve(did, reach or Reach()), origin=origin)
    openid4vp.check_time(question.authorization, now)
    state.check(wallet)
    _check_new(wallet, question)
    date = budgets.dates(wallet, now)
    limits = budgets.read(wallet)
    epsilon = limits.price(question.level)
    moment = date.unattended
    earlier = answers.stored(wallet.vault, question.party, question.identity, since=since(moment))
    granted = permission.covering(wallet, question, 0 if earlier else epsilon, date)
    if granted is None and date.in_doubt:  # the owner is asked, whose yes confirms the date
        moment = date.clock
        earlier = answers.stored(wallet.vault, question.party, question.identity, since=since(moment))
    model, seen = embedder(), basis(wallet)
    embed_missing(wallet, model)
    topics = embed_topics(wallet, model, EMPTY_PURPOSES)
    level = levels.of(question.asked)
    subjects = offers.embed_subjects(level.subjects(question.asked), model, topics.published)
    offer = level.offer(
        question.asked,
        _profile(wallet, model, topics, now),
        subjects,
        epsilon=epsilon,
        granted=granted.grant.topics if granted else (),
    )
    cost = cost_of_answer(
        limits,
        budgets.charges(wallet, moment),
        question.party,
        epsilon,
        repeated=earlier.time if earlier else None,
    )
    offer = _bounded(question, offer, cost, earlier, granted)
    in_doubt = granted is not None and not granted.used_up and cost.spent and date.in_doubt
    if in_doubt and budgets.allowed(wallet, question.party, epsilon, date.clock):
        offer = replace(offer, reason=reasons.DATE_UNCONFIRMED)
    refused = False
    if granted is None:
        past = [_past(row) for row in answers.history(wallet.vault, question.party)]
        everybody = answers.with_candidates(wallet.vault, since=since(moment))
        found = warnings(
            question,
            model,
            subjects=subjects,
            topics=topics.published,
            empty_purposes=topics.others,
            earlier=past,
            everybody=[_past(row) for row in everybody],
        )
        proposal = _proposal(question, offer, cost, past, found, date)
        decision = consent(proposal)
        refused = not decision.accepted
        if decision.accepted and proposal.tickable:
            offer = offer.ticked(decision.ticked)
    return release(
        wallet,
        question,
        nothing(question) if refused else offer.content,
        epsilon=cost.epsilon if offer.drawn and not refused else 0,
        price=earlier.epsilon if earlier else epsilon,
        seen=seen,
        granted=granted,
        refused=refused,
        reason=reasons.REFUSED if refused else offer.reason,
        now=now,
    )


def _check_new(wallet: Wallet, question: Question) -> None:
    answered = answers.number_of(wallet.vault, question.party, question.authorization.nonce)
    if answered is not None:
        raise RequestReplayed(
            f"{question.party} had an answer to this request already: log entry {answered}",
            hint=f"`ipse log show {answered}` prints what left; a new answer takes a new request",
        )


def _profile(wallet: Wallet, embedder: Embedder, topics: EmbeddedTopics, now: datetime) -> Profile:
    """Read the statements that may influence an answer: nothing secret, nothing about a closed topic."""
    opinions = read_opinions(wallet, embedder, include_secret=False)
    access = access_by_topic(wallet, topics.own)
    return offers.voting_profile(
        opinions.texts,
        opinions.vectors,
        opinions.weights,
        opinions.times,
        published=topics.published,
        closed=topics.every[[row for row, key in enumerate(topics.keys) if not access[key]]],
        access=access,
        now=now,
    )


def _bounded(
    question: Question, offer: Offer, cost: Cost, earlier: AnswerRow | None, granted: Permission | None
) -> Offer:
    """Limit the offer to what grant and budget allow; repeat the earlier answer to the same question."""
    if granted is not None and granted.used_up:
        return Offer(nothing(question), (), granted.used_up)
    if earlier is not None and earlier.content is not None:
        told = levels.of(question.asked).repeated(question.asked, strict_json.parse_object(earlier.content))
        return told if told.items else replace(told, reason=reasons.NOTHING_BEFORE)
    if cost.spent:
        return Offer(nothing(question), (), reasons.budget_spent(cost.returns))
    return offer


def _proposal(
    question: Question,
    offer: Offer,
    cost: Cost,
    past: Sequence[PastAnswer],
    found: tuple[QuestionWarning, ...],
    date: Dates,
) -> Proposal:
    authorization = question.authorization
    return Proposal(
        question=question,
        applicant=Applicant(question.party, authorization.origin, authorization.did, tuple(past)),
        items=offer.items,
        tickable=levels.of(question.asked).tickable,
        cost=cost if offer.drawn else cost.waived(),
        warnings=found,
        reason=offer.reason,
        date=UnconfirmedDate(date.clock, date.confirmed) if date.in_doubt else None,
    )


def _past(row: AnswerRow) -> PastAnswer:
    return PastAnswer(
        time=row.time,
        level=row.level,
        purpose=row.purpose,
        party=row.party,
        question=row.question,
        topics=_topics_told(row),
        candidates=row.candidates,
    )


def _topics_told(row: AnswerRow) -> tuple[str, ...]:
    """Return the topics that an answer named; none if its content was dropped."""
    if row.content is None:
        return ()
    return levels.named(row.level).topics_told(strict_json.parse_object(row.content))
