"""Requests of applications, and answers to them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Final

from ipse.encoding import strict_json
from ipse.errors import IpseError
from ipse.protocols import dcql, openid4vp, preference_choice
from tests.corpus.building import HOLDER, NOW
from tests.fuzz.target import Target, as_bytes

__all__ = ["TARGETS"]

_QUERY: Final = {
    "credentials": [{"id": "choice", "format": "dc+sd-jwt", "meta": {"vct_values": [preference_choice.TYPE]}}]
}
_QUESTION: Final = {
    "type": preference_choice.TYPE,
    "credential_ids": ["choice"],
    "purpose": "Choose",
    "top": 1,
    "candidates": [{"id": "1", "text": "Dune"}, {"id": "2", "text": "Emma \U0001f469\u200d\U0001f680"}],
}
_REQUEST: Final = openid4vp.build_request(
    address="https://shop.example/answers",
    nonce="n-0S6_WzA2Mj-0123",
    issued=NOW,
    expires=NOW + timedelta(hours=1),
    query=_QUERY,
    transaction_data=_QUESTION,
)
_ASKED: Final = preference_choice.parse_request(_REQUEST)


def _dcql(data: bytes) -> None:
    for query in dcql.parse(strict_json.parse(data)):
        assert isinstance(query.types, tuple)


def _request(data: bytes) -> None:
    request = strict_json.parse_object(data)
    with suppress(IpseError):
        openid4vp.parse_request(request)
    asked = preference_choice.parse_request(request)
    preference_choice.check_time(asked, NOW)
    assert 1 <= asked.top < len(asked.candidates)


def _answer(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    verified = preference_choice.verify_answer(text, _ASKED, NOW)
    assert len(verified.report.checks) == len(preference_choice.CHECKS)


def _answers() -> Iterable[bytes]:
    return [preference_choice.build_answer(_ASKED, _ASKED.candidates[:1], HOLDER.key, NOW).encode()]


TARGETS: Final = (
    Target("dcql", _dcql, lambda: [as_bytes(_QUERY)], 5, 2048),
    Target("request", _request, lambda: [as_bytes(_REQUEST)], 5, 8192),
    Target("answer", _answer, _answers, 3, signed=True),
)
