"""Why an answer says nothing, as a code for programs and a sentence for the owner.

The application is told neither: an answer that says nothing looks the same to it, whatever the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = [
    "ALIKE",
    "APPLICATIONS_TOLD",
    "DATE_UNCONFIRMED",
    "GRANT_ENDED",
    "LIMIT_REACHED",
    "NOTHING_SAID",
    "NOTHING_TICKED",
    "NO_TOPIC_LIKED",
    "PROFILE_CHANGED",
    "REFUSED",
    "TOO_LITTLE_SAID",
    "TOPICS_CLOSED",
    "Reason",
    "ReasonCode",
    "cap_reached",
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
    ALIKE = "alike"
    APPLICATIONS_TOLD = "applications-told"
    LIMIT_REACHED = "limit-reached"
    CAP_REACHED = "cap-reached"
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
ALIKE: Final = Reason(ReasonCode.ALIKE, "topics don't tell these candidates apart")
"""Decided by the candidates alone."""
APPLICATIONS_TOLD: Final = Reason(
    ReasonCode.APPLICATIONS_TOLD, "two other applications are told from your private summaries until the next"
)
LIMIT_REACHED: Final = Reason(ReasonCode.LIMIT_REACHED, "your limits allow no private summary")
GRANT_ENDED: Final = Reason(ReasonCode.GRANT_ENDED, "the grant was ended meanwhile")
DATE_UNCONFIRMED: Final = Reason(
    ReasonCode.DATE_UNCONFIRMED, "a grant allows no more until you have confirmed the date"
)
"""It would by the clock, which is not believed without the owner any more."""
PROFILE_CHANGED: Final = Reason(ReasonCode.PROFILE_CHANGED, "your profile was changed meanwhile")


def cap_reached(cap: int) -> Reason:
    """An exact answer more would count more than the `cap` in bits."""
    return Reason(ReasonCode.CAP_REACHED, f"the grant is for {cap} bits in all, and this answer is beyond it")


def grant_used_up(allowed: str) -> Reason:
    """The grant allows no more for now than what it `allowed`, in words."""
    return Reason(ReasonCode.GRANT_USED_UP, f"the grant allows {allowed}")
