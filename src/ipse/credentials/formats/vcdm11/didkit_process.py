"""Whether didkit is here, and a child process for each job that it gets (see `didkit_child`).

A job holds what anybody may see: signed documents and DIDs, and never a private key.
"""

from __future__ import annotations

import json
import os
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
        from ipse import installation

        raise MissingFeature(
            "the VCDM 1.1 format needs didkit, which is not installed",
            hint=installation.how_to_install("openedx-didkit"),
        )


def run(job: JsonObject, *, budget: Budget = UNBOUNDED) -> JsonObject:
    """What a child answers to `job`, which travels through a pipe.

    The child has an empty folder to work in, no descriptors but its pipes, and none of the environment, so
    that it doesn't learn where the wallet is. Raises Undetermined where it crashes or takes long, TooMuchWork
    where the budget is used up.
    """
    import subprocess
    from tempfile import TemporaryDirectory

    seconds = budget.seconds(_SECONDS)

    try:
        with TemporaryDirectory(prefix="ipse-didkit-", ignore_cleanup_errors=True) as folder:
            child = subprocess.run(  # noqa: S603 - this very interpreter, no shell
                [sys.executable, "-I", "-S", "-B", "-c", _CHILD, *filter(None, sys.path)],
                input=json.dumps(job).encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env=_environment(),
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


def _environment() -> dict[str, str]:
    """One thread and one heap, so that the limit of memory holds; and what Windows can't do without."""
    system = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    return {**system, "TOKIO_WORKER_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
