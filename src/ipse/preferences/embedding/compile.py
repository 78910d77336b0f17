"""Compiling a model once, in a process of its own, into the cache."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ipse import errors
from ipse.errors import CorruptData, NotFound, StorageError
from ipse.preferences.embedding.compiled_model import exclusive, folder_of, fresh_folder, publish
from ipse.preferences.embedding.embedder import COMPILING, require
from ipse.preferences.embedding.model_source import DEFAULT_MODEL, ModelSource
from ipse.preferences.embedding.runtime import load
from ipse.preferences.embedding.shipped_model import is_shipped, load_default

if TYPE_CHECKING:
    from collections.abc import Callable

    from ipse.preferences.embedding.compiled_model import DigestStore
    from ipse.preferences.embedding.embedder import Embedder

__all__ = ["compile_model", "open_embedder"]

_WORKER: Final = "ipse.preferences.embedding.build"


def _unseen(stage: str) -> None:
    """Progress that nobody looks at."""


def open_embedder(
    cache: Path,
    *,
    model: ModelSource = DEFAULT_MODEL,
    digests: DigestStore | None = None,
    progress: Callable[[str], None] = _unseen,
) -> Embedder:
    """The embedder of `model`: the default as it comes with ipse, any other compiled into `cache` once.

    Loading takes a fifth of a second, compiling about ten seconds; `progress` gets the name of each stage as
    it begins. What lies in `cache` is only run if `digests` know it, and else compiled anew; without them
    whoever can write in `cache` is believed. Raises MissingFeature without the extra `profile` (`models` for
    any other model), CorruptData if the model's files are not the expected ones, StorageError.
    """
    if is_shipped(model):
        return load_default()
    try:
        return load(cache, model=model, digests=digests)
    except NotFound:
        pass
    except CorruptData as error:
        progress(f"{error.message}: compiling it anew")
    return compile_model(cache, model=model, digests=digests, progress=progress)


def compile_model(
    cache: Path,
    *,
    model: ModelSource = DEFAULT_MODEL,
    digests: DigestStore | None = None,
    progress: Callable[[str], None] = _unseen,
) -> Embedder:
    """Compile `model`, the default too, into `cache`, and load it from there. Raises as open_embedder does.

    If another process is compiling, this one waits for it and uses what it made.
    """
    require(*COMPILING, extra="models")
    model.locate()
    with exclusive(cache, waiting=lambda: progress("waiting for another process that compiles")):
        with suppress(NotFound, CorruptData):
            return load(cache, model=model, digests=digests)
        with fresh_folder(cache) as folder:
            digest = _build(folder, model, progress)
            publish(folder, folder_of(cache, model))
        if digests is not None:
            digests.put(model, digest)
        return load(cache, model=model, digests=digests)


def _build(folder: Path, model: ModelSource, progress: Callable[[str], None]) -> str:
    """The digest of what was compiled, as the process that compiled it tells."""
    import subprocess

    paths = [path for path in sys.path if Path(path).is_absolute()]
    worker = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-P", "-m", _WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8"},
        encoding="utf-8",
    )
    try:
        assert worker.stdin is not None
        assert worker.stdout is not None
        with suppress(BrokenPipeError), worker.stdin:
            json.dump({"folder": str(folder.absolute()), "model": model.to_json()}, worker.stdin)
        reply: dict[str, Any] = {}
        for line in worker.stdout:
            reply = json.loads(line)
            if "stage" in reply:
                progress(reply["stage"])
        ended = worker.wait()
    finally:
        worker.kill()
        worker.wait()
        if worker.stdout is not None:
            worker.stdout.close()
    _raise_unless_done(reply, ended)
    digest: str = reply["done"]
    return digest


def _raise_unless_done(reply: dict[str, Any], ended: int) -> None:
    if "error" in reply:
        error = reply["error"]
        raise getattr(errors, error["kind"])(error["message"], hint=error["hint"])
    if "crash" in reply:
        raise RuntimeError(f"compiling the model failed\n{reply['crash']}")
    if "done" not in reply:
        how = f"signal {-ended}" if ended < 0 else f"exit {ended}"
        raise StorageError(
            f"compiling the model was cut off ({how})",
            hint="see that 1 GB of memory is free, then run the command again",
        )
