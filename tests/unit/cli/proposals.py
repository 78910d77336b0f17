"""Proposals to show: the question through the protocol's own door, everything else as the test wants it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ipse.disclosure.budgets import Cost
from ipse.disclosure.levels.bands import Bands
from ipse.disclosure.levels.candidates import numbered
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.levels.statements import Statements
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.offers import Item
from ipse.disclosure.proposals import Applicant, Proposal
from ipse.disclosure.questions import Question, build_request, parse_question
from ipse.disclosure.warnings import PastAnswer

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SHOP = "https://shop.example"
UNKNOWN = Applicant(SHOP, SHOP, None)
VERIFIED = Applicant(
    SHOP, SHOP, "did:web:shop.example", (PastAnswer("2026-11-02T08:00:00Z", "choose", "to fill a shelf"),)
)
BOOKS = ("Dune, a novel about a desert planet", "A field guide to ferns", "How to run a meeting", "Solaris")
FREE = Cost(0, 2000, 6000)
CHOOSE = Choose(numbered(BOOKS), 3)
BANDS = Bands(("jazz-and-blues", "hiking"))
TOPICS = Topics(("jazz-and-blues", "hiking"))
STATEMENTS = Statements("novels", 2)


def question(asked: Asked = CHOOSE, purpose: str = "to show you three books") -> Question:
    """A question as the wallet reads it from the request of an application."""
    made = build_request(
        address=SHOP,
        purpose=purpose,
        asked=asked,
        retention=timedelta(days=30),
        issued=NOW,
        lifetime=timedelta(hours=1),
    )
    return parse_question(made)


def proposal(asked: Asked = CHOOSE, *texts: str, **changed: Any) -> Proposal:
    """A proposal that shows `texts`; any member can be given."""
    items = tuple(Item(str(number), text) for number, text in enumerate(texts, 1))
    members: dict[str, Any] = {
        "question": question(asked),
        "applicant": UNKNOWN,
        "items": items,
        "tickable": isinstance(asked, (Topics, Statements)),
        "cost": Cost(1000, 1000, 5000) if isinstance(asked, (Choose, Bands)) else FREE,
    }
    return Proposal(**{**members, **changed})
