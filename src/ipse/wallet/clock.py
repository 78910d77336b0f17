"""The time of this machine, for callers who give none."""

from __future__ import annotations

from datetime import UTC, datetime

from ipse.errors import UsageError

__all__ = ["time_or_now"]


def time_or_now(given: datetime | None) -> datetime:
    """The time that was given, or the present in UTC. Raises UsageError for a time without a zone."""
    if given is None:
        return datetime.now(UTC)
    if given.tzinfo is None:
        raise UsageError(f"the time {given} has no zone", hint="give it one, like datetime.now(UTC)")
    return given
