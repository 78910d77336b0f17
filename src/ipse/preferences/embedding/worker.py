"""The process that compiles: `python -P -m ipse.preferences.embedding.worker`, started by compile.py.

torch and its friends print, change settings of the whole process and keep hundreds of megabytes; all
of that ends with this process. It reads one JSON object from stdin ({"folder", "model"}) and writes
one per line to stdout: {"stage"} for each stage, and at the end {"done"}, {"error"} or {"crash"}.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from ipse.errors import IpseError, StorageError
from ipse.preferences.embedding.build import build
from ipse.preferences.embedding.model_source import ModelSource

__all__ = ["main"]


def main() -> None:
    """Build what stdin asks for. Only JSON lines come out, whatever the libraries print."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as replies:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)

        def reply(**members: Any) -> None:
            replies.write(json.dumps(members) + "\n")
            replies.flush()

        request = json.load(sys.stdin)
        try:
            model = ModelSource.from_json(request["model"])
            build(Path(request["folder"]), model, lambda stage: reply(stage=stage))
            reply(done=True)
        except IpseError as error:
            reply(error=_described(error))
        except OSError as error:
            reply(error=_described(StorageError(f"can't write the compiled model: {error}")))
        except Exception:
            reply(crash=traceback.format_exc())


def _described(error: IpseError) -> dict[str, str]:
    return {"kind": type(error).__name__, "message": error.message, "hint": error.hint}


if __name__ == "__main__":
    main()
