"""Which modules of ipse a command enters: `python -m tests.entered OUTPUT COMMAND ...` writes them as JSON.

A module is entered when one of its functions runs, other than while modules are being imported.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import ipse
from ipse.cli import main

_ROOT = str(Path(ipse.__file__).parent)


def entered(arguments: list[str]) -> tuple[int, list[str]]:
    """The exit code of a command, and the modules that it entered, as paths below the package."""
    found: set[str] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(_ROOT) and not _is_importing(frame):
            found.add(str(Path(frame.f_code.co_filename).relative_to(_ROOT)))

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        code = main.run(arguments)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return code, sorted(found)


def _is_importing(frame: FrameType) -> bool:
    at: FrameType | None = frame
    while at is not None:
        if at.f_code.co_name == "<module>" and at.f_code.co_filename.startswith(_ROOT):
            return True
        at = at.f_back
    return False


if __name__ == "__main__":
    code, modules = entered(sys.argv[2:])
    Path(sys.argv[1]).write_text(json.dumps(modules))
    sys.exit(code)
