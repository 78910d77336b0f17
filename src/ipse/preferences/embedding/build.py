"""The stages of compiling a model, in a process of its own that imports torch.

compile.py starts it as `python -P -m ipse.preferences.embedding.build`: torch and its friends print, change
settings of the whole process and keep hundreds of megabytes; all of that ends with this process. It reads one
JSON object from stdin ({"folder", "model"}) and writes one per line to stdout: {"stage"} for each stage, and
at the end {"done"}, {"error"} or {"crash"}.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from ipse.errors import IpseError, StorageError
from ipse.hardening import harden_process
from ipse.preferences.embedding import parity
from ipse.preferences.embedding.compiled_model import (
    MANIFEST,
    CompiledFile,
    Manifest,
    Runtime,
    fingerprint,
    reserve,
)
from ipse.preferences.embedding.export import export, export_encoder
from ipse.preferences.embedding.model_source import ModelSource
from ipse.preferences.embedding.quantise import optimise, quantise
from ipse.preferences.embedding.reference import ReferenceEmbedder, load_reference
from ipse.preferences.embedding.runtime import MODEL, TOKENIZER, CompiledEmbedder

__all__ = ["build", "main"]

_VERSIONS_OF: Final = ("torch", "sentence_transformers", "transformers", "onnx", "onnxruntime", "tokenizers")
_ENCODER: Final = "encoder.onnx"
_EXPORTED: Final = "exported.onnx"
_QUANTISED: Final = "quantised.onnx"
_SPACE: Final = 4
"""Times the size of the model: it is there three times for a moment."""
_MOST_CHARACTERS: Final = 300
_PARITY_DIGITS: Final = 4
"""sentence-transformers computes the others differently on each processor."""


@dataclass(slots=True)
class _Choice:
    """The runtime that won, and why others did not."""

    runtime: Runtime = Runtime.REFERENCE
    parity: parity.Parity = field(default_factory=lambda: parity.Parity(1.0, 1.0))
    rejected: dict[str, str] = field(default_factory=dict)

    def reject(self, runtime: Runtime, reason: object) -> None:
        self.rejected[runtime.value] = str(reason)[:_MOST_CHARACTERS]


def build(folder: Path, source: ModelSource, progress: Callable[[str], None]) -> Manifest:
    """Compile `source` into the empty `folder`: the model, its tokenizer, its manifest.

    The first of an 8-bit encoder, 8-bit blocks and 32 bits whose parity is at least parity.ENOUGH is
    kept, and if none can be made, a manifest which says that sentence-transformers has to answer.
    Raises CorruptData for altered weights, StorageError, and what load_reference raises.
    """
    progress("loading the model")
    _check_space(folder, source)
    reference = load_reference(source)
    choice = _Choice()
    if reference.model.default_prompt_name:
        # Parity alone would miss it where all vectors of a model are much alike.
        for runtime in _WRITERS:
            choice.reject(runtime, "the model puts a prompt before every text")
    else:
        _choose(choice, folder, source, reference, progress)
    return _finish(folder, source, choice, reference)


def _choose(
    choice: _Choice,
    folder: Path,
    source: ModelSource,
    reference: ReferenceEmbedder,
    progress: Callable[[str], None],
) -> None:
    """Try the runtimes, the fastest first; the winner's model is left in `folder`."""
    expected = reference.embed(parity.SENTENCES)
    for runtime, (stage, write) in _WRITERS.items():
        progress(stage)
        try:
            optimise(write(folder, reference), folder / MODEL)
            progress("measuring parity")
            measured = parity.measure(_compiled(folder, source, runtime, reference), expected)
        except (IpseError, OSError, MemoryError):
            raise
        except Exception as error:  # torch for a model that it can't trace, onnxruntime for a graph
            choice.reject(runtime, error)
        else:
            if measured.mean >= parity.ENOUGH:
                choice.runtime, choice.parity = runtime, measured
                return
            choice.reject(runtime, f"parity: mean cosine {measured.mean:.4f}")
        (folder / MODEL).unlink(missing_ok=True)


def _encoder(folder: Path, reference: ReferenceEmbedder) -> Path:
    export_encoder(reference, folder / _ENCODER)
    return folder / _ENCODER


def _blocks(folder: Path, reference: ReferenceEmbedder) -> Path:
    quantise(_exported(folder, reference), folder / _QUANTISED)
    return folder / _QUANTISED


def _exported(folder: Path, reference: ReferenceEmbedder) -> Path:
    graph = folder / _EXPORTED
    if not graph.exists():
        try:
            export(reference.model, graph)
        except BaseException:
            graph.unlink(missing_ok=True)
            raise
    return graph


_WRITERS: Final[dict[Runtime, tuple[str, Callable[[Path, ReferenceEmbedder], Path]]]] = {
    Runtime.INT8: ("quantising", _encoder),
    Runtime.INT8_BLOCKS: ("quantising in blocks", _blocks),
    Runtime.FP32: ("keeping 32 bits, since 8 lost too much", _exported),
}
"""For each runtime its stage and what writes its graph into a folder, the fastest first."""


def _compiled(
    folder: Path, source: ModelSource, runtime: Runtime, reference: ReferenceEmbedder
) -> CompiledEmbedder:
    return CompiledEmbedder(
        (folder / MODEL).read_bytes(),
        reference.tokenizer_json.encode(),
        fingerprint=fingerprint(source, runtime),
        dimension=reference.dimension,
        max_tokens=reference.max_tokens,
    )


def _finish(folder: Path, source: ModelSource, choice: _Choice, reference: ReferenceEmbedder) -> Manifest:
    """Leave only what the chosen runtime needs in `folder`, and the manifest over it, written last."""
    for name in (_ENCODER, _EXPORTED, _QUANTISED):
        (folder / name).unlink(missing_ok=True)
    names: list[str] = []
    if choice.runtime is not Runtime.REFERENCE:
        reserve(folder / TOKENIZER).write_bytes(reference.tokenizer_json.encode())
        names = [MODEL, TOKENIZER]
    manifest = Manifest(
        model=source.name,
        model_sha256=source.digest,
        weights_sha256=source.weights_sha256,
        runtime=choice.runtime,
        fingerprint=fingerprint(source, choice.runtime),
        dimension=reference.dimension,
        max_tokens=reference.max_tokens,
        parity_mean=round(choice.parity.mean, _PARITY_DIGITS),
        parity_min=round(choice.parity.least, _PARITY_DIGITS),
        rejected=choice.rejected,
        files=tuple(CompiledFile.of(name, (folder / name).read_bytes()) for name in names),
        versions={name: str(import_module(name).__version__) for name in _VERSIONS_OF},
    )
    reserve(folder / MANIFEST).write_bytes(manifest.to_json())
    return manifest


def _check_space(folder: Path, source: ModelSource) -> None:
    located = [source.locate() / path for path, _ in source.files]
    needed = _SPACE * sum(path.stat().st_size for path in located if path.exists())
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError(
            f"compiling {source.name} needs {needed // 10**6} MB in {folder.parent}, "
            f"where {free // 10**6} MB are free"
        )


def main() -> None:
    """Build what stdin asks for. Only JSON lines come out, whatever the libraries print."""
    harden_process()
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
            manifest = build(Path(request["folder"]), model, lambda stage: reply(stage=stage))
            reply(done=manifest.digest)
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
