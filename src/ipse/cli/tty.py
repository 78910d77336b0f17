"""Asking the person at the terminal, also when stdin and stdout are redirected."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ipse.encoding.safe_text import printable

__all__ = ["ask", "ask_secret", "forget_typed", "present"]

_TERMINAL = "/dev/tty"


def present() -> bool:
    """Return whether a person can read stderr and type an answer."""
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
    """Ask `question` and return the typed line, stripped.

    The end of input is no answer, also in the middle of a line: it raises KeyboardInterrupt, like Ctrl-C.
    """
    sys.stderr.flush()
    question = printable(question)
    with _ended_line():
        if os.name == "nt":
            sys.stderr.write(question)
            return _whole_line(sys.stdin.readline())
        line = bytearray()
        with suppress(OSError):  # the terminal went away: nobody says anything any more
            descriptor = os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY)
            with io.FileIO(descriptor, "r+") as raw:
                raw.write(question.encode())
                while not line.endswith(b"\n"):
                    piece = raw.read(1)
                    if not piece:
                        break
                    line += piece
        return _whole_line(line.decode("utf-8", "replace"))


def ask_secret(question: str) -> str:
    """Ask without showing what is typed."""
    import getpass

    sys.stderr.flush()
    with _ended_line():
        return getpass.getpass(question)


@contextmanager
def _ended_line() -> Iterator[None]:
    """After a question that is interrupted, let what is said next begin on a line of its own."""
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        raise


def forget_typed() -> None:
    """Discard unread input, so that it does not answer the next question."""
    if os.name == "nt":
        return
    import termios

    with suppress(OSError, termios.error):
        descriptor = os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY)
        try:
            termios.tcflush(descriptor, termios.TCIFLUSH)
        finally:
            os.close(descriptor)


def _whole_line(line: str) -> str:
    if not line.endswith("\n"):
        raise KeyboardInterrupt
    return line.strip()
