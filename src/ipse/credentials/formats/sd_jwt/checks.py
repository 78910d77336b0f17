"""The checks of any SD-JWT, in the order they are made, and the errors that name the one that failed.

A check is only made once all checks before it have held, so one failure tells the state of all of them.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ipse.credentials.report import NOT_REACHED, Check, Outcome
from ipse.errors import MalformedInput, Undetermined, UnusableKey, VerificationFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "CHECKS",
    "CheckName",
    "SdJwtInvalid",
    "SdJwtUndetermined",
    "reported_as",
]

CheckName: TypeAlias = Literal["parse", "data-model", "proof", "time", "holder-binding"]

CHECKS: Final[tuple[CheckName, ...]] = ("parse", "data-model", "proof", "time", "holder-binding")
"""Names of checks of every report, in their order.

- `parse`: the serialization, base64url and JSON of the issuer-signed JWT
- `data-model`: the `typ` header is one that was asked for; registered claims and the rules of SD-JWT VC
- `proof`: the issuer's signature, under the algorithm of the issuer's key; then the disclosures (RFC 9901
  section 7.1, steps 2.d and 3 to 5)
- `time`: `exp` and `nbf`
- `holder-binding`: RFC 9901 section 7.3
"""


class SdJwtInvalid(VerificationFailed):
    """The SD-JWT breaks a rule: `check` names the check, `reason` says in a line what is wrong."""

    code = "sd-jwt-invalid"

    def __init__(self, check: CheckName, reason: str, *, cause: str = "") -> None:
        """`cause` is a code of its own for what is wrong, where it has one."""
        super().__init__(f"{check}: {reason}", code=cause)
        self.check: CheckName = check
        self.reason = reason
        self.cause = cause

    @property
    def checks(self) -> tuple[Check, ...]:
        """All checks in order: those that held, the one that failed, and the rest undetermined."""
        return _outcomes(self.check, Outcome.FAILED, self.reason, self.code)


class SdJwtUndetermined(Undetermined):
    """A check could not be made: a key is out of reach or of a type that is not read."""

    code = "sd-jwt-undetermined"

    def __init__(self, check: CheckName, reason: str, *, hint: str = "", cause: str = "") -> None:
        super().__init__(f"{check}: {reason}", hint=hint, code=cause)
        self.check: CheckName = check
        self.reason = reason
        self.cause = cause

    @property
    def checks(self) -> tuple[Check, ...]:
        """All checks in order: those that held, the one left open, and the rest undetermined."""
        return _outcomes(self.check, Outcome.UNDETERMINED, self.reason, self.code)


@contextmanager
def reported_as(check: CheckName) -> Iterator[None]:
    """Whatever is found malformed, invalid or undetermined inside counts against `check`.

    Other errors (I/O, a missing feature) are no verdict and pass through.
    """
    try:
        yield
    except (SdJwtInvalid, SdJwtUndetermined):
        raise
    except UnusableKey as error:
        raise SdJwtInvalid(check, error.message, cause=error.code) from error
    except (MalformedInput, VerificationFailed) as error:
        raise SdJwtInvalid(check, error.message) from error
    except Undetermined as error:
        cause = "" if error.code == Undetermined.code else error.code
        raise SdJwtUndetermined(check, error.message, hint=error.hint, cause=cause) from error


def _outcomes(stopped_at: CheckName, outcome: Outcome, reason: str, code: str) -> tuple[Check, ...]:
    position = CHECKS.index(stopped_at)
    not_reached = f"not reached, because of {stopped_at}"
    return (
        *(Check(name, Outcome.PASSED, "") for name in CHECKS[:position]),
        Check(stopped_at, outcome, reason, code=code),
        *(
            Check(name, Outcome.UNDETERMINED, not_reached, code=NOT_REACHED)
            for name in CHECKS[position + 1 :]
        ),
    )
