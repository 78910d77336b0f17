"""The person at the terminal, wherever stdin and stdout are redirected to."""

from __future__ import annotations

import io
import os
import sys

__all__ = ["ask", "ask_secret", "present"]

_TERMINAL = "/dev/tty"


def present() -> bool:
    """Whether there is a person who sees stderr and can type an answer."""
    if not sys.stderr.isatty():
        return False
    if os.name == "nt":
        return sys.stdin.isatty()
    try:
        os.close(os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def ask(question: str) -> str:
    """The line typed in answer to `question`; empty at end of input."""
    sys.stderr.flush()
    if os.name == "nt":
        sys.stderr.write(question)
        return sys.stdin.readline().strip()
    descriptor = os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY)
    with io.FileIO(descriptor, "r+") as raw:
        raw.write(question.encode())
        line = bytearray()
        while not line.endswith(b"\n"):
            piece = raw.read(1)
            if not piece:
                break
            line += piece
    return line.decode("utf-8", "replace").strip()


def ask_secret(question: str) -> str:
    """Like ask, without showing what is typed."""
    import getpass

    sys.stderr.flush()
    return getpass.getpass(question)
