"""The three streams of the process: there when ipse starts, whatever the shell has closed.

Without this a file that is opened later would get the number of a closed stream, and what a library writes
to stdout or stderr would go into the vault.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["open_streams"]

_STAND_INS: Final = {0: os.O_WRONLY, 1: os.O_RDONLY, 2: os.O_WRONLY}
"""How the null device is opened in place of a closed stream. The first two fail when they are used, so that
an error says it; there is nobody to tell of a closed stderr."""


class _Lossy(io.FileIO):
    """Where stderr can't be written, its words are lost and the command goes on."""

    def write(self, data: ReadableBuffer) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError:
            return memoryview(data).nbytes


def open_streams() -> None:
    """Open what is closed of stdin, stdout and stderr, and keep stderr from failing."""
    for descriptor, flags in _STAND_INS.items():
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, flags)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)))
    if sys.stdout is None:
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)))
    encoding = getattr(sys.stderr, "encoding", None)
    raw = io.BufferedWriter(_Lossy(2, "w", closefd=False))
    sys.stderr = io.TextIOWrapper(raw, encoding, errors="backslashreplace", line_buffering=True)
