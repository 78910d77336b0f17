"""The options that every script has, and the files that it keeps."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

BENCHMARKS = Path(__file__).parent.parent
SHARED = Path(os.environ.get("IPSE_SHARED", BENCHMARKS.parent.parent / "shared"))


@dataclass
class Run:
    """`cache`: folder of models, vectors, people and results; `worlds`: names, all where it is empty."""

    cache: Path = Path()
    people: int = 60
    worlds: tuple[str, ...] = ()


RUN = Run()


@contextmanager
def started(about: str | None) -> Iterator[None]:
    """Read the command line into `RUN`. Without --cache, files are kept in a temporary folder."""
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="keep vectors, people and results here")
    parser.add_argument("--people", type=int, default=60, metavar="NUMBER", help="people in each world (60)")
    parser.add_argument("--worlds", default="", metavar="NAMES", help="some of the worlds: topics,everyday")
    options = parser.parse_args()
    RUN.people = options.people
    RUN.worlds = tuple(name for name in options.worlds.split(",") if name)
    with tempfile.TemporaryDirectory() as folder:
        RUN.cache = options.cache or Path(folder)
        RUN.cache.mkdir(parents=True, exist_ok=True)
        yield


def save(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write named arrays into one file."""
    np.savez(path, **arrays)
