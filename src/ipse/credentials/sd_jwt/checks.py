"""The checks of an SD-JWT, in the order they are made, and how they fail.

A check is only made once all checks before it have held, so one failure tells the state of all of them.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ipse.errors import MalformedInput, Undetermined, VerificationFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "CHECKS",
    "Check",
    "CheckOutcome",
    "Outcome",
    "SdJwtInvalid",
    "SdJwtUndetermined",
    "reported_as",
]

Check: TypeAlias = Literal["parse", "type", "proof", "disclosures", "claims", "time", "holder-binding"]
Outcome: TypeAlias = Literal["passed", "failed", "undetermined", "not applicable"]

CHECKS: Final[tuple[Check, ...]] = (
    "parse",
    "type",
    "proof",
    "disclosures",
    "claims",
    "time",
    "holder-binding",
)
"""Stable names, in order.

- `parse`: the serialization, base64url and JSON of the issuer-signed JWT
- `type`: the `typ` header is one that was asked for
- `proof`: the issuer's signature, under the algorithm of the issuer's key
- `disclosures`: RFC 9901 section 7.1, steps 2.e and 3 to 5
- `claims`: registered claims and the rules of SD-JWT VC
- `time`: `exp` and `nbf`
- `holder-binding`: RFC 9901 section 7.3
"""


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What came of one check, in the words of the verification report. `reason` is one lower-case line."""

    name: Check
    outcome: Outcome
    reason: str


class SdJwtInvalid(VerificationFailed):
    """The SD-JWT breaks a rule: `check` names the check, `reason` says in a line what is wrong."""

    code = "sd-jwt-invalid"

    def __init__(self, check: Check, reason: str) -> None:
        super().__init__(f"{check}: {reason}")
        self.check: Check = check
        self.reason = reason

    @property
    def checks(self) -> tuple[CheckOutcome, ...]:
        """All checks in order: those that held, the one that failed, and the rest undetermined."""
        return _outcomes(self.check, "failed", self.reason)


class SdJwtUndetermined(Undetermined):
    """A check could not be made: a key is out of reach or of a type that is not read."""

    code = "sd-jwt-undetermined"

    def __init__(self, check: Check, reason: str, *, hint: str = "") -> None:
        super().__init__(f"{check}: {reason}", hint=hint)
        self.check: Check = check
        self.reason = reason

    @property
    def checks(self) -> tuple[CheckOutcome, ...]:
        """All checks in order: those that held, the one left open, and the rest undetermined."""
        return _outcomes(self.check, "undetermined", self.reason)


@contextmanager
def reported_as(check: Check) -> Iterator[None]:
    """Whatever is found malformed, invalid or undetermined inside counts against `check`.

    Other errors (I/O, a missing feature) are no verdict and pass through.
    """
    try:
        yield
    except (SdJwtInvalid, SdJwtUndetermined):
        raise
    except (MalformedInput, VerificationFailed) as error:
        raise SdJwtInvalid(check, error.message) from error
    except Undetermined as error:
        raise SdJwtUndetermined(check, error.message, hint=error.hint) from error


def _outcomes(stopped_at: Check, outcome: Outcome, reason: str) -> tuple[CheckOutcome, ...]:
    position = CHECKS.index(stopped_at)
    not_reached = f"not reached, because of {stopped_at}"
    return (
        *(CheckOutcome(name, "passed", "") for name in CHECKS[:position]),
        CheckOutcome(stopped_at, outcome, reason),
        *(CheckOutcome(name, "undetermined", not_reached) for name in CHECKS[position + 1 :]),
    )
