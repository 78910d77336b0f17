"""What a target is, and what counts as a failure."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ipse.encoding import strict_json
from ipse.errors import IpseError

__all__ = ["MAX_SECONDS", "Failure", "Target", "as_bytes", "tried"]

MAX_SECONDS: Final = 2.0
"""Of processor time that one input may take."""


@dataclass(frozen=True, slots=True)
class Target:
    """One parser: `run` gives it an input, and raises nothing but IpseError.

    - `seeds`: good inputs
    - `share`: inputs that it gets of every hundred or so; the cheap ones get more
    - `signed`: changed inputs are signed again, half of the time
    """

    name: str
    run: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    share: int
    max_length: int = 16 * 1024
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """What an input did that none may do. `place` is where in ipse, so that one fault is told once."""

    kind: str
    place: str
    story: str

    @property
    def name(self) -> str:
        """A file name for the input."""
        return "".join(letter if letter.isalnum() else "-" for letter in f"{self.kind}-{self.place}")[:120]


def tried(target: Target, data: bytes, *, timed: bool = True) -> Failure | None:
    """What is wrong with how `target` takes `data`; None where nothing is. Slow counts if it is `timed`."""
    begun = time.process_time()
    try:
        target.run(data)
    except IpseError as error:
        if "\n" in error.message or not error.message or len(error.message) > 2000:
            return _failure("message", error)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        return _failure(type(error).__name__, error)
    seconds = time.process_time() - begun
    if timed and seconds > MAX_SECONDS:
        return Failure("slow", target.name, f"{seconds:.1f} seconds for {len(data)} bytes")
    return None


def as_bytes(value: Any) -> bytes:
    """`value` as the input of a target that reads JSON."""
    return strict_json.canonical(json.loads(json.dumps(value)))


def _failure(kind: str, error: BaseException) -> Failure:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "ipse/" in frame.filename and "/fuzz/" not in frame.filename]
    last = (ours or frames)[-1]
    place = f"{Path(last.filename).stem}-{last.name}"
    return Failure(kind, place, "".join(traceback.format_exception(error))[-4000:])
