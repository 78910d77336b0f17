"""The child process that canonicalises what may take long: N-Quads in, canonical N-Quads out."""

from __future__ import annotations

import contextlib
import sys
from typing import Final, NoReturn

from ipse.credentials.json_ld.canonicalization import relabel

__all__ = ["serve"]

_SECONDS: Final = 5
_BYTES: Final = 1024**3


def serve(hash_name: str) -> NoReturn:
    """Do the one job of standard input, within limits that hold also where the parent has died."""
    import os

    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has none
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(relabel(sys.stdin.buffer.read(), hash_name))
    sys.stdout.buffer.flush()
    os._exit(0)
