"""The verification report: every check by name, its outcome, a code, the reason and the deciding value.

A `ReportBuilder` writes the report. It knows beforehand which checks there must be, and a check that was not
made is undetermined, so leaving one out can never make a report pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, NoReturn, TypeVar

from ipse.encoding.strict_json import JsonObject
from ipse.errors import DataError, IpseError, MalformedInput, TooMuchWork, Undetermined, VerificationFailed

__all__ = [
    "CHECKS",
    "NOT_MADE",
    "NOT_REACHED",
    "Check",
    "NotApplicable",
    "Outcome",
    "Rejected",
    "Report",
    "ReportBuilder",
    "Stopped",
    "with_credentials",
]

_Value = TypeVar("_Value")

CHECKS: Final = (
    "parse",
    "data-model",
    "issuer",
    "proof",
    "purpose",
    "time",
    "status",
    "schema",
    "trust",
    "holder-binding",
)
"""The checks of every report, in the order they are made. For a presentation, `issuer` is its holder."""

NOT_REACHED: Final = "not-reached"
"""The code of a check that was not made, because one before it did not pass."""

NOT_MADE: Final = "not-made"
"""The code of a check that was not made, because trust rules the credential out whatever it would find."""


class Outcome(StrEnum):
    """The outcome of a check, or of all of them."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Check:
    """One named check.

    - `code`: stable, for programs; why the check did not pass, empty where it passed
    - `reason`: the same for a reader, one lower-case line
    - `value`: what decided it, as text, or empty
    """

    name: str
    outcome: Outcome
    reason: str
    value: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All checks in the order they are made.

    `credentials` are the reports on the credentials in a presentation, in its order. `warnings` are things
    that no rule forbids and that a careful reader wants to know.
    """

    checks: tuple[Check, ...]
    credentials: tuple[Report, ...] = ()
    warnings: tuple[str, ...] = ()

    def __bool__(self) -> NoReturn:
        """Refuse to be a truth value: a failed report is an object like any other."""
        raise TypeError("a report is not true or false: compare `outcome`, or call `raise_unless_passed`")

    @property
    def outcome(self) -> Outcome:
        """Failed if any check failed, else undetermined if any is, else passed; nested reports count too."""
        outcomes = {check.outcome for check in self.checks}
        outcomes |= {nested.outcome for nested in self.credentials}
        if Outcome.FAILED in outcomes:
            return Outcome.FAILED
        if Outcome.UNDETERMINED in outcomes or Outcome.PASSED not in outcomes:
            return Outcome.UNDETERMINED
        return Outcome.PASSED

    @property
    def decisive(self) -> Check:
        """The check that decided the outcome: the first that failed, or that is undetermined, or the last.

        Of undetermined ones, one that was made goes before those that were not reached.
        """
        every = list(self.every_check())
        failed = [check for check in every if check.outcome is Outcome.FAILED]
        unknown = [check for check in every if check.outcome is Outcome.UNDETERMINED]
        made = [check for check in unknown if check.code not in (NOT_REACHED, NOT_MADE)]
        return next(iter([*failed, *made, *unknown]), self.checks[-1])

    def check(self, name: str) -> Check:
        """The check called `name`. Raises KeyError where the report has none."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(name)

    def every_check(self) -> Iterator[Check]:
        """The checks of this report, then those of the credentials in a presentation."""
        yield from self.checks
        for nested in self.credentials:
            yield from nested.every_check()

    @property
    def is_unreadable(self) -> bool:
        """Whether the input could not even be read."""
        return self.decisive.name == "parse" and self.outcome is Outcome.FAILED

    def raise_unless_passed(self, subject: str) -> None:
        """Raise unless all is well: VerificationFailed or Undetermined, naming `subject` and the checks.

        The error carries this report. MalformedInput where the input could not even be read.
        """
        if self.outcome is Outcome.PASSED:
            return
        names = ", ".join(check.name for check in self.every_check() if check.outcome is self.outcome)
        if self.is_unreadable:
            raise MalformedInput(f"{subject}: {self.decisive.reason}")
        message = f"{subject}: {self.decisive.name}: {self.decisive.reason}"
        if self.outcome is Outcome.FAILED:
            raise VerificationFailed(message, hint=f"failed: {names}; do not rely on it", report=self)
        raise Undetermined(message, hint=f"could not be determined: {names}", report=self)

    def to_json(self) -> JsonObject:
        """`outcome` and `checks`, each with name, outcome, code, reason and value.

        Beside them `credentials`, the same for each credential of a presentation, and `warnings`, where
        there are any.
        """
        whole: JsonObject = {
            "outcome": str(self.outcome),
            "checks": [
                {
                    "name": check.name,
                    "outcome": str(check.outcome),
                    "code": check.code,
                    "reason": check.reason,
                    "value": check.value,
                }
                for check in self.checks
            ],
        }
        if self.credentials:
            whole["credentials"] = [nested.to_json() for nested in self.credentials]
        if self.warnings:
            whole["warnings"] = list(self.warnings)
        return whole


