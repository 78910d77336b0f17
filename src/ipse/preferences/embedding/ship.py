"""Compile the default model into the package and its hashes into the code: what `make model` runs.

Equal weights and libraries give equal bytes, on any processor and with any number of threads.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from ipse.preferences.embedding import shipped_model
from ipse.preferences.embedding.compile import compile_model
from ipse.preferences.embedding.compiled_model import folder_of
from ipse.preferences.embedding.model_source import DEFAULT_MODEL

__all__ = ["main"]


def main() -> None:
    """Write the folder `default_model` and the hashes in shipped_model.py. Raises as compile_model does."""
    code = Path(shipped_model.__file__)
    text = code.read_text(encoding="utf-8")
    with TemporaryDirectory() as cache:
        compile_model(Path(cache), model=DEFAULT_MODEL, progress=_tell)
        for name in shipped_model.SHA256:
            data = (folder_of(Path(cache), DEFAULT_MODEL) / name).read_bytes()
            (shipped_model.FOLDER / name).write_bytes(data)
            sha256 = hashlib.sha256(data).hexdigest()
            text = re.sub(rf'"{re.escape(name)}": "[0-9a-f]*"', f'"{name}": "{sha256}"', text)
            _tell(f"{sha256}  {name}")
    code.write_text(text, encoding="utf-8")


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
