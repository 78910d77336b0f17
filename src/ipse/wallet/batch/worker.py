"""A worker of a batch: a process that does chunks of rows, one after the other, until its pipe ends.

Its first message names a function (`module:name`) and what to call it with, key included: a secret travels
through the pipe and nowhere else. That function gives a `Handle`, which makes one row's result. A fault of a
row is that row's error; a bug ends the worker, with its traceback as the answer.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import IO, Any, Final, TypeAlias

from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import IpseError
from ipse.hardening import harden_process
from ipse.wallet.batch.frames import read_frame, write_frame
from ipse.wallet.batch.rows import Row

__all__ = ["CRASHED", "DONE", "FAILED", "Handle", "Task", "compact", "line", "main"]

Handle: TypeAlias = Callable[[Row, Json], tuple[str, str]]
"""(row, what the parent adds for it) to (name of the result's member, the result as compact JSON).

Raises IpseError where the row can't be done.
"""

DONE: Final = b"+"
FAILED: Final = b"-"
"""The job itself can't be begun: an IpseError, pickled as (class, message, hint)."""
CRASHED: Final = b"!"

_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False
)
_SEPARATORS: Final = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)}
"""Line ends to some readers of text, though not to JSON."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a chunk's rows get from a worker: `module:name` of a function from `settings` to a Handle."""

    prepare: str
    settings: Any


def compact(value: Json) -> str:
    """`value` as JSON on what every reader takes for one line, without white space, member order kept."""
    text = _ENCODER.encode(value)
    return text if text.isascii() else text.translate(_SEPARATORS)


def line(number: int, member: str, result: str) -> str:
    """The output line of row `number`."""
    return f'{{"row":{number},"{member}":{result}}}\n'


def main() -> None:
    """Serve the parent on stdin and stdout. Ends when the parent does, however that ends."""
    harden_process()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    with os.fdopen(os.dup(0), "rb") as messages, os.fdopen(os.dup(1), "wb") as answers:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1):
            os.dup2(nowhere, descriptor)
        try:
            for answer in _answers(messages):
                write_frame(answers, answer)
        except OSError:  # the parent is gone
            os._exit(1)


def _answers(messages: IO[bytes]) -> Iterator[bytes]:
    try:
        task = _received(messages)
        if task is None:
            return
        handle = _prepared(task)
        yield DONE
        while (chunk := _received(messages)) is not None:
            first, rows, additions = chunk
            yield DONE + _lines(handle, first, rows, additions).encode()
    except IpseError as error:
        yield FAILED + pickle.dumps((type(error), error.message, error.hint))
    except Exception:
        yield CRASHED + traceback.format_exc().encode("utf-8", "backslashreplace")


def _received(messages: IO[bytes]) -> Any:
    message = read_frame(messages)
    return None if message is None else pickle.loads(message)  # noqa: S301 - from the parent, through its pipe


def _prepared(task: Task) -> Handle:
    module, _, name = task.prepare.partition(":")
    handle: Handle = getattr(import_module(module), name)(task.settings)
    return handle


def _lines(handle: Handle, first: int, rows: Sequence[Row], additions: Sequence[Json] | None) -> str:
    lines: list[str] = []
    for position, row in enumerate(rows):
        try:
            member, result = handle(row, None if additions is None else additions[position])
        except IpseError as error:
            member, result = "error", compact(_described(error))
        lines.append(line(first + position, member, result))
    return "".join(lines)


def _described(error: IpseError) -> JsonObject:
    return {"code": error.code, "message": error.message.encode("utf-8", "backslashreplace").decode()}
