"""What a compiled model says about itself: `manifest.json` in its folder."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from ipse.encoding import strict_json
from ipse.errors import CorruptData, MalformedInput

if TYPE_CHECKING:
    from ipse.preferences.embedding.model_source import ModelSource

__all__ = ["MANIFEST", "RECIPE", "CompiledFile", "Manifest", "Runtime", "fingerprint"]

MANIFEST: Final = "manifest.json"
SCHEMA: Final = 1
RECIPE: Final = 2
"""Goes up with every change of this package that changes vectors; they then get new fingerprints."""


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

    def check(self, source: ModelSource) -> None:
        """Raise CorruptData unless this is about `source`."""
        if (self.model_sha256, self.fingerprint) != (source.digest, fingerprint(source, self.runtime)):
            raise CorruptData(f"the compiled model is not {source.name} as it was chosen")


def fingerprint(source: ModelSource, runtime: Runtime) -> str:
    """16 hex digits over the model's files, the runtime and RECIPE."""
    return hashlib.sha256(f"{RECIPE} {runtime} {source.digest}".encode()).hexdigest()[:16]
