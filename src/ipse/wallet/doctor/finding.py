"""One thing that was looked at, and what was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ipse.encoding.strict_json import JsonObject
from ipse.errors import IpseError, KeystoreLocked, PassphraseNeeded

__all__ = ["Finding", "Outcome", "looked_at"]


class Outcome(StrEnum):
    """`unknown` is what could not be looked at, most often as the wallet is locked."""

    OK = "ok"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """What `check` came to. `remedy` is the next step of a problem; `fixed` is a problem that is gone."""

    check: str
    outcome: Outcome
    message: str
    remedy: str = ""
    fixed: bool = False

    @classmethod
    def ok(cls, check: str, message: str, *, fixed: bool = False) -> Finding:
        """All is well."""
        return cls(check, Outcome.OK, message, fixed=fixed)

    @classmethod
    def problem(cls, check: str, message: str, remedy: str) -> Finding:
        """Something is not as it should be."""
        return cls(check, Outcome.PROBLEM, message, remedy)

    @classmethod
    def of(cls, check: str, error: IpseError) -> Finding:
        """What an error says; a locked keystore leaves it unknown."""
        locked = isinstance(error, (KeystoreLocked, PassphraseNeeded))
        return cls(check, Outcome.UNKNOWN if locked else Outcome.PROBLEM, error.message, error.hint)

    def to_json(self) -> JsonObject:
        """The finding as an object with all members."""
        return {
            "check": self.check,
            "outcome": str(self.outcome),
            "message": self.message,
            "remedy": self.remedy or None,
            "fixed": self.fixed,
        }


def looked_at(check: str, look: Callable[[], Finding]) -> Finding:
    """What `look` finds; an error of ipse is a finding as well."""
    try:
        return look()
    except IpseError as error:
        return Finding.of(check, error)
