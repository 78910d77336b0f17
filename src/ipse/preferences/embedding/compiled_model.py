"""A compiled model: what it says of itself, and the folder where all of them lie.

cache/                    0700
 ├─ .lock                 held while compiling
 ├─ .building-*/          being compiled; what is left of a killed compile is swept by the next
 └─ all-MiniLM-L6-v2-*/   one compiled model, files 0600; `manifest.json` has the hashes of the others

There is one writer at a time, and a model is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from ipse.encoding import strict_json
from ipse.errors import CorruptData, MalformedInput, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ipse.preferences.embedding.model_source import ModelSource


__all__ = [
    "MANIFEST",
    "RECIPE",
    "CompiledFile",
    "DigestStore",
    "Manifest",
    "Runtime",
    "exclusive",
    "fingerprint",
    "folder_of",
    "fresh_folder",
    "publish",
    "reserve",
]

MANIFEST: Final = "manifest.json"
SCHEMA: Final = 1
RECIPE: Final = 3
"""Goes up with every change of this package that changes vectors; they then get new fingerprints."""
_LOCK: Final = ".lock"
_BUILDING: Final = ".building-"
_PATIENCE: Final = 900.0
"""Seconds to wait for another process that compiles."""


class Runtime(StrEnum):
    """Who computes the vectors of a compiled model."""

    INT8 = "int8"
    """onnxruntime, an encoder written for it, weights and activations in 8 bits."""
    INT8_BLOCKS = "int8-blocks"
    """onnxruntime, weights in blocks of 8 bits, for an architecture that is only known by its graph."""
    FP32 = "fp32"
    """onnxruntime, where 8 bits cost this model too much."""
    REFERENCE = "sentence-transformers"
    """sentence-transformers itself, where ONNX can't do what the model does."""


@dataclass(frozen=True, slots=True)
class CompiledFile:
    """A file of the compiled model: its name, its SHA-256 in hex, its size in bytes."""

    name: str
    sha256: str
    size: int

    @classmethod
    def of(cls, name: str, data: bytes) -> CompiledFile:
        """The file `name` that holds `data`."""
        return cls(name, hashlib.sha256(data).hexdigest(), len(data))

    def check(self, data: bytes) -> bytes:
        """`data`, if it is the file's. Raises CorruptData."""
        if self != CompiledFile.of(self.name, data):
            raise CorruptData(f"the compiled model's {self.name} was truncated or altered")
        return data


@dataclass(frozen=True, slots=True)
class Manifest:
    """How a model was compiled, and the hashes that its files must have.

    `parity_mean` and `parity_min` are cosines between its vectors and those of sentence-transformers.
    `rejected` says why a faster runtime was not taken.
    """

    model: str
    model_sha256: str
    weights_sha256: str
    runtime: Runtime
    fingerprint: str
    dimension: int
    max_tokens: int
    parity_mean: float
    parity_min: float
    rejected: dict[str, str]
    files: tuple[CompiledFile, ...]
    versions: dict[str, str]
    schema: int = SCHEMA
    recipe: int = RECIPE

    def to_json(self) -> bytes:
        """The bytes of `manifest.json`."""
        return json.dumps(asdict(self), indent=2).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> Manifest | None:
        """The manifest in `data`, or None if another version of ipse wrote it. Raises CorruptData."""
        try:
            members = strict_json.parse_object(data, what=MANIFEST)
            if (members["schema"], members["recipe"]) != (SCHEMA, RECIPE):
                return None
            members["runtime"] = Runtime(members["runtime"])
            members["files"] = tuple(CompiledFile(**file) for file in members["files"])
            return cls(**members)
        except (MalformedInput, KeyError, TypeError, ValueError) as error:
            raise CorruptData(f"the compiled model's {MANIFEST} was truncated or altered: {error}") from error

    @property
    def digest(self) -> str:
        """SHA-256 in hex over all that is here, the hashes of the files among it."""
        return hashlib.sha256(self.to_json()).hexdigest()

    def check(self, source: ModelSource, digests: DigestStore | None) -> None:
        """Raise CorruptData unless this is about `source`, and what `digests` keep for it."""
        if digests is not None and digests.get(source) != self.digest:
            raise CorruptData(
                f"the compiled model of {source.name} is not the one that this wallet had compiled",
                hint="`ipse profile model rebuild` compiles it anew",
                code="compiled-model-unknown",
            )
        if (self.model_sha256, self.fingerprint) != (source.digest, fingerprint(source, self.runtime)):
            raise CorruptData(f"the compiled model is not {source.name} as it was chosen")


class DigestStore(Protocol):
    """Where the digests of compiled models are kept, out of reach of who can write in their folder."""

    def get(self, source: ModelSource) -> str | None:
        """The digest of the manifest that `source` was compiled into, None where it was not."""

    def put(self, source: ModelSource, digest: str) -> None:
        """Keep the digest of what `source` was just compiled into."""


def fingerprint(source: ModelSource, runtime: Runtime, recipe: int = RECIPE) -> str:
    """16 hex digits over the model's files, the runtime and the recipe."""
    return hashlib.sha256(f"{recipe} {runtime} {source.digest}".encode()).hexdigest()[:16]


def folder_of(cache: Path, source: ModelSource) -> Path:
    """Where in `cache` the compiled model of `source` belongs."""
    return cache / f"{source.name}-{source.digest[:12]}"


@contextmanager
def exclusive(cache: Path, *, waiting: Callable[[], None]) -> Iterator[None]:
    """Make `cache` where it is missing, and be its only writer inside the block.

    `waiting` is called once if another process has it. Raises StorageError.
    """
    from filelock import FileLock, Timeout

    with _storage_errors(cache):
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(cache / _LOCK, mode=0o600)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            waiting()
            try:
                lock.acquire(timeout=_PATIENCE)
            except Timeout as error:
                raise StorageError(
                    f"another process has been compiling in {cache} for {_PATIENCE / 60:.0f} minutes",
                    hint="end that process, then run the command again",
                ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def fresh_folder(cache: Path) -> Iterator[Path]:
    """An empty folder (0700) in `cache` to compile in; gone afterwards unless published.

    Only for the one who has `exclusive`: it sweeps what killed compiles left.
    """
    import shutil
    import tempfile

    with _storage_errors(cache):
        for leftover in cache.glob(f"{_BUILDING}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=cache))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(built: Path, folder: Path) -> None:
    """Rename `built` to `folder`; what was there before goes aside first."""
    import shutil
    import tempfile

    with _storage_errors(folder):
        if folder.exists():
            aside = tempfile.mkdtemp(prefix=_BUILDING, dir=folder.parent)
            folder.rename(Path(aside, "old"))
            built.rename(folder)
            shutil.rmtree(aside, ignore_errors=True)
        else:
            built.rename(folder)


def reserve(path: Path) -> Path:
    """Make the empty file `path`, 0600, for a library to write: it keeps the mode."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return path


@contextmanager
def _storage_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"can't write in {path}: {error.strerror or error}") from error
