"""The verification report: every check by name, what came of it, why, and the value that decided it.

A report is written by a `Ledger`, which knows beforehand which checks there must be. A check that nobody
answered is undetermined, so leaving one out can never make a report pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeVar

from ipse.encoding.strict_json import JsonObject
from ipse.errors import DataError, IpseError, MalformedInput, TooMuchWork, Undetermined, VerificationFailed

__all__ = ["Check", "Ledger", "NotApplicable", "Outcome", "Rejected", "Report"]

_Value = TypeVar("_Value")
_NOT_REACHED: Final = "not reached, because of"


class Outcome(StrEnum):
    """What came of a check, or of all of them."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Check:
    """One named check. `value` is what decided it, as text, or empty."""

    name: str
    outcome: Outcome
    reason: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All checks in the order they are taken.

    `parts` are the reports on the credentials in a presentation, in its order. `warnings` are things that
    no rule forbids and that a careful reader wants to know.
    """

    checks: tuple[Check, ...]
    parts: tuple[Report, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """Failed if any check failed, else undetermined if any is, else passed; parts count like checks."""
        outcomes = {check.outcome for check in self.checks} | {part.outcome for part in self.parts}
        if Outcome.FAILED in outcomes:
            return Outcome.FAILED
        if Outcome.UNDETERMINED in outcomes or Outcome.PASSED not in outcomes:
            return Outcome.UNDETERMINED
        return Outcome.PASSED

    @property
    def decisive(self) -> Check:
        """The check that decided the outcome: the first that failed, or that is undetermined, or the last.

        Of undetermined ones, one that was taken goes before those that were not reached.
        """
        every = list(self._every_check())
        failed = [check for check in every if check.outcome is Outcome.FAILED]
        unknown = [check for check in every if check.outcome is Outcome.UNDETERMINED]
        taken = [check for check in unknown if not check.reason.startswith(_NOT_REACHED)]
        return next(iter([*failed, *taken, *unknown]), self.checks[-1])

    def with_parts(self, parts: tuple[Report, ...]) -> Report:
        """This report, with one on each credential of a presentation."""
        return replace(self, parts=parts)

    def with_warnings(self, warnings: Sequence[str]) -> Report:
        """This report, with `warnings` added."""
        return replace(self, warnings=(*self.warnings, *warnings))

    def raise_unless_passed(self, subject: str) -> None:
        """Raise unless all is well: VerificationFailed or Undetermined, naming `subject` and the checks.

        MalformedInput where it could not even be read.
        """
        if self.outcome is Outcome.PASSED:
            return
        names = ", ".join(check.name for check in self._every_check() if check.outcome is self.outcome)
        if self.decisive.name == "parse" and self.outcome is Outcome.FAILED:
            raise MalformedInput(f"{subject}: {self.decisive.reason}")
        message = f"{subject}: {self.decisive.name}: {self.decisive.reason}"
        if self.outcome is Outcome.FAILED:
            raise VerificationFailed(message, hint=f"failed: {names}; do not rely on it")
        raise Undetermined(message, hint=f"could not be determined: {names}")

    def to_json(self) -> JsonObject:
        """`outcome` and `checks`, each with name, outcome, reason and value.

        Beside them `credentials`, the same for each part of a presentation, and `warnings`, where there are.
        """
        whole: JsonObject = {
            "outcome": str(self.outcome),
            "checks": [
                {
                    "name": check.name,
                    "outcome": str(check.outcome),
                    "reason": check.reason,
                    "value": check.value,
                }
                for check in self.checks
            ],
        }
        if self.parts:
            whole["credentials"] = [part.to_json() for part in self.parts]
        if self.warnings:
            whole["warnings"] = list(self.warnings)
        return whole

    def _every_check(self) -> Iterator[Check]:
        yield from self.checks
        for part in self.parts:
            yield from part._every_check()  # noqa: SLF001 - a report of the same class


class Rejected(Exception):
    """Raised inside a check: it failed, for this reason, because of this value."""

    def __init__(self, reason: str, value: object = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.value = str(value)


class NotApplicable(Exception):
    """Raised inside a check: there is nothing to check."""


class Ledger:
    """Takes checks in order; after the first in the chain that does not pass, none is taken any more."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._checks: dict[str, Check] = {}

    @property
    def stopped(self) -> bool:
        """Whether a check that others build on did not pass."""
        return any(check.outcome in (Outcome.FAILED, Outcome.UNDETERMINED) for check in self._checks.values())

    def take(self, name: str, step: Callable[[], tuple[_Value, str, object]]) -> _Value | None:
        """Run a check whose result later checks need: (result, reason, value that decided it).

        None where it did not pass or an earlier one did not.
        """
        if self.stopped:
            return None
        return self._record(name, step)

    def judge(self, name: str, step: Callable[[], tuple[str, object]]) -> None:
        """Run a check that stands for itself: (reason, value that decided it)."""

        def with_result() -> tuple[None, str, object]:
            reason, value = step()
            return None, reason, value

        self._record(name, with_result)

    def adopt(self, checks: Sequence[Check]) -> None:
        """Enter checks that another module took; what it did not reach stays open."""
        for check in checks:
            if check.name not in self._names or check.name in self._checks:
                raise ValueError(f"{check.name!r} is not a check of this report, or was taken twice")
            self._checks[check.name] = check

    def report(self) -> Report:
        """Every check that there must be, in order; those not taken are undetermined."""
        stopped_at = next(
            (
                check.name
                for check in self._checks.values()
                if check.outcome in (Outcome.FAILED, Outcome.UNDETERMINED)
            ),
            "an earlier check",
        )
        return Report(
            tuple(
                self._checks.get(name) or Check(name, Outcome.UNDETERMINED, f"{_NOT_REACHED} {stopped_at}")
                for name in self._names
            )
        )

    def _record(self, name: str, step: Callable[[], tuple[_Value, str, object]]) -> _Value | None:
        if name not in self._names or name in self._checks:
            raise ValueError(f"{name!r} is not a check of this report, or was taken twice")
        result: _Value | None = None
        try:
            result, reason, value = step()
            check = Check(name, Outcome.PASSED, reason, str(value))
        except Rejected as rejection:
            check = Check(name, Outcome.FAILED, rejection.reason, rejection.value)
        except NotApplicable as nothing:
            check = Check(name, Outcome.NOT_APPLICABLE, str(nothing))
        except TooMuchWork:
            raise
        except (VerificationFailed, DataError) as error:
            check = Check(name, Outcome.FAILED, error.message)
        except Undetermined as error:
            check = Check(name, Outcome.UNDETERMINED, error.message)
        except IpseError as error:
            check = Check(name, Outcome.UNDETERMINED, f"{error.code}: {error.message}")
        self._checks[name] = check
        return result
