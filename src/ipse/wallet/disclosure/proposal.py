"""What the owner decides on: who asks, what would leave, what it costs; and what the owner says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ipse.disclosure.questions import Question

__all__ = ["Applicant", "Consent", "Cost", "Decision", "Item", "PastQuestion", "Proposal"]


@dataclass(frozen=True, slots=True)
class PastQuestion:
    """What an application asked before: when (RFC 3339 UTC), at which level, for what purpose."""

    time: str
    level: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who asks.

    `party` is the web origin or the DID that everything is accounted under, `address` the origin that the
    answer goes to, `did` the DID that signed, None for an unsigned request. `past` are the questions that
    it had answers to, newest first.
    """

    party: str
    address: str
    did: str | None
    past: tuple[PastQuestion, ...] = ()

    @property
    def verified(self) -> bool:
        """Whether a signature shows who asks."""
        return self.did is not None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that would leave: its key in the answer, and the text that the owner reads."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What an answer takes from the budgets, all in thousandths of epsilon.

    `application_left` and `overall_left` are what stays afterwards. `repeated` is the time of an earlier
    answer to the same question that this one repeats at no cost. `returns` is when the budget has room
    for this answer again, where it has none now (`spent`); both times are RFC 3339 UTC.
    """

    epsilon: int
    application_left: int
    overall_left: int
    repeated: str | None = None
    spent: bool = False
    returns: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question and the answer that the owner would give.

    With `tickable`, only the items that the owner ticks one by one leave; else all of them or none. Where
    there is nothing to say, `items` is empty and `because` says why. `warnings` are whole sentences.
    """

    question: Question
    applicant: Applicant
    items: tuple[Item, ...]
    tickable: bool
    cost: Cost
    warnings: tuple[str, ...] = ()
    because: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the owner said; `ticked` are the keys of the items that may leave, where they are tickable."""

    accepted: bool
    ticked: frozenset[str] = field(default_factory=frozenset)


Consent = Callable[[Proposal], Decision]
"""Shows a proposal to the owner and gives their answer. Raises ConsentNeeded where nobody can be asked."""