class Rejected(Exception):
    """Raised inside a check: it failed, for this reason, because of this value."""

    def __init__(self, code: str, reason: str, value: object = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.value = str(value)


class NotApplicable(Exception):
    """Raised inside a check: there is nothing to check, for this reason."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Stopped(Exception):
    """Raised by `ReportBuilder.require`: later checks need what this one did not give."""


class ReportBuilder:
    """Makes checks and writes down their outcomes.

    `ask` is called before and after each; what it raises passes through.
    """

    def __init__(self, names: Sequence[str] = CHECKS, *, ask: Callable[[], None] = lambda: None) -> None:
        self._names = tuple(names)
        self._ask = ask
        self._checks: dict[str, Check] = {}

    def require(self, name: str, step: Callable[[], tuple[_Value, str, object]]) -> _Value:
        """Make a check whose result later checks need: (result, reason, value that decided it).

        Raises Stopped where it did not pass.
        """
        result = self._record(name, step)
        if self._checks[name].outcome is not Outcome.PASSED:
            raise Stopped
        assert result is not None
        return result

    def judge(self, name: str, step: Callable[[], tuple[str, object]]) -> None:
        """Make a check that stands for itself: (reason, value that decided it)."""

        def with_result() -> tuple[None, str, object]:
            reason, value = step()
            return None, reason, value

        self._record(name, with_result)

    def rule_out(self, name: str, step: Callable[[], tuple[str, object]]) -> bool:
        """Whether a check fails that is made early, on claims alone. Only its failure is written down."""
        self.judge(name, step)
        if self._checks[name].outcome is Outcome.FAILED:
            return True
        del self._checks[name]
        return False

    def leave_out(self, reason: str) -> None:
        """Write down that the checks which are left are not made, and why."""
        for name in self._names:
            self._checks.setdefault(name, Check(name, Outcome.UNDETERMINED, reason, code=NOT_MADE))

    def adopt(self, checks: Sequence[Check]) -> None:
        """Enter checks that another module made; what it did not reach stays open."""
        for check in checks:
            self._refuse_unknown(check.name)
            self._checks[check.name] = check

    def report(self, warnings: Sequence[str] = ()) -> Report:
        """Every check that there must be, in order; those not made are undetermined."""
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
                or Check(
                    name, Outcome.UNDETERMINED, f"not reached, because of {stopped_at}", code=NOT_REACHED
                )
                for name in self._names
            ),
            warnings=tuple(warnings),
        )

    def _record(self, name: str, step: Callable[[], tuple[_Value, str, object]]) -> _Value | None:
        self._refuse_unknown(name)
        self._ask()
        result: _Value | None = None
        try:
            result, reason, value = step()
            check = Check(name, Outcome.PASSED, reason, str(value))
        except Rejected as rejection:
            check = Check(name, Outcome.FAILED, rejection.reason, rejection.value, rejection.code)
        except NotApplicable as nothing:
            check = Check(name, Outcome.NOT_APPLICABLE, nothing.reason, code=nothing.code)
        except TooMuchWork:
            raise
        except (VerificationFailed, DataError) as error:
            check = Check(name, Outcome.FAILED, error.message, code=error.code)
        except Undetermined as error:
            check = Check(name, Outcome.UNDETERMINED, error.message, code=error.code)
        except IpseError as error:
            check = Check(name, Outcome.UNDETERMINED, f"{error.code}: {error.message}", code=error.code)
        self._ask()
        self._checks[name] = check
        return result

    def _refuse_unknown(self, name: str) -> None:
        if name not in self._names or name in self._checks:
            raise ValueError(f"{name!r} is not a check of this report, or was made twice")


def with_credentials(report: Report, credentials: Sequence[Report]) -> Report:
    """`report` on a presentation, with one on each credential in it."""
    return replace(report, credentials=tuple(credentials))
