"""The fast path: a compiled model run by onnxruntime, without torch and sentence-transformers."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from ipse.errors import CorruptData, IpseError, MissingFeature, NotFound, StorageError
from ipse.preferences.embedding.compiled_model import MANIFEST, Manifest, Runtime, folder_of
from ipse.preferences.embedding.embedder import LOADING, check_texts, require
from ipse.preferences.embedding.model_source import DEFAULT_MODEL, ModelSource
from ipse.preferences.embedding.windows import Splitter, Window, join

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ipse.preferences.embedding.compiled_model import DigestStore
    from ipse.preferences.embedding.embedder import Embedder, Vectors

__all__ = [
    "INPUT",
    "MODEL",
    "OUTPUT",
    "TOKENIZER",
    "Background",
    "CompiledEmbedder",
    "load",
    "onnxruntime",
    "read_manifest",
    "start",
]

_Result = TypeVar("_Result")


class Background(Generic[_Result]):
    """Calls a function in a thread; use it as a context manager, so that the thread outlives nothing."""

    def __init__(self, function: Callable[[], _Result]) -> None:
        self._function = function
        self._found: list[_Result] = []
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run)

    def __enter__(self) -> Background[_Result]:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def result(self) -> _Result:
        """What the function returned; raises what it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._found[0]

    def _run(self) -> None:
        try:
            self._found.append(self._function())
        except BaseException as error:
            self._error = error


MODEL: Final = "model.onnx"
TOKENIZER: Final = "tokenizer.json"
INPUT: Final = "input_ids"
OUTPUT: Final = "vectors"


_MAX_THREADS: Final = 4
_MAX_BATCH_TOKENS: Final = 256
"""What a layer makes of so many tokens stays in the cache of one core."""


class CompiledEmbedder:
    """Embeds with a compiled model. Safe to use from several threads."""

    def __init__(
        self, model: bytes, tokenizer: bytes, *, fingerprint: str, dimension: int, max_tokens: int
    ) -> None:
        from tokenizers import Tokenizer

        self.fingerprint = fingerprint
        self.dimension = dimension
        with Background(lambda: Splitter(Tokenizer.from_buffer(tokenizer), max_tokens)) as splitting:
            self._session = _session(model)
            self._splitter = splitting.result()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See Embedder.embed."""
        import numpy as np

        check_texts(texts)
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        windows = self._splitter.windows(texts)
        vectors = np.empty((len(windows), self.dimension), np.float32)

        def fill(batch: list[int]) -> None:
            ids = np.array([windows[i].ids for i in batch], np.int64)
            vectors[batch] = self._session.run([OUTPUT], {INPUT: ids})[0]

        _in_threads(fill, list(_batches(windows)))
        return join(vectors, windows)


def load(cache: Path, *, model: ModelSource = DEFAULT_MODEL, digests: DigestStore | None = None) -> Embedder:
    """The embedder compiled for `model` in `cache`; every byte of it is verified first.

    What runs is what was hashed: it is read once. Raises NotFound if it has not been compiled (by this
    version of ipse), CorruptData if what is there was truncated or altered or is unknown to `digests`, and
    MissingFeature without the libraries, which are in the extra `models`.
    """
    require(*LOADING, extra="models")
    manifest = read_manifest(cache, model=model, digests=digests)
    if manifest.runtime is Runtime.REFERENCE:
        from ipse.preferences.embedding.reference import load_reference

        return load_reference(model)
    folder = folder_of(cache, model)
    with Background(
        lambda: {file.name: file.check(_read(folder / file.name)) for file in manifest.files}
    ) as reading:
        onnxruntime()
        content = reading.result()
    return start(manifest, content)


def start(manifest: Manifest, content: Mapping[str, bytes]) -> CompiledEmbedder:
    """The embedder that `manifest` describes, from the verified content of its files by their names.

    Raises CorruptData where the libraries can't read them.
    """
    try:
        return CompiledEmbedder(
            content[MODEL],
            content[TOKENIZER],
            fingerprint=manifest.fingerprint,
            dimension=manifest.dimension,
            max_tokens=manifest.max_tokens,
        )
    except (IpseError, MemoryError):
        raise
    except Exception as error:  # the libraries raise bare Exceptions
        from ipse import installation

        raise CorruptData(
            f"the compiled model of {manifest.model} does not load: {error}",
            hint=installation.how_to_install("onnxruntime", "tokenizers", anew=True),
        ) from error


def read_manifest(
    cache: Path, *, model: ModelSource = DEFAULT_MODEL, digests: DigestStore | None = None
) -> Manifest:
    """What the model compiled in `cache` says about itself. Raises as load does; needs no extra."""
    folder = folder_of(cache, model)
    try:
        data = (folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        data = b""
    except OSError as error:
        raise StorageError(f"can't read {folder / MANIFEST}: {error.strerror}") from error
    manifest = Manifest.from_json(data) if data else None
    if manifest is None:
        raise NotFound(f"the model {model.name} is not compiled yet", hint="the next embedding compiles it")
    manifest.check(model, digests)
    return manifest


def onnxruntime() -> Any:
    """The module onnxruntime, imported quietly and without telemetry.

    While it is imported it would write an id of the device into the user's cache, so it is told before.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    with _quiet_stderr():
        try:
            import onnxruntime as module
        except ImportError as error:
            from ipse import installation

            raise MissingFeature(
                f"onnxruntime does not load: {error}",
                hint=installation.how_to_install("onnxruntime", anew=True),
            ) from error
    module.disable_telemetry_events()
    module.set_default_logger_severity(4)
    return module


def _session(model: bytes) -> Any:
    runtime = onnxruntime()
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL  # done when compiled
    options.intra_op_num_threads = 1  # _in_threads runs as many batches at once as there are cores
    return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _in_threads(work: Callable[[list[int]], None], batches: Sequence[list[int]]) -> None:
    """Do the `work` for each of the batches, on all cores. No thread outlives the call."""
    threads = min(_MAX_THREADS, _cores(), len(batches))
    if threads < 2:
        for batch in batches:
            work(batch)
        return
    waiting = list(reversed(batches))

    def drain() -> None:
        while waiting:
            try:
                batch = waiting.pop()
            except IndexError:  # another thread was faster
                return
            work(batch)

    with ExitStack() as stack:
        others = [stack.enter_context(Background(drain)) for _ in range(threads - 1)]
        try:
            drain()
            for other in others:
                other.result()
        except BaseException:
            waiting.clear()
            raise


def _batches(windows: Sequence[Window]) -> Iterator[list[int]]:
    """Indices of windows with equally many tokens.

    Without padding, the arithmetic for a text is the same whatever batch it is in.
    """
    batch: list[int] = []
    for i in sorted(range(len(windows)), key=lambda i: len(windows[i].ids)):
        length = len(windows[i].ids)
        full = (len(batch) + 1) * length > _MAX_BATCH_TOKENS
        if batch and (full or len(windows[batch[0]].ids) != length):
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise CorruptData(f"the compiled model lacks its file {path.name}") from error
    except OSError as error:
        raise StorageError(f"can't read {path}: {error.strerror}") from error


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Importing onnxruntime warns on the file descriptor where it finds no GPU; no setting stops it."""
    if "onnxruntime" in sys.modules:
        yield
        return
    try:
        kept = os.dup(2)
    except OSError:  # stderr is closed
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)
