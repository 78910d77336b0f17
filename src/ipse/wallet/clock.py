"""The time of this machine where no other is given, and what one verification may use of it."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ipse.credentials.budget import MEMORY, SECONDS, Budget
from ipse.errors import UsageError

__all__ = ["new_budget", "time_or_now"]

_STATM: Final = Path("/proc/self/statm")
_BETWEEN: Final = 0.01
"""Seconds between two measurements of memory."""


def time_or_now(given: datetime | None) -> datetime:
    """The time that was given, or the present in UTC. Raises UsageError for a time without a zone."""
    if given is None:
        return datetime.now(UTC)
    if given.tzinfo is None:
        raise UsageError(f"the time {given} has no zone", hint="give it one, like datetime.now(UTC)")
    return given


def new_budget(*, seconds: float = SECONDS, memory: int = MEMORY) -> Budget:
    """A budget that begins now: seconds of time, bytes by which this process may grow.

    The growth is measured on Linux alone, after 10 ms and then every 10 ms at most. Whatever else the process
    does meanwhile counts too, which can end a verification without a verdict and never gives one.
    """
    begun = measured = time.monotonic()
    most, left = 0, memory

    def memory_left() -> int:
        nonlocal measured, most, left
        if (now := time.monotonic()) - measured > _BETWEEN:
            resident = _resident()
            most = most or resident + memory
            measured, left = now, most - resident
        return left

    return Budget(seconds_left=lambda: begun + seconds - time.monotonic(), memory_left=memory_left)


def _resident() -> int:
    """Bytes of memory of this process; 0 where the system does not tell."""
    try:
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return 0
