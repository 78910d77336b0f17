"""Release an answer: charge, log and sign it in one transaction, before anybody sees it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from ipse.disclosure import levels, reasons
from ipse.disclosure.answers import build_answer, nothing
from ipse.disclosure.offers import Content
from ipse.disclosure.questions import Question
from ipse.disclosure.reasons import Reason
from ipse.disclosure.receipts import build_receipt
from ipse.encoding import strict_json
from ipse.encoding.timestamps import format_timestamp
from ipse.keys import derivation
from ipse.storage import answers, statements, topic_store
from ipse.storage.answers import AnswerRow
from ipse.wallet import disclosure_log, state
from ipse.wallet.disclosure import budgets, permission
from ipse.wallet.disclosure.budgets import Dates
from ipse.wallet.disclosure.permission import Permission
from ipse.wallet.profile.topics import access_by_topic
from ipse.wallet.wallet import Wallet

__all__ = ["Answered", "basis", "release"]


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer that left, and its number in the log; `reason` is None where it says something."""

    text: str
    reason: Reason | None
    entry: int

    @property
    def said(self) -> bool:
        """Whether the answer says anything."""
        return self.reason is None


def release(
    wallet: Wallet,
    question: Question,
    content: Content,
    *,
    epsilon: int,
    price: int,
    seen: bytes,
    granted: Permission | None,
    refused: bool,
    reason: Reason | None,
    now: datetime,
) -> Answered:
    """Sign `content` for the question, enter it in the log and charge `epsilon`: 0 for what was told before.

    `price` is what it was drawn at, which the answer tells whether or not it says anything.
    What may have changed since it was worked out is looked at again under the vault's lock: the request, the
    grant, the budget, and what was said and not withdrawn, whose `basis` was `seen`. Where they no longer
    allow it, the answer that leaves says nothing and costs nothing. Raises RequestReplayed, KeystoreError,
    StorageError; nothing has left then.
    """
    vault, party = wallet.vault, question.party
    level = levels.of(question.asked)
    key = derivation.pairwise_key(wallet.root, party)
    with vault.transaction():
        date = budgets.dates(wallet, now)
        attended = granted is None and not refused
        if attended and date.in_doubt:
            date = budgets.confirm_date(wallet, now)
        moment = date.clock if attended else date.unattended
        # Looked for where nothing is said as well, so that it takes as long.
        objection = _objection(wallet, question, epsilon, seen, granted, date, moment)
        if objection and (epsilon or content != nothing(question)):
            reason, epsilon, content = objection, 0, nothing(question)
        said = content != nothing(question)
        text = build_answer(question, content, key=key, now=now, epsilon=price)
        entry = disclosure_log.record(
            wallet,
            {
                "application": party,
                "address": question.authorization.origin,
                "purpose": question.purpose,
                "level": question.level,
                "request": question.authorization.digest,
                "consent": "refused" if refused else f"grant {granted.grant.number}" if granted else "owner",
                "epsilon": epsilon / 1000,
                "grant": granted.grant.number if granted else None,
                "said": said,
                "released": text,
            },
            now=now,
        )
        again = level.kept(question.asked, content) if epsilon else None
        answers.add(
            vault,
            AnswerRow(
                number=entry.number,
                party=party,
                nonce=question.authorization.nonce,
                question=question.identity,
                level=question.level,
                purpose=question.purpose,
                content=None if again is None else strict_json.canonical(again).decode(),
                epsilon=epsilon,
                grant_number=granted.grant.number if granted else None,
                time=format_timestamp(date.clock),
                candidates=level.fingerprints(question.asked),
            ),
        )
        # The application reads the number of its own answers there, not that of all the wallet's.
        own = len(answers.history(vault, party))
        receipt = build_receipt(question, text, number=own, key=key, now=now, terms=question.terms)
        asked = question.authorization.text if question.terms else None
        answers.keep_receipt(vault, entry.number, receipt, asked)
    state.settle(wallet)
    return Answered(text, None if said else reason or reasons.NOTHING_SAID, entry.number)


def basis(wallet: Wallet) -> bytes:
    """Return a digest of everything that may influence an answer; it changes with the profile."""
    own = topic_store.own(wallet.vault)
    meanings = [(topic.label, topic.meaning) for topic in own]
    access = repr((sorted(access_by_topic(wallet, own).items()), meanings))
    return hashlib.sha256(statements.digest(wallet.vault) + access.encode()).digest()


def _objection(
    wallet: Wallet,
    question: Question,
    epsilon: int,
    seen: bytes,
    granted: Permission | None,
    date: Dates,
    moment: datetime,
) -> Reason | None:
    """Return the reason to withhold the answer, or None."""
    if basis(wallet) != seen:
        return reasons.PROFILE_CHANGED
    if granted is not None:
        still = permission.covering(wallet, question, epsilon, date)
        if still is None or still.grant.number != granted.grant.number:
            return reasons.GRANT_ENDED
        if still.used_up:
            return still.used_up
    return None if budgets.allowed(wallet, question.party, epsilon, moment) else reasons.BUDGET_TAKEN
