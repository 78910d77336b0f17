"""Terms that applications offer, withdrawals of answers, and the replies to those."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from ipse.disclosure import answers, receipts, withdrawals
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.methods import OWNER
from ipse.disclosure.questions import build_request, parse_question
from ipse.disclosure.receipts import ReceiptVerification
from ipse.disclosure.terms import Subject, Terms, build_policy, parse_policy
from ipse.disclosure.withdrawals import ReplyOutcome
from ipse.encoding import strict_json
from tests.corpus.building import HOLDER, ISSUER, NOW
from tests.fuzz.target import Target, as_bytes

__all__ = ["TARGETS"]

_OFFERED: Final = (
    Terms(no_resale=True, deletion_on_demand=True, in_return="Free delivery \U0001f469\u200d\U0001f680"),
    Terms(no_resale=True),
    Terms(deletion_on_demand=True),
    Terms(in_return="\u20ac 2"),
)
_REQUESTED: Final = Subject(
    "https://shop.example", "urn:ipse:preferences:choose:1", "Choose", timedelta(days=7)
)


def _terms(data: bytes) -> None:
    policy = strict_json.parse(data)
    terms = parse_policy(policy, _REQUESTED)
    assert build_policy(terms, _REQUESTED)["uid"] == policy["uid"]
    assert all(len(line.splitlines()) == 1 and line.count('"') in (0, 2) for line in terms.in_words())


def _receipt() -> ReceiptVerification:
    request = build_request(
        address="https://shop.example/answers",
        purpose="Choose",
        asked=Topics(("jazz",)),
        retention=timedelta(days=7),
        issued=NOW,
        lifetime=timedelta(hours=1),
        signer=(ISSUER.did, ISSUER.method, ISSUER.key),
    )
    asked = parse_question(request)
    answer = answers.build_answer(asked, {"topics": ["jazz"]}, key=HOLDER.key, now=NOW, method=OWNER)
    return receipts.verify_receipt(
        receipts.build_receipt(asked, answer, number=1, key=HOLDER.key, now=NOW, terms=_OFFERED[0])
    )


_RECEIPT: Final = _receipt()
_WITHDRAWAL: Final = withdrawals.build_withdrawal(_RECEIPT, key=HOLDER.key, now=NOW)
_WITHDRAWN: Final = withdrawals.verify_withdrawal(_WITHDRAWAL, _RECEIPT, now=NOW)


def _withdrawal(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    verified = withdrawals.verify_withdrawal(text, _RECEIPT, now=NOW)
    assert (verified.party, verified.receipt) == (ISSUER.did, _RECEIPT.digest)


def _reply(data: bytes) -> None:
    verified = withdrawals.verify_reply(data.decode("utf-8", "surrogateescape"), _WITHDRAWN, now=NOW)
    assert verified.party_did == ISSUER.did
    assert bool(verified.reason) == (verified.outcome is ReplyOutcome.REFUSED)


def _replies() -> Iterable[bytes]:
    for outcome, reason in ((ReplyOutcome.DELETED, ""), (ReplyOutcome.REFUSED, "we \u201ckeep\u201d it")):
        yield withdrawals.build_reply(
            _WITHDRAWN,
            outcome,
            did=ISSUER.did,
            method_id=ISSUER.method,
            signer=ISSUER.key,
            now=NOW,
            reason=reason,
        ).encode()


TARGETS: Final = (
    Target("terms", _terms, lambda: [as_bytes(build_policy(each, _REQUESTED)) for each in _OFFERED], 5, 8192),
    Target("withdrawal", _withdrawal, lambda: [_WITHDRAWAL.encode()], 2, 8192, signed=True),
    Target("withdrawal-reply", _reply, _replies, 2, 8192, signed=True),
)
