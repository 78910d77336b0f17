"""Standing consent: what the terms of a grant cover, and when they are used up."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.disclosure import levels
from ipse.disclosure.questions import Question
from ipse.disclosure.reasons import Reason, grant_used_up
from ipse.errors import UsageError

__all__ = ["GrantTerms"]


@dataclass(frozen=True, slots=True)
class GrantTerms:
    """What a grant lets its party ask without the owner.

    `topics` are ids: at the levels topics and bands those that it may ask about, at the level choose those
    whose statements vote; none for all. `per_day` answers, and `epsilon` (thousandths, in 30 days), are the
    most it gets; None for no bound of its own. With `unsigned` it holds for requests without a signature too.
    """

    level: str
    topics: tuple[str, ...] = ()
    per_day: int | None = None
    epsilon: int | None = None
    unsigned: bool = False

    def check(self) -> None:
        """Raise UsageError for terms that can't be granted."""
        level = levels.named(self.level)
        if not level.grantable:
            *others, last = levels.grantable()
            raise UsageError(
                f"{level.told} are ticked one by one and can't be granted beforehand",
                hint=f"--level takes {', '.join(others)} or {last}",
            )
        if level.grant_names_topics and not self.topics:
            raise UsageError(
                f"a grant of {level.told} names them one by one", hint="--topics jazz-and-blues,hiking"
            )

    def covers(self, question: Question) -> bool:
        """Whether a question of the grant's party is of this level, and signed where it has to be."""
        signed = question.authorization.signed or self.unsigned
        return signed and self.level == question.level and levels.named(self.level).grantable

    def used_up(self, *, today: int, spent: int, epsilon: int) -> Reason | None:
        """Why it allows no answer of `epsilon` for now, None where it does.

        `today` answers left under it within a day, and `spent` (thousandths) within 30 days.
        """
        if self.per_day is not None and today >= self.per_day:
            answers = "1 answer" if self.per_day == 1 else f"{self.per_day} answers"
            return grant_used_up(f"{answers} a day")
        if self.epsilon is not None and spent + epsilon > self.epsilon:
            return grant_used_up(f"an epsilon of {self.epsilon / 1000:g} in 30 days")
        return None
