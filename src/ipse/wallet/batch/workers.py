"""The processes of a batch: as many as there are cores, each fed by a thread of its own."""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, Final

from ipse.errors import IpseError, StorageError
from ipse.wallet.batch.frames import read_frame, write_frame
from ipse.wallet.batch.worker import CRASHED, FAILED, Task

__all__ = ["Workers", "cores", "running"]

_log = logging.getLogger(__name__)

_CHILD: Final = "import sys; sys.path[:] = sys.argv[1:]; from ipse.wallet.batch import worker; worker.main()"
_MAX_WORKERS: Final = 64


def cores() -> int:
    """How many processors this process may use."""
    with contextlib.suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def running(task: Task, count: int) -> Iterator[Workers]:
    """`count` workers on `task`; none is left when this ends, however it ends.

    Raises what `task` raises when it is prepared, StorageError where a worker dies.
    """
    workers = Workers(task, max(1, min(count, _MAX_WORKERS)))
    try:
        workers.begin()
        yield workers
    finally:
        workers.end()


class Workers:
    """Processes that each do one message at a time."""

    def __init__(self, task: Task, count: int) -> None:
        self.count = count
        self._task = pickle.dumps(task)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="batch")

    def begin(self) -> None:
        """Start all of them and wait until each is ready."""
        for _ in range(self.count):
            self._processes.append(_started())
        for future in [self._threads.submit(_exchange, each, self._task) for each in self._processes]:
            future.result()
        for process in self._processes:
            self._idle.put(process)
        _log.info("started %d worker processes", self.count)

    def submit(self, message: Any) -> Future[bytes]:
        """The answer to `message`, from whichever worker is free first."""
        return self._threads.submit(self._ask, pickle.dumps(message))

    def end(self) -> None:
        """Stop them at once and wait until they are gone."""
        for process in self._processes:
            process.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for process in self._processes:
            process.wait()
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    if stream is not None:
                        stream.close()

    def _ask(self, message: bytes) -> bytes:
        process = self._idle.get()
        try:
            return _exchange(process, message)
        finally:
            self._idle.put(process)


def _started() -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - this very interpreter, no shell
            [sys.executable, "-I", "-S", "-c", _CHILD, *filter(None, sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        raise StorageError(
            f"can't start a worker process: {(error.strerror or str(error)).lower()}"
        ) from error


def _exchange(process: subprocess.Popen[bytes], message: bytes) -> bytes:
    """What a worker answers. Raises StorageError where it is gone."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        write_frame(process.stdin, message)
        answer = read_frame(process.stdout)
    except OSError:
        answer = None
    if not answer:
        raise StorageError(f"a worker process was ended {_how(process)}", hint="go on with --resume")
    if answer[:1] == FAILED:
        kind, text, hint = pickle.loads(answer[1:])  # noqa: S301 - from a child, through its pipe
        error: IpseError = kind(text, hint=hint)
        raise error
    if answer[:1] == CRASHED:
        raise RuntimeError(f"a bug in a batch worker:\n{answer[1:].decode()}")
    return answer[1:]


def _how(process: subprocess.Popen[bytes]) -> str:
    code = process.wait()
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"by {signal.Signals(-code).name}"
    return f"with status {code}"
