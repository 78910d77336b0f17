"""One question at each level, and what is always the same about them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ipse.dids import did_key
from ipse.disclosure.levels.bands import Bands
from ipse.disclosure.levels.candidates import numbered
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.levels.statements import Statements
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.offers import Content
from ipse.disclosure.questions import Question, build_request, parse_question
from ipse.encoding.strict_json import JsonObject
from ipse.keys import derivation
from ipse.keys.ed25519 import PrivateKey
from ipse.protocols.openid4vp import RequestSigner

__all__ = [
    "ADDRESS",
    "ASKED",
    "DAY",
    "HOUR",
    "ISSUED",
    "KEY",
    "NOW",
    "ROOT",
    "SAID",
    "SHOP",
    "SHOP_DID",
    "SHOP_KEY",
    "built",
    "question",
    "signer_of",
]

ADDRESS: Final = "https://shop.example/answers"
SHOP: Final = "https://shop.example"
ISSUED: Final = datetime(2026, 7, 1, 12, tzinfo=UTC)
NOW: Final = ISSUED + timedelta(minutes=10)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
ROOT: Final = b"r" * 32
KEY: Final = derivation.pairwise_key(ROOT, SHOP)
SHOP_KEY: Final = PrivateKey(b"x" * 32)
SHOP_DID: Final = did_key.from_public_key(SHOP_KEY.public())

ASKED: Final[Mapping[str, Asked]] = {
    "topics": Topics(("cooking", "jazz", "world-history")),
    "choose": Choose(numbered(["Dune", "Emma", "Solaris", "Ulysses"]), 2),
    "bands": Bands(("cooking", "jazz", "world-history")),
    "statements": Statements("novels", 3),
}
SAID: Final[Mapping[str, Content]] = {
    "topics": {"topics": ["cooking", "jazz"]},
    "choose": {"choices": ["1", "3"]},
    "bands": {"bands": {"cooking": "low", "jazz": "high"}},
    "statements": {"statements": ["I love long \u201cnovels\u201d", "Kein Krimi, bitte"]},
}


def signer_of(key: PrivateKey = SHOP_KEY) -> RequestSigner:
    """The signer with the did:key of `key`."""
    did = did_key.from_public_key(key.public())
    return did, did_key.verification_method_id(did), key


def built(level: str = "choose", **changes: Any) -> JsonObject | str:
    """A request at `level`, its parts changed as they are given."""
    parts: dict[str, Any] = {
        "address": ADDRESS,
        "purpose": "Choose what to show first",
        "asked": ASKED[level],
        "retention": 7 * DAY,
        "issued": ISSUED,
        "lifetime": HOUR,
    }
    return build_request(**{**parts, **changes})


def question(level: str = "choose", **changes: Any) -> Question:
    """The same, read."""
    return parse_question(built(level, **changes))
