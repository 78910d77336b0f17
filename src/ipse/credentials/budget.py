"""The budget of a verification: what it may use in all, whatever is nested in what is verified.

Each step has bounds of its own. A budget bounds their sum: it is made once, at the start, and shared by the
credentials in a presentation, the proofs of a set, status lists and their own verification, schemas, DID
documents and child processes. What is used up stays used up, so that a step which swallows the error ends
the verification all the same, with the next question.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import Final

from ipse.errors import TooMuchWork

__all__ = [
    "CHILD_MEMORY",
    "MAX_FETCHED",
    "MAX_FETCHES",
    "MEMORY",
    "SECONDS",
    "UNBOUNDED",
    "Budget",
    "confine",
]

SECONDS: Final = 6.0
"""Seconds for one verification."""
MEMORY: Final = 256 * 1024 * 1024
"""Bytes by which the process may grow meanwhile."""
CHILD_MEMORY: Final = 192 * 1024 * 1024
"""Bytes that a child process may have beside its code."""
MAX_FETCHES: Final = 64
"""URLs that are fetched for one verification."""
MAX_FETCHED: Final = 16 * 1024 * 1024
"""Bytes that are fetched for one verification."""

_HINT: Final = (
    "do not rely on it; nothing made in good faith needs that much. Of a large presentation, verify the "
    "credentials one by one"
)


class Budget:
    """What is left for one verification. `seconds_left` and `memory_left` are asked, the rest is counted.

    By default time and memory have no end: who has a clock hands it in.
    """

    def __init__(
        self,
        *,
        seconds_left: Callable[[], float] = lambda: math.inf,
        memory_left: Callable[[], float] = lambda: math.inf,
        fetches: float = MAX_FETCHES,
        fetched: float = MAX_FETCHED,
    ) -> None:
        self._seconds_left = seconds_left
        self._memory_left = memory_left
        self._fetches = fetches
        self._fetched = fetched
        self._end: tuple[str, str] | None = None

    def check(self) -> None:
        """Raise TooMuchWork where something is used up, or was before."""
        if self._end is None and self._seconds_left() <= 0:
            self._end = "time-used-up", "the time"
        if self._end is None and self._memory_left() <= 0:
            self._end = "memory-used-up", "the memory"
        self._refuse()

    def seconds(self, most: float) -> float:
        """The seconds that a step may take: `most`, or what is left. Raises TooMuchWork."""
        self.check()
        return min(most, self._seconds_left())

    def begin_fetch(self, most: float) -> float:
        """Count a fetch: the seconds that it may take, `most` at most. Raises TooMuchWork.

        It gets half of the time that is left, so that a server which never answers leaves time to say so.
        """
        self.check()
        if self._fetches < 1:
            self._end = "fetches-used-up", "the number of fetches"
        self._refuse()
        self._fetches -= 1
        return min(most, self._seconds_left() / 2)

    def count_fetched(self, length: int) -> None:
        """Count bytes that a fetch brought. Raises TooMuchWork."""
        self._fetched -= length
        if self._fetched < 0 and self._end is None:
            self._end = "fetched-bytes-used-up", "the bytes to be fetched"
        self._refuse()

    def _refuse(self) -> None:
        if self._end is not None:
            code, what = self._end
            raise TooMuchWork(
                f"verifying it takes too much: {what} for one verification is used up", hint=_HINT, code=code
            )


UNBOUNDED: Final = Budget(fetches=math.inf, fetched=math.inf)
"""No bound on the whole: for what the owner makes, and signs."""


def confine(memory: int, seconds: int) -> None:
    """Bound this very process, a child: bytes of memory, seconds of computing, and no core file.

    The bounds hold also where the parent has died. Systems without such limits (Windows) go without.
    """
    with contextlib.suppress(ImportError):
        import resource

        for limit, most in (
            (resource.RLIMIT_CPU, seconds),
            (resource.RLIMIT_DATA, memory),
            (resource.RLIMIT_CORE, 0),
        ):
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(limit, (most, most))
