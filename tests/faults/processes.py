"""Work done in processes of its own: several at the same time, or killed in the middle.

A process is a fork, so that hundreds of rounds stay cheap. What it reports has happened; what it was
doing when it was killed may have happened or not.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import ipse
from tests.waiting import be_patient

__all__ = [
    "Process",
    "Report",
    "at_every",
    "at_line",
    "kill_at_line",
    "kill_at_random",
    "needs_fork",
    "together",
]

Report = Callable[[str], None]
Work = Callable[[Report], None]

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes can't be forked on this system")

_LAYERS = tuple(str(Path(ipse.__file__).parent / layer) + os.sep for layer in ("wallet", "storage", "keys"))


def at_every(lines: int) -> pytest.MarkDecorator:
    """Parametrize a test by `step`, the lines from one kill to the next; ten times as many unless slow."""
    return pytest.mark.parametrize(
        "step",
        [
            pytest.param(10 * lines + 1, id="some lines"),
            pytest.param(lines, id="lines", marks=pytest.mark.slow),
        ],
    )


class Process:
    """A forked process that does `work` and reports lines through a pipe."""

    def __init__(self, work: Work) -> None:
        self._read, write = os.pipe()
        self._received = b""
        self.id = os.fork()
        if self.id:
            os.close(write)
            return
        code = 1
        try:
            os.close(self._read)
            work(lambda text: _write(write, f"{text}\n".encode()))
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def wait_for_report(self) -> None:
        """Until there is something, or the process has ended."""
        self._received += os.read(self._read, 65536)

    def kill(self) -> None:
        """SIGKILL: no handler, no clean-up."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.id, signal.SIGKILL)

    def end(self) -> tuple[int, list[str]]:
        """The exit code (negative: the signal that killed it) and the whole lines it reported."""
        while data := os.read(self._read, 65536):
            self._received += data
        os.close(self._read)
        status = os.waitpid(self.id, 0)[1]
        return os.waitstatus_to_exitcode(status), self._received.decode().split("\n")[:-1]


def together(*works: Work) -> list[list[str]]:
    """Do all of it at the same time; what each reported. All must succeed, however long they wait in turn."""
    with pytest.MonkeyPatch.context() as patient:
        be_patient(patient)
        ended = [process.end() for process in [Process(work) for work in works]]
    assert [code for code, _ in ended] == [0] * len(works)
    return [reported for _, reported in ended]


def kill_at_random(work: Work, *, within: float = 0.02) -> list[str]:
    """Kill `work` (which must not end by itself) some time after its first report; what it reported."""
    process = Process(work)
    process.wait_for_report()
    time.sleep(random.uniform(0, within))
    process.kill()
    code, reported = process.end()
    assert code == -signal.SIGKILL
    return reported


def kill_at_line(number: int, work: Work) -> tuple[bool, list[str]]:
    """Kill `work` at its `number`th line of code; whether it got there, and what it reported."""

    def stepped(report: Report) -> None:
        with at_line(number, lambda: os.kill(os.getpid(), signal.SIGKILL)):
            work(report)

    code, reported = Process(stepped).end()
    assert code in (0, -signal.SIGKILL)
    return code != 0, reported


@contextlib.contextmanager
def at_line(number: int, act: Callable[[], object]) -> Iterator[None]:
    """Run `act` when line `number`, as counted from here, of the wallet's lower layers is about to run."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.startswith(_LAYERS):
            return None
        if event == "line":
            count += 1
            if count == number:
                act()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def _write(descriptor: int, data: bytes) -> None:
    os.write(descriptor, data)
