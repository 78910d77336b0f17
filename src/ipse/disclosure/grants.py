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

    `topics` are ids: at the levels topics and bands those that it may ask about, at the others those whose
    opinions count; none for all. `per_day` is the most answers in a day, None for no bound. With `unsigned`
    it holds for requests without a signature too. With `exact` it is told what the owner would say, until
    that counts `cap` bits in all; else it is told from the private summary.
    """

    level: str
    topics: tuple[str, ...] = ()
    per_day: int | None = None
    unsigned: bool = False
    exact: bool = False
    cap: int | None = None

    def check(self) -> None:
        """Raise UsageError for terms that can't be granted."""
        level = levels.named(self.level)
        if not level.grantable:
            *others, last = levels.grantable()
            raise UsageError(
                f"{level.told} are ticked one by one and can't be granted beforehand",
                hint=f"--level takes {', '.join(others)} or {last}",
            )
        if not level.private and not self.exact:
            raise UsageError(
                f"a private summary has no {level.told}", hint="--exact tells them as they are, up to --cap"
            )
        if self.exact != (self.cap is not None):
            raise UsageError("a cap is what bounds exact answers", hint="give --exact, with or without --cap")
        if level.grant_names_topics and not self.topics:
            raise UsageError(
                f"a grant of {level.told} names them one by one", hint="--topics jazz-and-blues,hiking"
            )

    def covers(self, question: Question) -> bool:
        """Whether a question of the grant's party is of this level, and signed where it has to be.

        A level has to allow the grant: one of answers that it does not have covers nothing.
        """
        signed = question.authorization.signed or self.unsigned
        if not signed or self.level != question.level:
            return False
        level = levels.named(self.level)
        return level.grantable and (self.exact or level.private)

    def used_up(self, today: int) -> Reason | None:
        """Why it allows no answer for now, None where it does; `today` answers left within a day."""
        if self.per_day is not None and today >= self.per_day:
            answers = "1 answer" if self.per_day == 1 else f"{self.per_day} answers"
            return grant_used_up(f"{answers} a day")
        return None
