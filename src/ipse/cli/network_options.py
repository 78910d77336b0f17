"""The options of commands that may look something up on the network."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

__all__ = ["AllowLoopback", "CaFile"]

CaFile: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Trust the certificate authorities in this file, not the system's."),
]
AllowLoopback: TypeAlias = Annotated[
    bool, typer.Option("--allow-loopback", help="Also look up on this very machine; for tests.")
]
