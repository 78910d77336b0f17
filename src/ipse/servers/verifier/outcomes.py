"""What becomes of a session: verified, not valid, not to be determined, or refused by the wallet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ipse.credentials.verifier import Verification
from ipse.encoding.strict_json import JsonObject

__all__ = ["Outcome", "State"]


class State(StrEnum):
    """How a session ended."""

    VERIFIED = "verified"
    FAILED = "failed"
    UNDETERMINED = "undetermined"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a session ended, and why.

    - `code`, `reason`: why it is not verified; of a refusal the error code and the words of the wallet, which
      are a stranger's
    - `verifications`: of the presentations for each credential that was asked for, by its id
    - `answer`: what a verified answer about preferences says, None for any other
    """

    state: State
    code: str = ""
    reason: str = ""
    verifications: Mapping[str, Sequence[Verification]] = field(default_factory=dict)
    answer: JsonObject | None = None

    def to_json(self) -> JsonObject:
        """`status`, and where there are such `error`, `credentials` or `reports` by query id, and `answer`.

        Claims are only there where everything was verified.
        """
        told: JsonObject = {"status": self.state.value}
        if self.code:
            told["error"] = {"code": self.code, "message": self.reason}
        if self.state is State.VERIFIED:
            told["credentials"] = {name: _claims(found) for name, found in self.verifications.items()}
        elif self.verifications:
            told["reports"] = {
                name: [each.report.to_json() for each in found] for name, found in self.verifications.items()
            }
        if self.answer is not None:
            told["answer"] = self.answer
        return told


def _claims(found: Sequence[Verification]) -> list[JsonObject]:
    return [each.verified.to_json() for each in found if each.verified is not None]
