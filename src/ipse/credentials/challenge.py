"""The challenge that a verifier gives a holder: whom the answer is for, and a nonce used once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ipse.errors import UsageError

__all__ = ["NO_CHALLENGE", "Challenge", "NoChallenge"]


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a verifier asked the holder to sign: its own name, a nonce used once, and for how long.

    `max_age` is in seconds. Raises UsageError for an empty audience or nonce.
    """

    audience: str
    nonce: str
    max_age: float = 300

    def __post_init__(self) -> None:
        if not (self.audience and self.nonce):
            raise UsageError(
                "a challenge needs an audience and a nonce, neither of them empty",
                hint="give both --audience and --nonce",
            )


@dataclass(frozen=True, slots=True)
class NoChallenge:
    """The verifier asked the holder for no proof of possession."""


NO_CHALLENGE: Final = NoChallenge()
