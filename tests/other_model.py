"""A model that has the default's vectors under hashes of its own: compiled without compiling."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

from ipse.preferences.embedding import DEFAULT_FOLDER, DEFAULT_MODEL, default_manifest
from ipse.preferences.embedding.compiled_model import MANIFEST, fingerprint, folder_of
from ipse.preferences.embedding.runtime import MODEL, TOKENIZER

__all__ = ["OTHER", "compiled_in", "write"]

OTHER: Final = replace(DEFAULT_MODEL, name="other", files=(*DEFAULT_MODEL.files, ("words.txt", "0" * 64)))


def write(folder: Path) -> None:
    """Write its compiled form into `folder`, which may be there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in (MODEL, TOKENIZER):
        shutil.copy(DEFAULT_FOLDER / name, folder)
    default = default_manifest()
    manifest = replace(
        default, model=OTHER.name, model_sha256=OTHER.digest, fingerprint=fingerprint(OTHER, default.runtime)
    )
    (folder / MANIFEST).write_bytes(manifest.to_json())


def compiled_in(cache: Path) -> Path:
    """Write its compiled form into `cache`; its folder there."""
    write(folder_of(cache, OTHER))
    return folder_of(cache, OTHER)
