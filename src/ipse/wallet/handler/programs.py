"""Running the desktop's own programs."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from ipse.errors import StorageError

__all__ = ["run"]

_TIMEOUT: Final = 60.0


def run(*words: str) -> str:
    """Run a program and return what it prints. Raises StorageError where it fails."""
    name = Path(words[0]).name
    try:
        done = subprocess.run(  # noqa: S603 - a program of the system with words of ours, and no shell
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.split())[:200] or f"exit code {error.returncode}"
        raise StorageError(f"{name} failed: {said}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StorageError(f"{name} can't be run: {error}") from error
    return done.stdout
