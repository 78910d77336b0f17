"""Reading samples and what tests make up."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ipse.preferences import sources
from ipse.preferences.sources import Reading

__all__ = ["SAMPLES", "read", "sample", "weights", "zipped", "zipped_samples"]

SAMPLES: Final = Path(__file__).parent / "samples"


def read(content: str | bytes, **options: str | None) -> Reading:
    """What a file named export says."""
    data = content.encode() if isinstance(content, str) else content
    return sources.read(data, **{"name": "export", **options})  # type: ignore[arg-type]


def sample(name: str) -> Reading:
    """What a sample says."""
    path = SAMPLES / name
    return sources.read(path.read_bytes(), name=path.name)


def weights(reading: Reading) -> dict[str, float]:
    """The weight of each text."""
    return {found.text: found.weight for found in reading.found}


def zipped(members: Mapping[str, bytes | str]) -> bytes:
    """A zip file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def zipped_samples(folder: str, under: str = "") -> bytes:
    """A folder of samples as a zip file."""
    root = SAMPLES / folder
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    return zipped({under + path.relative_to(root).as_posix(): path.read_bytes() for path in paths})
