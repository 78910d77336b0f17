"""A batch: chunks of rows out to the workers, their lines back in order, a bounded number on the way."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final, TypeAlias

from ipse.encoding.strict_json import Json
from ipse.errors import CorruptData
from ipse.wallet.batch import workers
from ipse.wallet.batch.output import Begun, Output, tally
from ipse.wallet.batch.rows import CHUNK_ROWS, Chunk, Rows
from ipse.wallet.batch.worker import Task

__all__ = ["Additions", "Progress", "Summary", "run"]

Additions: TypeAlias = Callable[[int], Sequence[Json]]
"""Something that the parent adds to each of n rows, one after the other, such as status list entries."""

_CHUNKS_PER_WORKER: Final = 3


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch has come. `total` is None where the rows come through a pipe."""

    rows: int
    total: int | None
    counts: Counter[str]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a batch did, earlier runs included.

    `counts` are rows by result: `issued` and `error` where credentials were issued; `passed`, `failed`,
    `undetermined` and `error` where they were verified. `resumed_at` is how many rows were there before.
    `warnings` are for the issuer.
    """

    rows: int
    counts: Counter[str]
    resumed_at: int = 0
    warnings: tuple[str, ...] = ()


def run(
    task: Task,
    rows: Rows,
    output: Output,
    begun: Begun,
    *,
    total: int | None,
    additions: Additions | None = None,
    progress: Callable[[Progress], None] | None = None,
    count: int | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> Summary:
    """Do every row that is not in `begun`, in chunks of at most `chunk_rows`, on `count` processes.

    By default there is a process for each core. Raises StorageError where a worker dies or the output can't
    be written, MalformedInput where CSV can't be followed any more, and whatever `additions` raises. The
    output then holds the first of the rows.
    """
    counts = Counter(begun.counts)
    done = begun.rows
    waiting: deque[tuple[Chunk, Future[bytes]]] = deque()
    count = count or workers.cores()
    if total is not None:
        if total < begun.rows:
            raise CorruptData(f"the output has {begun.rows} rows, the input only {total}")
        count = min(count, -(-(total - begun.rows) // chunk_rows))
    with workers.running(task, count) as pool:

        def take() -> None:
            nonlocal done
            chunk, answer = waiting.popleft()
            lines = answer.result()
            output.write(lines)
            done += len(chunk.rows)
            counts.update(tally(lines))
            if progress is not None:
                progress(Progress(done, total, counts))

        for chunk in rows.chunks(chunk_rows, skip=begun.rows):
            added = None if additions is None else additions(len(chunk.rows))
            waiting.append((chunk, pool.submit((chunk.first, chunk.rows, added))))
            while len(waiting) >= _CHUNKS_PER_WORKER * pool.count or (waiting and waiting[0][1].done()):
                take()
        while waiting:
            take()
    return Summary(done, counts, begun.rows)
