"""Exactly what the owner would say: what `profile rank` picks, and what the owner makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ipse.disclosure import levels, reasons
from ipse.disclosure.exposure import Told
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.offers import Item, Offer, Profile

if TYPE_CHECKING:
    from ipse.preferences.vectors import Floats

__all__ = ["chosen", "heard", "ticked"]


def chosen(asked: Asked, offer: Offer, cap: int | None, told: float) -> Offer:
    """What leaves under a grant of exact answers: what is chosen, if it fits into what the cap leaves.

    `told` are the bits of all that was told under it.
    """
    items = offer.picked(offer.chosen)
    if cap is not None and told + levels.of(asked).bits(asked, items) > cap:
        return Offer.nothing(reasons.cap_reached(cap))
    return Offer(items, offer.chosen, offer.reason)


def ticked(offer: Offer, keys: Sequence[str]) -> Offer:
    """What the owner ticked, in that order."""
    items = offer.picked(keys)
    reason = None if items else offer.reason or reasons.NOTHING_TICKED
    return Offer(items, tuple(item.key for item in items), reason)


def heard(
    asked: Asked, offer: Offer, items: Sequence[Item], profile: Profile, subjects: Floats
) -> Told | None:
    """What the meter keeps of an exact answer with these items of the `offer`; None if it tells nothing."""
    level = levels.of(asked)
    keys = tuple(item.key for item in items)
    same = keys == offer.chosen if level.ordered else set(keys) == set(offer.chosen)
    return level.heard(asked, items, profile, subjects, edited=level.preticked and not same)
