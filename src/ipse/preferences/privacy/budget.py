"""How much answers may tell in all: epsilons that add up, in thousandths.

Answers drawn with epsilon 1 and 2 tell together no more than one with epsilon 3 (sequential composition:
C. Dwork and A. Roth, The Algorithmic Foundations of Differential Privacy, 2014, section 3.5.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

__all__ = ["VOTERS", "WINDOW", "Budgets"]

WINDOW: Final = timedelta(days=30)
VOTERS: Final = 50
"""About how many statements have a part in one answer."""


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

    def allows(self, cost: int, by_application: int, by_all: int) -> bool:
        """Whether one more answer may be paid for."""
        return cost <= self.left(by_application, by_all)[0]
