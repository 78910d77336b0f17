"""Privacy budgets: limits on the epsilons of all answers in 30 days, in thousandths.

Epsilons add up: answers drawn with epsilon 1 and 2 tell together no more than one with epsilon 3 (sequential
composition: C. Dwork and A. Roth, The Algorithmic Foundations of Differential Privacy, 2014, section 3.5.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ipse.disclosure import levels
from ipse.encoding.timestamps import format_timestamp, parse_timestamp
from ipse.errors import UsageError

__all__ = ["LEAST", "WINDOW", "Budgets", "Charge", "Cost", "cost_of_answer", "since"]

WINDOW: Final = timedelta(days=30)
_MOST: Final = 100_000
_PRICES: Final = (100, 250, 500, 1000, 2000)
"""Few, so that the price in an answer does not tell whose it is."""


@dataclass(frozen=True, slots=True)
class Budgets:
    """What an answer costs, and what one application and all of them may have within WINDOW."""

    answer: int = 500
    application: int = 1000
    overall: int = 2000

    def left(self, by_application: int, by_all: int) -> tuple[int, int]:
        """What is left for one application and for all, where so much is spent; never below 0."""
        overall = max(self.overall - by_all, 0)
        return min(max(self.application - by_application, 0), overall), overall

    def left_after(self, charges: Sequence[Charge], party: str | None) -> tuple[int, int]:
        """What is left for a party (one that has had nothing, where None) and for all after `charges`."""
        mine = sum(charge.epsilon for charge in charges if charge.party == party)
        return self.left(mine, sum(charge.epsilon for charge in charges))

    def price(self, level: str) -> int:
        """What an answer at the level of this name costs: nothing where answers are told as they are."""
        return self.answer if levels.named(level).drawn else 0

    def changed(
        self, *, answer: int | None = None, application: int | None = None, overall: int | None = None
    ) -> Budgets:
        """These budgets with others in the place of those given. Raises UsageError for what cannot be."""
        wanted = (("answer", answer), ("application", application), ("overall", overall))
        given = {name: value for name, value in wanted if value is not None}
        new = replace(self, **given)
        if not all(0 <= value <= _MOST for value in given.values()):
            raise UsageError(f"a budget is from 0 to {_MOST // 1000}")
        if new.answer not in _PRICES:
            prices = ", ".join(f"{price / 1000:g}" for price in _PRICES)
            raise UsageError(
                f"an answer can't cost {new.answer / 1000:g}",
                hint=f"--answer takes {prices}: a price of your own would tell who you are",
            )
        if new.application > new.overall:
            raise UsageError(
                f"one application's budget ({new.application / 1000:g}) is above that of all"
                f" ({new.overall / 1000:g})",
                hint="raise --overall as well, or lower --application",
            )
        return new


LEAST: Final = Budgets(_PRICES[0], 0, 0)
"""Budgets of which nothing is left, whatever was spent."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What an answer to a party took from the budgets, and when (RFC 3339 UTC)."""

    party: str
    epsilon: int
    time: str


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

    def waived(self) -> Cost:
        """The cost of this answer where it turns out to take nothing from the budgets."""
        reserved = 0 if self.spent else self.epsilon
        return replace(
            self,
            epsilon=0,
            application_left=self.application_left + reserved,
            overall_left=self.overall_left + reserved,
        )


def since(moment: datetime) -> str:
    """When the window that ends at `moment` begins, RFC 3339 UTC."""
    return format_timestamp(moment - WINDOW)


def cost_of_answer(
    budgets: Budgets, charges: Sequence[Charge], party: str, epsilon: int, *, repeated: str | None = None
) -> Cost:
    """What an answer of `epsilon` to a party would cost and leave.

    `charges` are those of the window, the oldest first. `repeated` is the time of the answer that it repeats
    for free.
    """
    application, overall = budgets.left_after(charges, party)
    if repeated is not None:
        return Cost(0, application, overall, repeated=repeated)
    if epsilon > application:
        returns = _room_again(budgets, charges, party, epsilon)
        return Cost(epsilon, application, overall, spent=True, returns=returns)
    return Cost(epsilon, application - epsilon, overall - epsilon)


def _room_again(budgets: Budgets, charges: Sequence[Charge], party: str, epsilon: int) -> str | None:
    """When enough of what was spent is out of the window; None where the budget never has so much."""
    if epsilon > min(budgets.application, budgets.overall):
        return None
    for gone, charge in enumerate(charges, 1):
        if epsilon <= budgets.left_after(charges[gone:], party)[0]:
            return _once_out(charge.time)
    return None


def _once_out(time: str) -> str | None:
    """When `time` is out of the window; None where that is beyond the last year that can be written."""
    try:
        return format_timestamp(parse_timestamp(time) + WINDOW + timedelta(seconds=1))
    except OverflowError:
        return None
