"""Whether didkit is here, and a child process for each job that it gets (see `didkit_child`)."""

from __future__ import annotations

import json
import sys
from typing import Final

from ipse.credentials.budget import UNBOUNDED, Budget
from ipse.encoding.strict_json import JsonObject
from ipse.errors import MissingFeature, Undetermined

__all__ = ["available", "require", "run"]

_SECONDS = 20.0
_CHILD: Final = (
    "import sys; sys.path[:] = sys.argv[1:]; "
    "from ipse.credentials.formats.vcdm11 import didkit_child; didkit_child.serve()"
)


def available() -> bool:
    """Whether didkit is installed with its native half (an old release has none). Imports nothing."""
    from importlib.machinery import EXTENSION_SUFFIXES
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec("didkit")
    folders = (spec.submodule_search_locations or []) if spec else []
    return any(
        Path(folder, f"didkit{suffix}").is_file() for folder in folders for suffix in EXTENSION_SUFFIXES
    )


def require() -> None:
    """Raise MissingFeature where didkit is absent."""
    if not available():
        raise MissingFeature(
            "the VCDM 1.1 format needs didkit, which has no wheels for CPython 3.13 and later",
            hint="use Python 3.11 or 3.12: `pipx install --python python3.12 ipse`",
        )


def run(job: JsonObject, *, budget: Budget = UNBOUNDED) -> JsonObject:
    """What a child answers to `job`, which travels through a pipe.

    Raises Undetermined where it crashes or takes long, TooMuchWork where the budget is used up.
    """
    import subprocess

    seconds = budget.seconds(_SECONDS)

    try:
        child = subprocess.run(  # noqa: S603 - this very interpreter, no shell
            [sys.executable, "-I", "-S", "-c", _CHILD, *filter(None, sys.path)],
            input=json.dumps(job).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        budget.check()
        raise Undetermined(f"didkit did not finish within {_SECONDS:g} seconds") from None
    said = child.stdout.splitlines()
    if child.returncode != 0 or not said:
        raise Undetermined(f"didkit crashed on it (status {child.returncode})")
    answer: JsonObject = json.loads(said[-1])
    return answer
