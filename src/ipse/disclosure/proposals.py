"""The proposal that the owner decides on (who asks, what would leave, what it tells), and the decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ipse.disclosure import levels
from ipse.disclosure.exposure import Exposure
from ipse.disclosure.offers import Item, Offer
from ipse.disclosure.questions import Question
from ipse.disclosure.warnings import PastAnswer, QuestionWarning
from ipse.protocols.openid4vp import NoProof, Proof

__all__ = ["Applicant", "Consent", "Decision", "Exposed", "Proposal", "UnconfirmedDate"]


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who asks.

    `party` is the web origin or the DID that everything is accounted under, `address` the origin that the
    answer goes to, `did` the DID that signed, None for a request that no DID signed. `past` are the answers
    that it had, newest first. `proof` is what proves who asks, of a certificate and an attestation too.
    """

    party: str
    address: str
    did: str | None
    past: tuple[PastAnswer, ...] = ()
    proof: Proof = field(default_factory=NoProof)

    @property
    def verified(self) -> bool:
        """Whether a signature shows who asks."""
        return self.did is not None or not isinstance(self.proof, NoProof)


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
class Exposed:
    """What is given away: `own` is the reading of this application with this answer, `shared` that of all
    applications that share what they are told. `answer` is what the answer counts, in bits."""

    own: Exposure
    shared: Exposure
    answer: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question and what the owner could answer: only what the owner ticks leaves, in that order.

    `exposed` tells what an answer of these items gives away. `date` is there if the owner has not confirmed
    the date lately; saying yes does.
    """

    question: Question
    applicant: Applicant
    offer: Offer
    exposed: Callable[[Sequence[Item]], Exposed]
    warnings: tuple[QuestionWarning, ...] = ()
    date: UnconfirmedDate | None = None

    @property
    def preticked(self) -> tuple[str, ...]:
        """The keys of what is ticked before the owner ticks anything."""
        return self.offer.chosen if levels.of(self.question.asked).preticked else ()

    @property
    def teaches(self) -> bool:
        """Whether the profile can learn from what is ticked: each tick is then a liking of something."""
        level = levels.of(self.question.asked)
        return level.sends_candidates and not level.ordered


@dataclass(frozen=True, slots=True)
class Decision:
    """The owner's decision: the keys of the items that may leave, in their order.

    `keep`: whether the owner wants the profile to learn from what was ticked and unticked.
    """

    accepted: bool
    ticked: tuple[str, ...] = ()
    keep: bool = False


Consent = Callable[[Proposal], Decision]
"""Show a proposal to the owner and return the decision. Raises ConsentNeeded where nobody can be asked."""
