"""The proposal that the owner decides on (who asks, what would leave, what it costs), and the decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from ipse.disclosure.budgets import Cost
from ipse.disclosure.offers import Item
from ipse.disclosure.questions import Question
from ipse.disclosure.reasons import Reason
from ipse.disclosure.warnings import PastAnswer, QuestionWarning

__all__ = ["Applicant", "Consent", "Decision", "Proposal", "UnconfirmedDate"]


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who asks.

    `party` is the web origin or the DID that everything is accounted under, `address` the origin that the
    answer goes to, `did` the DID that signed, None for an unsigned request. `past` are the answers that it
    had, newest first.
    """

    party: str
    address: str
    did: str | None
    past: tuple[PastAnswer, ...] = ()

    @property
    def verified(self) -> bool:
        """Whether a signature shows who asks."""
        return self.did is not None


@dataclass(frozen=True, slots=True)
class UnconfirmedDate:
    """What the clock says, and when the owner last confirmed what it said."""

    today: datetime
    confirmed: datetime

    @property
    def days(self) -> int:
        """How many days lie between."""
        return (self.today - self.confirmed).days


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question and the answer that the owner would give.

    With `tickable`, only the items that the owner ticks one by one leave; else all of them or none. Where
    there is nothing to say, `items` is empty and `reason` says why. `date` is there if the owner has not
    confirmed the date lately; saying yes does.
    """

    question: Question
    applicant: Applicant
    items: tuple[Item, ...]
    tickable: bool
    cost: Cost
    warnings: tuple[QuestionWarning, ...] = ()
    reason: Reason | None = None
    date: UnconfirmedDate | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The owner's decision; `ticked` are the keys of the items that may leave, where they are tickable."""

    accepted: bool
    ticked: frozenset[str] = field(default_factory=frozenset)


Consent = Callable[[Proposal], Decision]
"""Show a proposal to the owner and return the decision. Raises ConsentNeeded where nobody can be asked."""
