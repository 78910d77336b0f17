"""Keep what is in this process's memory out of core files and away from other programs of the same user.

Every process of ipse calls `harden_process` before it has read a secret: an exec undoes half of it.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Final

__all__ = ["harden_process"]

_PR_SET_DUMPABLE: Final = 4


def harden_process() -> bool:
    """Leave no core file; on Linux, let no other process of the same user trace or read this one either.

    Returns whether all of it is in force. The limit on core files is handed down to children; that this
    process can't be dumped is handed down by a fork and lost at an exec. Takes half a millisecond.
    Source: setrlimit(2), PR_SET_DUMPABLE(2const), core(5).
    """
    if sys.platform == "win32":
        import msvcrt

        msvcrt.SetErrorMode(msvcrt.SEM_FAILCRITICALERRORS | msvcrt.SEM_NOGPFAULTERRORBOX)
        return False
    import resource

    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limited = resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
    return limited and (sys.platform != "linux" or _make_undumpable())


def _make_undumpable() -> bool:
    """Where a system hands cores to a program, the limit above does not count, and this does."""
    try:
        # The package ctypes takes ten times as long to import as all else here together.
        from _ctypes import call_function, dlopen, dlsym

        prctl = dlsym(dlopen(None, os.RTLD_LAZY), "prctl")  # type: ignore[arg-type]  # None is this program
        return bool(call_function(prctl, (_PR_SET_DUMPABLE, 0, 0, 0, 0)) == 0)
    except (ImportError, OSError):
        return False
