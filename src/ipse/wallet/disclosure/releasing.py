"""Letting an answer leave: charged, logged and signed in one transaction, before anybody sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ipse.disclosure import answers
from ipse.disclosure.answers import Content
from ipse.disclosure.questions import Question
from ipse.encoding import strict_json
from ipse.encoding.timestamps import format_timestamp
from ipse.keys import derivation
from ipse.storage import answers as kept
from ipse.storage.answers import AnswerRow
from ipse.wallet import disclosure_log
from ipse.wallet.disclosure import budgets, offers, permission, receipts
from ipse.wallet.disclosure.permission import Permission
from ipse.wallet.wallet import Wallet

__all__ = ["Answered", "release"]

_SPENT: Final = "the budget has no room for it"


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer that left: its text, whether it says anything, why not, and its number in the log."""

    text: str
    said: bool
    because: str
    entry: int


def release(
    wallet: Wallet,
    question: Question,
    content: Content,
    *,
    epsilon: int,
    price: int,
    basis: bytes,
    granted: Permission | None,
    refused: bool,
    because: str,
    now: datetime,
) -> Answered:
    """Sign `content` for the question, enter it in the log and charge `epsilon`: 0 for what was told before.

    `price` is what it was drawn at, which the answer tells whether or not it says anything.
    What may have changed since it was worked out is looked at again under the vault's lock: the request, the
    grant, the budget, and `basis`, what was said and not withdrawn. Where they no longer allow it, the
    answer that leaves says nothing and costs nothing. Raises RequestReplayed, KeystoreError, StorageError;
    nothing has left then.
    """
    vault, party = wallet.vault, question.party
    key = derivation.pairwise_key(wallet.root, party)
    with vault.transaction():
        moment = budgets.moment(wallet, now)
        # Looked for where nothing is said as well, so that it takes as long.
        objection = _objection(wallet, question, epsilon, basis, granted, moment)
        if objection and (epsilon or content != answers.nothing(question)):
            because, epsilon, content = objection, 0, answers.nothing(question)
        said = content != answers.nothing(question)
        text = answers.build_answer(question, content, key=key, now=now, epsilon=price)
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
        again = offers.kept(question, content) if epsilon else None
        kept.add(
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
                time=format_timestamp(moment),
                candidates=offers.fingerprints(question),
            ),
        )
        receipts.keep(wallet, question, text, entry.number, now=now)
    disclosure_log.settle(wallet)
    return Answered(text, said, because, entry.number)


def _objection(
    wallet: Wallet,
    question: Question,
    epsilon: int,
    basis: bytes,
    granted: Permission | None,
    moment: datetime,
) -> str:
    """Why nothing may be said after all, or nothing."""
    if offers.basis(wallet) != basis:
        return "your profile was changed meanwhile"
    if granted is not None:
        still = permission.covering(wallet, question, epsilon, moment)
        if still is None or still.grant.number != granted.grant.number:
            return "the grant was ended meanwhile"
        if still.exhausted:
            return still.exhausted
    return "" if budgets.allowed(wallet, question.party, epsilon, moment) else _SPENT
