"""Answer a request, after the owner's consent or under a standing grant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ipse.disclosure import exposure, levels, methods, offers, reasons
from ipse.disclosure.answers import nothing
from ipse.disclosure.exposure import Told
from ipse.disclosure.methods import owner, private
from ipse.disclosure.offers import Item, Offer, Profile
from ipse.disclosure.proposals import Applicant, Consent, Decision, Exposed, Proposal, UnconfirmedDate
from ipse.disclosure.questions import Question, parse_question
from ipse.disclosure.warnings import PastAnswer, warnings
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import RequestReplayed
from ipse.preferences.embedding import Embedder
from ipse.preferences.purpose import EMPTY_PURPOSES
from ipse.protocols import openid4vp
from ipse.storage import answers
from ipse.storage.answers import AnswerRow
from ipse.storage.transcript import ALL
from ipse.wallet import state
from ipse.wallet.disclosure import dates, keeping, metering, permission, summaries
from ipse.wallet.disclosure.metering import Meter
from ipse.wallet.disclosure.permission import Permission
from ipse.wallet.disclosure.profile import basis, read_profile
from ipse.wallet.disclosure.releasing import Answered, Draft, release
from ipse.wallet.profile.remembering import embed_missing
from ipse.wallet.profile.topics import EmbeddedTopics, embed_topics
from ipse.wallet.resolution import Reach, resolve
from ipse.wallet.wallet import Wallet

if TYPE_CHECKING:
    from ipse.preferences.vectors import Floats

__all__ = ["Answered", "answer_question", "ask"]

_LATELY: Final = timedelta(days=30)
"""How far back candidates are looked for among those of other applications."""


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
    return answer_question(wallet, embedder, question, consent=consent, now=now)


def answer_question(
    wallet: Wallet,
    embedder: Callable[[], Embedder],
    question: Question,
    *,
    consent: Consent,
    now: datetime,
) -> Answered:
    """Return the signed answer to a question whose request was authenticated and is in time.

    Raises RequestReplayed, ConsentNeeded, KeystoreError, StorageError.
    """
    state.check(wallet, tables=metering.READ)
    _check_new(wallet, question)
    date = dates.dates(wallet, now)
    granted = permission.covering(wallet, question, date)
    model, seen = embedder(), basis(wallet)
    embed_missing(wallet, model)
    topics = embed_topics(wallet, model, EMPTY_PURPOSES)
    subjects = offers.embed_subjects(
        levels.of(question.asked).subjects(question.asked), model, topics.published
    )
    if granted is not None and not granted.grant.exact:
        source = summaries.find(
            wallet, question.party, lambda: read_profile(wallet, model, topics, now), date.unattended
        )
        offer = private.offer(question.asked, source, topics.published, subjects, granted.grant.topics)
        offer = _allowed(granted, offer)
        draft = Draft(_content(question, offer), methods.PRIVATE, offer.reason, source.window)
        return release(wallet, question, draft, seen=seen, granted=granted, refused=False, now=now)
    profile = read_profile(wallet, model, topics, now)
    exact = _Exact(question, profile, subjects, Meter(wallet, profile, model.fingerprint))
    offer = exact.offer(granted.grant.topics if granted else ())
    if granted is not None:
        told = answers.told_bits(wallet.vault, grant=granted.grant.number)
        leaving = _allowed(granted, owner.chosen(question.asked, offer, granted.grant.cap, told))
        decision, learns = Decision(accepted=True), False
    else:
        proposal = _proposal(wallet, question, model, topics, exact, offer, date)
        decision = consent(proposal)
        learns = decision.accepted and decision.keep and proposal.teaches
        leaving = (
            owner.ticked(offer, decision.ticked) if decision.accepted else Offer.nothing(reasons.REFUSED)
        )
    draft = exact.draft(offer, leaving)
    answered = release(
        wallet, question, draft, seen=seen, granted=granted, refused=not decision.accepted, now=now
    )
    if learns:
        keeping.learn(wallet, model, offer, decision.ticked, now=now)
    return answered


class _Exact:
    """What the owner could say to a question, and what that gives away."""

    def __init__(self, question: Question, profile: Profile, subjects: Floats, meter: Meter) -> None:
        self._question = question
        self._profile = profile
        self.subjects = subjects
        self._meter = meter

    def offer(self, granted: Sequence[str]) -> Offer:
        asked = self._question.asked
        return levels.of(asked).offer(asked, self._profile, self.subjects, granted)

    def exposed(self, offer: Offer, items: Sequence[Item]) -> Exposed:
        """What an answer with these items of the offer gives away, with all that was told before."""
        return self._read(self._heard(offer, items), items)

    def draft(self, offer: Offer, leaving: Offer) -> Draft:
        """What leaves of the offer; where nothing does, the meter reads a stand-in, which takes as long."""
        told = self._heard(offer, leaving.items)
        exposed = self._read(told or self._stand_in(), leaving.items)
        return Draft(
            _content(self._question, leaving),
            methods.OWNER,
            leaving.reason,
            told=told,
            exposed=exposed if told else None,
            fingerprint=self._meter.fingerprint,
        )

    def _heard(self, offer: Offer, items: Sequence[Item]) -> Told | None:
        return owner.heard(self._question.asked, offer, items, self._profile, self.subjects)

    def _read(self, told: Told | None, items: Sequence[Item]) -> Exposed:
        own = self._meter.reading(self._question.party, told)
        return Exposed(
            own,
            self._meter.reading(ALL, told).after(own),  # together they know no less than one of them
            levels.of(self._question.asked).bits(self._question.asked, items),
        )

    def _stand_in(self) -> Told:
        """An answer of the size of this one, which is never told."""
        asked = self._question.asked
        level = levels.of(asked)
        rows = range(min(level.most_ticked(asked), len(self.subjects)))
        return exposure.remember(self.subjects, [[row] for row in rows] if level.ordered else [rows], 0.0)


def _content(question: Question, offer: Offer) -> JsonObject:
    if not offer.items:
        return nothing(question)
    return levels.of(question.asked).content(question.asked, offer.items)


def _allowed(granted: Permission, offer: Offer) -> Offer:
    """The offer, if the grant allows one now."""
    return Offer.nothing(granted.used_up) if granted.used_up else offer


def _check_new(wallet: Wallet, question: Question) -> None:
    answered = answers.number_of(wallet.vault, question.party, question.authorization.nonce)
    if answered is not None:
        raise RequestReplayed(
            f"{question.party} had an answer to this request already: log entry {answered}",
            hint=f"`ipse log show {answered}` prints what left; a new answer takes a new request",
        )


def _proposal(
    wallet: Wallet,
    question: Question,
    model: Embedder,
    topics: EmbeddedTopics,
    exact: _Exact,
    offer: Offer,
    date: dates.Dates,
) -> Proposal:
    past = [_past(row) for row in answers.history(wallet.vault, question.party)]
    lately = format_timestamp(date.clock - _LATELY)
    found = warnings(
        question,
        model,
        subjects=exact.subjects,
        topics=topics.published,
        empty_purposes=topics.others,
        earlier=[row for row in past if row.level in levels.NAMES],
        everybody=[_past(row) for row in answers.with_candidates(wallet.vault, since=lately)],
    )
    authorization = question.authorization
    return Proposal(
        question=question,
        applicant=Applicant(
            question.party,
            authorization.origin,
            authorization.did,
            tuple(past),
            authorization.client.proof,
        ),
        offer=offer,
        exposed=lambda items: exact.exposed(offer, items),
        warnings=found,
        date=UnconfirmedDate(date.clock, date.confirmed) if date.in_doubt else None,
    )


def _past(row: AnswerRow) -> PastAnswer:
    return PastAnswer(
        time=row.time,
        level=row.level,
        purpose=row.purpose,
        party=row.party,
        question=row.question,
        candidates=row.candidates,
    )
