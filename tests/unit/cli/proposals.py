"""Proposals to show: the question through the protocol's own door, everything else as the test wants it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ipse.disclosure.exposure import Exposure
from ipse.disclosure.levels.bands import Bands
from ipse.disclosure.levels.candidates import numbered
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.levels.order import Order
from ipse.disclosure.levels.statements import Statements
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.offers import Item, Offer
from ipse.disclosure.proposals import Applicant, Exposed, Proposal, UnconfirmedDate
from ipse.disclosure.questions import Question, build_request, parse_question
from ipse.disclosure.reasons import Reason
from ipse.disclosure.terms import Terms
from ipse.disclosure.warnings import PastAnswer

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SHOP = "https://shop.example"
UNKNOWN = Applicant(SHOP, SHOP, None)
VERIFIED = Applicant(
    SHOP, SHOP, "did:web:shop.example", (PastAnswer("2026-11-02T08:00:00Z", "choose", "to fill a shelf"),)
)
BOOKS = ("Dune, a novel about a desert planet", "A field guide to ferns", "How to run a meeting", "Solaris")
STRANGER = Exposure(rho=0.05, share=0.16, stranger=0.16, bits=0.0)
LITTLE = Exposed(own=Exposure(0.2, 0.25, 0.16, 10.2), shared=Exposure(0.2, 0.25, 0.16, 10.2), answer=10.2)
DOUBTED = UnconfirmedDate(today=NOW, confirmed=NOW - timedelta(days=40))
CHOOSE = Choose(numbered(BOOKS), 3)
ORDER = Order(numbered(BOOKS))
BANDS = Bands(("jazz-and-blues", "hiking"))
TOPICS = Topics(("jazz-and-blues", "hiking"))
STATEMENTS = Statements("novels", 2)


def question(
    asked: Asked = CHOOSE, purpose: str = "to show you three books", terms: Terms | None = None
) -> Question:
    """A question as the wallet reads it from the request of an application."""
    made = build_request(
        address=SHOP,
        purpose=purpose,
        asked=asked,
        retention=timedelta(days=30),
        issued=NOW,
        lifetime=timedelta(hours=1),
        terms=terms,
    )
    return parse_question(made)


def offered(*texts: str, chosen: int | None = None, why: str = "", reason: Reason | None = None) -> Offer:
    """An offer of `texts`, of which the first so many are chosen, all where `chosen` is None."""
    items = tuple(Item(str(number), text, why=why) for number, text in enumerate(texts, 1))
    return Offer(items, tuple(item.key for item in items[:chosen]), reason)


def proposal(
    asked: Asked = CHOOSE, *texts: str, chosen: int | None = None, why: str = "", **changed: Any
) -> Proposal:
    """A proposal that offers `texts`; any member can be given, and why there is nothing to say."""
    members: dict[str, Any] = {
        "question": question(asked),
        "applicant": UNKNOWN,
        "offer": offered(*texts, chosen=chosen, why=why, reason=changed.pop("reason", None)),
        "exposed": lambda _: changed.get("reading", LITTLE),
    }
    return Proposal(**{**members, **{name: value for name, value in changed.items() if name != "reading"}})
