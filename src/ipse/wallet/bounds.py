"""The budget of one verification, measured on this machine, and what is fetched within it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from ipse.credentials.budget import MEMORY, SECONDS, Budget
from ipse.errors import Undetermined
from ipse.wallet.resolution import Reach

__all__ = ["Fetches", "new_budget"]

_STATM: Final = Path("/proc/self/statm")


def new_budget(*, seconds: float = SECONDS, memory: int = MEMORY) -> Budget:
    """A budget that begins now: seconds of time, bytes by which this process may grow.

    The growth is measured on Linux alone. Whatever else the process does meanwhile counts too, which can end
    a verification without a verdict and never gives one.
    """
    end, most = time.monotonic() + seconds, _resident() + memory
    return Budget(seconds_left=lambda: end - time.monotonic(), memory_left=lambda: most - _resident())


def _resident() -> int:
    """Bytes of memory of this process; 0 where the system does not tell."""
    try:
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return 0


class Fetches:
    """What one verification fetches: each URL once, whatever comes of it, and within its budget."""

    def __init__(self, reach: Reach, budget: Budget) -> None:
        self._reach = reach
        self._budget = budget
        self._found: dict[str, bytes | Undetermined] = {}

    def fetch(self, url: str) -> bytes:
        """What `url` serves. Raises what the guarded client raises, and TooMuchWork."""
        if url not in self._found:
            self._found[url] = self._fetched(url)
        found = self._found[url]
        if isinstance(found, Undetermined):
            raise found
        return found

    def _fetched(self, url: str) -> bytes | Undetermined:
        from ipse.network.errors import TooLarge
        from ipse.network.guarded_client import DEADLINE, LIMIT

        seconds = self._budget.begin_fetch(DEADLINE)
        try:
            body = self._reach.fetch(url, deadline=seconds)
        except Undetermined as error:
            self._budget.end_fetch(LIMIT if isinstance(error, TooLarge) else 0)
            return error
        self._budget.end_fetch(len(body))
        return body
