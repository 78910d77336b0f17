"""The stages of compiling a model, in the process that imports torch."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Final

from ipse.errors import IpseError, StorageError
from ipse.preferences.embedding import parity
from ipse.preferences.embedding.cache import reserve
from ipse.preferences.embedding.export import export
from ipse.preferences.embedding.manifest import MANIFEST, CompiledFile, Manifest, Runtime, fingerprint
from ipse.preferences.embedding.quantise import optimise, quantise
from ipse.preferences.embedding.reference import load_reference
from ipse.preferences.embedding.runtime import MODEL, TOKENIZER, CompiledEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ipse.preferences.embedding.model_source import ModelSource
    from ipse.preferences.embedding.reference import ReferenceEmbedder

__all__ = ["build"]

_VERSIONS_OF: Final = ("torch", "sentence_transformers", "transformers", "onnx", "onnxruntime", "tokenizers")
_EXPORTED: Final = "exported.onnx"
_QUANTISED: Final = "quantised.onnx"
_SPACE: Final = 4
"""Times the size of the model: it is there three times for a moment."""
_MOST_CHARACTERS: Final = 300


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

    The 8-bit model is kept if its parity is at least parity.ENOUGH, else the 32-bit one, and if
    neither can be made, a manifest which says that sentence-transformers has to answer.
    Raises CorruptData for altered weights, StorageError, and what load_reference raises.
    """
    progress("loading the model")
    _check_space(folder, source)
    reference = load_reference(source)
    choice = _Choice()
    progress("exporting")
    if _exported(choice, folder, reference):
        _choose(choice, folder, source, reference, progress)
    return _finish(folder, source, choice, reference)


def _exported(choice: _Choice, folder: Path, reference: ReferenceEmbedder) -> bool:
    try:
        if reference.model.default_prompt_name:
            # Parity alone would miss it where all vectors of a model are much alike.
            raise NotImplementedError("the model puts a prompt before every text")
        export(reference.model, folder / _EXPORTED)
    except (IpseError, OSError, MemoryError):
        raise
    except Exception as error:  # whatever torch raises for a model that it can't trace
        choice.reject(Runtime.INT8, f"export: {error}")
        choice.reject(Runtime.FP32, f"export: {error}")
        return False
    return True


def _choose(
    choice: _Choice,
    folder: Path,
    source: ModelSource,
    reference: ReferenceEmbedder,
    progress: Callable[[str], None],
) -> None:
    """Try the runtimes, the fastest first; the winner's model is left in `folder`."""
    expected = reference.embed(parity.SENTENCES)
    for runtime in (Runtime.INT8, Runtime.FP32):
        progress("quantising" if runtime is Runtime.INT8 else "keeping 32 bits, since 8 lost too much")
        graph = folder / _EXPORTED
        if runtime is Runtime.INT8:
            graph = folder / _QUANTISED
            quantise(folder / _EXPORTED, graph)
        try:
            optimise(graph, folder / MODEL)
            progress("measuring parity")
            measured = parity.measure(_compiled(folder, source, runtime, reference), expected)
        except (IpseError, OSError, MemoryError):
            raise
        except Exception as error:  # onnxruntime raises bare Exceptions for graphs that it can't run
            choice.reject(runtime, error)
        else:
            if measured.mean >= parity.ENOUGH:
                choice.runtime, choice.parity = runtime, measured
                return
            choice.reject(runtime, f"parity: mean cosine {measured.mean:.4f}")
        (folder / MODEL).unlink()


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
    for name in (_EXPORTED, _QUANTISED):
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
        parity_mean=choice.parity.mean,
        parity_min=choice.parity.least,
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
