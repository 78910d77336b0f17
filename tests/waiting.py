"""Waiting for what another process or thread is about to do, however busy the machine is."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Final

import pytest

__all__ = ["PATIENCE", "be_patient", "eventually", "is_running"]

PATIENCE: Final = 120.0
"""Seconds after which something counts as hung. Nothing here takes long on an idle machine."""


def eventually(holds: Callable[[], object], within: float = PATIENCE) -> bool:
    """Whether `holds` becomes true within so many seconds. It is asked every 20 ms."""
    end = time.monotonic() + within
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def be_patient(patch: pytest.MonkeyPatch) -> None:
    """Let wallets wait as long for what another process holds, which is longer than their owners would."""
    patch.setattr("ipse.storage.vault._BUSY_WAIT", PATIENCE)
    patch.setattr("ipse.storage.files._LOCK_WAIT", PATIENCE)


def is_running(process: int) -> bool:
    """Whether there is such a process, zombies aside."""
    found = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False
    )
    return found.stdout.strip()[:1] not in ("", "Z")
