"""What the extra `ipse[profile]` brings, and the error where a part of it is missing."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from ipse.errors import MissingFeature

__all__ = ["COMPILING", "INSTALL_HINT", "LOADING", "REFERENCE", "require"]

INSTALL_HINT: Final = "install it with `pipx install 'ipse[profile]'`"

REFERENCE: Final = ("sentence_transformers", "tokenizers", "numpy")
"""Modules that the reference embedder imports."""
COMPILING: Final = ("sentence_transformers", "onnx", "onnxruntime", "tokenizers", "numpy")
"""Modules that compiling a model imports."""
LOADING: Final = ("onnxruntime", "tokenizers", "numpy")
"""Modules that a compiled model imports."""


def require(*modules: str) -> None:
    """Raise MissingFeature, naming each of `modules` that is not installed. Imports none of them."""
    missing = [module.replace("_", "-") for module in modules if find_spec(module) is None]
    if missing:
        raise MissingFeature(f"the profile extra is not installed ({', '.join(missing)})", hint=INSTALL_HINT)
