"""The verification report: every check by name, what came of it, why, and the value that decided it.

A report is written by a `Ledger`, which knows beforehand which checks there must be. A check that nobody
answered is undetermined, so leaving one out can never make a report pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from ipse.encoding.strict_json import JsonObject
from ipse.errors import DataError, IpseError, Undetermined, VerificationFailed

__all__ = ["Check", "Ledger", "NotApplicable", "Outcome", "Rejected", "Report"]

_Value = TypeVar("_Value")


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
    """All checks in the order they are taken."""

    checks: tuple[Check, ...]

    @property
    def outcome(self) -> Outcome:
        """Failed if any check failed, else undetermined if any is, else passed."""
        outcomes = {check.outcome for check in self.checks}
        if Outcome.FAILED in outcomes:
            return Outcome.FAILED
        if Outcome.UNDETERMINED in outcomes or Outcome.PASSED not in outcomes:
            return Outcome.UNDETERMINED
        return Outcome.PASSED

    @property
    def decisive(self) -> Check:
        """The check that decided the outcome: the first that failed, or that is undetermined, or the last."""
        for outcome in (Outcome.FAILED, Outcome.UNDETERMINED):
            for check in self.checks:
                if check.outcome is outcome:
                    return check
        return self.checks[-1]

    def raise_unless_passed(self, subject: str) -> None:
        """Raise VerificationFailed or Undetermined, naming `subject` and the checks, unless all is well."""
        if self.outcome is Outcome.PASSED:
            return
        names = ", ".join(check.name for check in self.checks if check.outcome is self.outcome)
        message = f"{subject}: {self.decisive.name}: {self.decisive.reason}"
        if self.outcome is Outcome.FAILED:
            raise VerificationFailed(message, hint=f"failed: {names}; do not rely on it")
        raise Undetermined(message, hint=f"could not be determined: {names}")

    def to_json(self) -> JsonObject:
        """`outcome` and `checks`, each with name, outcome, reason and value."""
        return {
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
                self._checks.get(name)
                or Check(name, Outcome.UNDETERMINED, f"not reached, because of {stopped_at}")
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
        except (VerificationFailed, DataError) as error:
            check = Check(name, Outcome.FAILED, error.message)
        except Undetermined as error:
            check = Check(name, Outcome.UNDETERMINED, error.message)
        except IpseError as error:
            check = Check(name, Outcome.UNDETERMINED, f"{error.code}: {error.message}")
        self._checks[name] = check
        return result
