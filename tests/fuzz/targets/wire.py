"""Requests of applications, answers to them, and the receipts for both."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Final

from ipse.credentials.report import Outcome
from ipse.disclosure import answers, receipts
from ipse.disclosure.levels.bands import Bands
from ipse.disclosure.levels.candidates import numbered
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.levels.order import Order
from ipse.disclosure.levels.statements import Statements
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.methods import OWNER, PRIVATE
from ipse.disclosure.offers import Content
from ipse.disclosure.questions import Question, build_request, parse_question
from ipse.disclosure.terms import Terms
from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import IpseError
from ipse.protocols import openid4vp
from tests.corpus.building import HOLDER, ISSUER, NOW
from tests.fuzz.target import Target, as_bytes

__all__ = ["TARGETS"]

_ASKED: Final[Mapping[str, Asked]] = {
    "choose": Choose(numbered(["Dune", "Emma \U0001f469\u200d\U0001f680", "Solaris"]), 2),
    "order": Order(numbered(["Dune", "Emma \U0001f469\u200d\U0001f680", "Solaris"])),
    "bands": Bands(("jazz", "world-history")),
    "topics": Topics(("jazz", "world-history")),
    "statements": Statements("novels", 3),
}
_SAID: Final[Mapping[str, Content]] = {
    "choose": {"choices": ["1", "3"]},
    "order": {"order": ["3", "1"]},
    "bands": {"bands": {"jazz": "high"}},
    "topics": {"topics": ["jazz"]},
    "statements": {"statements": ["I like Dune", "Kein \u201eKrimi\u201c"]},
}
_HOW: Final = ((OWNER, ""), (PRIVATE, "2026-03-08"))
"""The methods, with their windows."""


def _request(asked: Asked, *, signed: bool = False) -> JsonObject | str:
    return build_request(
        address="https://shop.example/answers",
        purpose="Choose",
        asked=asked,
        retention=timedelta(days=7),
        issued=NOW,
        lifetime=timedelta(hours=1),
        signer=(ISSUER.did, ISSUER.method, ISSUER.key) if signed else None,
    )


_QUESTIONS: Final[Mapping[str, Question]] = {
    level: parse_question(_request(asked)) for level, asked in _ASKED.items()
}


def _unsigned(data: bytes) -> None:
    _read(strict_json.parse_object(data))


def _signed(data: bytes) -> None:
    _read(data.decode("utf-8", "surrogateescape"))


def _read(request: JsonObject | str) -> None:
    with suppress(IpseError):
        openid4vp.parse_request(request, origin="https://shop.example")
    question = parse_question(request)
    openid4vp.check_time(question.authorization, NOW)
    assert question.authorization.signed == isinstance(request, str)
    assert len(question.identity) == 32
    said = answers.nothing(question)
    for method, window in _HOW:
        answer = answers.build_answer(question, said, key=HOLDER.key, now=NOW, method=method, window=window)
        verified = answers.verify_answer(answer, question, NOW)
        assert (verified.content, verified.method, verified.window) == (said, method, window)


def _answer(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    for question in _QUESTIONS.values():
        verified = answers.verify_answer(text, question, NOW)
        assert len(verified.report.checks) == len(answers.CHECKS)
        assert (verified.content is None) == (verified.report.outcome is not Outcome.PASSED)
        assert verified.method in ("", OWNER, PRIVATE)
        assert len(verified.window) == (10 if verified.method == PRIVATE else 0)


def _answered(level: str, method: str = OWNER, window: str = "") -> str:
    asked, said = _QUESTIONS[level], _SAID[level]
    return answers.build_answer(asked, said, key=HOLDER.key, now=NOW, method=method, window=window)


def _answers() -> Iterable[bytes]:
    return [_answered(level, *how).encode() for level in _ASKED for how in _HOW]


def _receipt(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    with suppress(IpseError):
        _read_receipt(_signed_again(text))
    _read_receipt(text)


def _read_receipt(text: str) -> None:
    with suppress(IpseError):
        receipts.countersign(text, ISSUER.did, ISSUER.method, ISSUER.key)
    verified = receipts.verify_receipt(text)
    assert verified.countersigner in (None, verified.payload["party"])
    receipts.check_terms(verified, _QUESTIONS["choose"], _answered("choose"))


def _signed_again(receipt: str) -> str:
    """`receipt` with new signatures over whatever it says now."""
    whole = strict_json.parse_object(receipt)
    entries = whole.get("signatures")
    for entry, party in zip(entries if isinstance(entries, list) else [], (HOLDER, ISSUER), strict=False):
        if isinstance(entry, dict):
            message = f"{entry.get('protected')}.{whole.get('payload')}"
            entry["signature"] = base64url.encode(party.key.sign(message.encode("utf-8", "replace")))
    return json.dumps(whole)


def _receipts() -> Iterable[bytes]:
    asked = parse_question(_request(_ASKED["choose"], signed=True))
    answer = answers.build_answer(asked, _SAID["choose"], key=HOLDER.key, now=NOW, method=OWNER)
    one = receipts.build_receipt(asked, answer, number=1, key=HOLDER.key, now=NOW)
    both = receipts.countersign(one, ISSUER.did, ISSUER.method, ISSUER.key)
    agreed = receipts.build_receipt(
        asked, answer, number=1, key=HOLDER.key, now=NOW, terms=Terms(True, True, "Free delivery")
    )
    return [one.encode(), both.encode(), agreed.encode()]


TARGETS: Final = (
    Target("request", _unsigned, lambda: [as_bytes(_request(asked)) for asked in _ASKED.values()], 5, 8192),
    Target(
        "signed-request",
        _signed,
        lambda: [str(_request(asked, signed=True)).encode() for asked in _ASKED.values()],
        3,
        8192,
        signed=True,
    ),
    Target("answer", _answer, _answers, 3, signed=True),
    Target("receipt", _receipt, _receipts, 3),
)
