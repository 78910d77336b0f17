"""Why an answer says nothing, as a code for programs and a sentence for the owner.

The application is told neither: an answer that says nothing looks the same to it, whatever the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = [
    "BUDGET_TAKEN",
    "DATE_UNCONFIRMED",
    "GRANT_ENDED",
    "NOTHING_BEFORE",
    "NOTHING_SAID",
    "NOTHING_TICKED",
    "NO_TOPIC_LIKED",
    "PROFILE_CHANGED",
    "REFUSED",
    "TOO_LITTLE_SAID",
    "TOPICS_CLOSED",
    "Reason",
    "ReasonCode",
    "budget_spent",
    "grant_used_up",
]


class ReasonCode(StrEnum):
    """What kept an answer from saying anything."""

    REFUSED = "refused"
    NOTHING_TICKED = "nothing-ticked"
    TOPICS_CLOSED = "topics-closed"
    NO_TOPIC_LIKED = "no-topic-liked"
    TOO_LITTLE_SAID = "too-little-said"
    NOTHING_SAID = "nothing-said"
    NOTHING_BEFORE = "nothing-before"
    BUDGET_SPENT = "budget-spent"
    GRANT_USED_UP = "grant-used-up"
    GRANT_ENDED = "grant-ended"
    PROFILE_CHANGED = "profile-changed"
    DATE_UNCONFIRMED = "date-unconfirmed"


@dataclass(frozen=True, slots=True)
class Reason:
    """A code, and a sentence without a full stop."""

    code: ReasonCode
    text: str


REFUSED: Final = Reason(ReasonCode.REFUSED, "you said no")
NOTHING_TICKED: Final = Reason(ReasonCode.NOTHING_TICKED, "you ticked nothing of it")
TOPICS_CLOSED: Final = Reason(ReasonCode.TOPICS_CLOSED, "what is asked is about topics that you have closed")
NO_TOPIC_LIKED: Final = Reason(ReasonCode.NO_TOPIC_LIKED, "none of these topics is known to be yours")
TOO_LITTLE_SAID: Final = Reason(
    ReasonCode.TOO_LITTLE_SAID, "too little was said about any of these topics to tell"
)
NOTHING_SAID: Final = Reason(ReasonCode.NOTHING_SAID, "nothing that you have said is about this")
NOTHING_BEFORE: Final = Reason(ReasonCode.NOTHING_BEFORE, "the same question was told nothing before")
BUDGET_TAKEN: Final = Reason(ReasonCode.BUDGET_SPENT, "the budget has no room for it")
"""Another answer was charged while this one was worked out."""
GRANT_ENDED: Final = Reason(ReasonCode.GRANT_ENDED, "the grant was ended meanwhile")
DATE_UNCONFIRMED: Final = Reason(
    ReasonCode.DATE_UNCONFIRMED, "nothing comes back to budgets until you have confirmed the date"
)
"""What was spent would be back by the clock, which is not believed without the owner any more."""
PROFILE_CHANGED: Final = Reason(ReasonCode.PROFILE_CHANGED, "your profile was changed meanwhile")


def budget_spent(returns: str | None) -> Reason:
    """The budget has no room; `returns` is when it has again (RFC 3339), None if never."""
    again = f" until {returns[:10]}" if returns else ""
    return Reason(ReasonCode.BUDGET_SPENT, f"the budget is spent{again}")


def grant_used_up(allowed: str) -> Reason:
    """The grant allows no more for now than what it `allowed`, in words."""
    return Reason(ReasonCode.GRANT_USED_UP, f"the grant allows {allowed}")
