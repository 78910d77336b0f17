"""Batches without processes: what a worker would do, in this process and through the same pickles."""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

from ipse.wallet.batch import worker
from ipse.wallet.batch.worker import Task

__all__ = ["running"]


class _Workers:
    """As `ipse.wallet.batch.workers.Workers`, with one worker."""

    count = 1

    def __init__(self, task: Task) -> None:
        self._handle = worker._prepared(pickle.loads(pickle.dumps(task)))

    def submit(self, message: Any) -> Future[bytes]:
        first, rows, additions = pickle.loads(pickle.dumps(message))
        answer: Future[bytes] = Future()
        answer.set_result(worker._lines(self._handle, first, rows, additions).encode())
        return answer


@contextlib.contextmanager
def running(task: Task, _: int) -> Iterator[_Workers]:
    """As `ipse.wallet.batch.workers.running`."""
    yield _Workers(task)
