"""Release an answer: log and sign it in one transaction, before anybody sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ipse.disclosure import levels, reasons
from ipse.disclosure.answers import build_answer, nothing
from ipse.disclosure.exposure import Told
from ipse.disclosure.offers import Content
from ipse.disclosure.proposals import Exposed
from ipse.disclosure.questions import Question
from ipse.disclosure.reasons import Reason
from ipse.disclosure.receipts import build_receipt
from ipse.encoding.timestamps import format_timestamp
from ipse.keys import derivation
from ipse.storage import answers, transcript
from ipse.storage.answers import AnswerRow
from ipse.wallet import disclosure_log, state
from ipse.wallet.disclosure import dates, metering, permission
from ipse.wallet.disclosure.dates import Dates
from ipse.wallet.disclosure.permission import Permission
from ipse.wallet.disclosure.profile import basis
from ipse.wallet.wallet import Wallet

__all__ = ["Answered", "Draft", "release"]


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


@dataclass(frozen=True, slots=True)
class Draft:
    """What would leave, and how it came about: `method`, of a private summary its `window`.

    `told` is what the meter keeps of it, None for what is private or says nothing, `exposed` what it would
    give away, and `fingerprint` the model of its vectors. `reason` says why it says nothing.
    """

    content: Content
    method: str
    reason: Reason | None
    window: str = ""
    told: Told | None = None
    exposed: Exposed | None = None
    fingerprint: str = ""


def release(
    wallet: Wallet,
    question: Question,
    draft: Draft,
    *,
    seen: bytes,
    granted: Permission | None,
    refused: bool,
    now: datetime,
) -> Answered:
    """Sign what was drafted for the question, and enter it in the log.

    What may have changed since it was worked out is looked at again under the vault's lock: the request, the
    grant and its cap, and what was said and not withdrawn, whose `basis` was `seen`. Where they no longer
    allow it, the answer that leaves says nothing. Raises RequestReplayed, KeystoreError, StorageError;
    nothing has left then.
    """
    vault, party = wallet.vault, question.party
    level = levels.of(question.asked)
    key = derivation.pairwise_key(wallet.root, party)
    with vault.transaction():
        date = dates.dates(wallet, now)
        if granted is None and not refused and date.in_doubt:
            date = dates.confirm_date(wallet, now)
        # Looked for where nothing is said as well, so that it takes as long.
        objection = _objection(wallet, question, draft, seen, granted, date)
        content, reason = draft.content, draft.reason
        if objection and content != nothing(question):
            reason, content = objection, nothing(question)
        said = content != nothing(question)
        told = draft.told if said else None
        bits = told.bits if told else 0.0
        text = build_answer(question, content, key=key, now=now, method=draft.method, window=draft.window)
        entry = disclosure_log.record(
            wallet,
            {
                "application": party,
                "address": question.authorization.origin,
                "purpose": question.purpose,
                "level": question.level,
                "request": question.authorization.digest,
                "consent": "refused" if refused else f"grant {granted.grant.number}" if granted else "owner",
                "grant": granted.grant.number if granted else None,
                "method": draft.method,
                "window": draft.window or None,
                "bits": round(bits, 1),
                "edited": told.edited if told else False,
                "said": said,
                "released": text,
            },
            now=now,
        )
        answers.add(
            vault,
            AnswerRow(
                number=entry.number,
                party=party,
                nonce=question.authorization.nonce,
                question=question.identity,
                level=question.level,
                purpose=question.purpose,
                method=draft.method,
                bits=bits,
                epsilon=0,
                grant_number=granted.grant.number if granted else None,
                time=format_timestamp(date.clock),
                candidates=level.fingerprints(question.asked),
            ),
        )
        if told and draft.exposed:
            line = metering.as_line(
                told, entry.number, party=party, fingerprint=draft.fingerprint, verbatim=level.verbatim
            )
            transcript.add(vault, line)
            metering.keep(wallet, party, draft.exposed.own, draft.exposed.shared)
        # The application reads the number of its own answers there, not that of all the wallet's.
        own = len(answers.history(vault, party))
        receipt = build_receipt(question, text, number=own, key=key, now=now, terms=question.terms)
        asked = question.authorization.text if question.terms else None
        answers.keep_receipt(vault, entry.number, receipt, asked)
    state.settle(wallet)
    return Answered(text, None if said else reason or reasons.NOTHING_SAID, entry.number)


def _objection(
    wallet: Wallet, question: Question, draft: Draft, seen: bytes, granted: Permission | None, date: Dates
) -> Reason | None:
    """Return the reason to withhold the answer, or None."""
    if basis(wallet) != seen:
        return reasons.PROFILE_CHANGED
    if granted is None:
        return None
    still = permission.covering(wallet, question, date)
    if still is None or still.grant.number != granted.grant.number:
        return reasons.GRANT_ENDED
    if still.used_up:
        return still.used_up
    cap, bits = still.grant.cap, draft.told.bits if draft.told else 0.0
    if cap is not None and answers.told_bits(wallet.vault, grant=still.grant.number) + bits > cap:
        return reasons.cap_reached(cap)
    return None
