"""Proposals to show: the question through the protocol's own door, everything else as the test wants it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ipse.disclosure import levels
from ipse.disclosure.exposure import Exposure
from ipse.disclosure.levels.bands import Bands
from ipse.disclosure.levels.candidates import numbered
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.levels.statements import Statements
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.offers import Item, Offer
from ipse.disclosure.proposals import Applicant, Exposed, Proposal
from ipse.disclosure.questions import Question, build_request, parse_question
from ipse.disclosure.warnings import PastAnswer

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SHOP = "https://shop.example"
UNKNOWN = Applicant(SHOP, SHOP, None)
VERIFIED = Applicant(
    SHOP, SHOP, "did:web:shop.example", (PastAnswer("2026-11-02T08:00:00Z", "choose", "to fill a shelf"),)
)
BOOKS = ("Dune, a novel about a desert planet", "A field guide to ferns", "How to run a meeting", "Solaris")
READ = Exposure(rho=0.2, share=0.3, stranger=0.2, bits=9.0)
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
    """A proposal that shows `texts`, the first of them chosen; any member can be given."""
    items = tuple(Item(str(number), text) for number, text in enumerate(texts, 1))
    chosen = tuple(item.key for item in items[: levels.of(asked).most_ticked(asked)])
    members: dict[str, Any] = {
        "question": question(asked),
        "applicant": UNKNOWN,
        "offer": Offer(items, chosen),
        "exposed": lambda _: Exposed(READ, READ, 2.0),
    }
    return Proposal(**{**members, **changed})
