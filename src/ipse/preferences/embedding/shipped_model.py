"""The default model, compiled, as it comes with ipse: its folder, and the hashes of its files.

`make model` compiles it from the pinned weights and writes both. It is used where it lies: nothing is copied
or compiled at first use, and all wallets run the same bytes.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from ipse.errors import CorruptData, StorageError
from ipse.preferences.embedding.compiled_model import MANIFEST, Manifest, Runtime, fingerprint
from ipse.preferences.embedding.embedder import LOADING, Embedder, require
from ipse.preferences.embedding.model_source import DEFAULT_MODEL, ModelSource
from ipse.preferences.embedding.runtime import MODEL, TOKENIZER, Background, onnxruntime, start

__all__ = [
    "FOLDER",
    "SHA256",
    "default_manifest",
    "is_shipped",
    "load_default",
    "near_fingerprints",
    "prepare",
]

FOLDER: Final = Path(__file__).parent / "default_model"
SHA256: Final = {
    "manifest.json": "603edebfef3fd273b0ab2ca9dde0180196997a5d35f0e48cbb792ba6cbeee30e",
    "model.onnx": "1ecc20bb2336fa567b5492300efde1f717bd7cf0f00a5bcc73612caced3aa523",
    "tokenizer.json": "e942e75e79a0d07b397e54b640ddf836f07739edc9bca664be8dff729da6090c",
}
"""SHA-256 in hex of each file; `make model` writes it."""

_NEAR_RECIPES: Final = (2,)
_Content = tuple[Manifest, dict[str, bytes]]
_prepared: Final[list[_Content]] = []
"""What `prepare` read a moment ago; it is handed out once."""


def is_shipped(source: ModelSource) -> bool:
    """Whether `source` has exactly the files that the shipped model was compiled from."""
    return source.digest == DEFAULT_MODEL.digest


def load_default() -> Embedder:
    """The embedder of the default model; every byte of it is verified first.

    What runs is what was hashed: it is read once. Raises MissingFeature without the extra `profile`,
    CorruptData for a file that was truncated or altered, StorageError.
    """
    require(*LOADING, extra="profile")
    manifest, content = _prepared.pop() if _prepared else _verified()
    return start(manifest, content)


def prepare() -> None:
    """Import what the default model needs and read it, for the next `load_default`.

    For a thread of its own while something else is waited for: nothing of the model runs before it is asked
    for. Raises as load_default does.
    """
    require(*LOADING, extra="profile")
    import numpy  # noqa: F401 - for the load that follows
    import tokenizers  # noqa: F401 - for the load that follows

    _prepared.clear()  # what was read before is not handed out if this fails
    _prepared.append(_verified())


def default_manifest() -> Manifest:
    """What the default model says about itself; needs no extra. Raises CorruptData, StorageError."""
    manifest = Manifest.from_json(_read(MANIFEST))
    if manifest is None:
        raise _damaged("was compiled by another version of ipse")
    return manifest


def check_whole() -> int:
    """Verify every byte of the default model; how many there are. Needs no extra.

    Raises CorruptData, StorageError.
    """
    default_manifest()
    return sum(len(_read(name)) for name in SHA256)


def check_extra() -> None:
    """Raise MissingFeature where the libraries that run the default model are not installed."""
    require(*LOADING, extra="profile")


def near_fingerprints(of: str) -> tuple[str, ...]:
    """Fingerprints of the default model as earlier versions compiled it; none where `of` is another model's.

    Their vectors have a cosine of at least 0.99 with those of today: good enough to measure what was told
    long ago, while vectors to rank by are made anew.
    """
    if of != fingerprint(DEFAULT_MODEL, Runtime.INT8):
        return ()
    return tuple(fingerprint(DEFAULT_MODEL, Runtime.INT8, recipe) for recipe in _NEAR_RECIPES)


def _verified() -> _Content:
    """The manifest and the content of the other files, with onnxruntime imported while they are read."""
    with Background(lambda: {name: _read(name) for name in (MODEL, TOKENIZER)}) as reading:
        onnxruntime()
        return default_manifest(), reading.result()


def _read(name: str) -> bytes:
    try:
        data = (FOLDER / name).read_bytes()
    except FileNotFoundError as error:
        raise _damaged(f"lacks its file {name}") from error
    except OSError as error:
        raise StorageError(f"can't read {FOLDER / name}: {error.strerror}") from error
    actual = hashlib.sha256(data).hexdigest()
    if actual != SHA256[name]:
        raise _damaged(f"is not the expected one: {name} has the SHA-256 {actual}, not {SHA256[name]}")
    return data


def _damaged(how: str) -> CorruptData:
    from ipse import installation

    return CorruptData(f"the model that comes with ipse {how}", hint=installation.how_to_repair(FOLDER))
