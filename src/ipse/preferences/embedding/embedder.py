"""What every embedder offers, what every one refuses, and what has to be installed for it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from ipse.errors import MalformedInput, MissingFeature

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]

__all__ = [
    "COMPILING",
    "LOADING",
    "REFERENCE",
    "Embedder",
    "check_texts",
    "require",
    "unreadable",
]

REFERENCE: Final = ("sentence_transformers", "tokenizers", "numpy")
"""Modules that the reference embedder imports; in the extra `models`."""
COMPILING: Final = ("sentence_transformers", "onnx", "onnxruntime", "tokenizers", "numpy")
"""Modules that compiling a model imports; in the extra `models`."""
LOADING: Final = ("onnxruntime", "tokenizers", "numpy")
"""Modules that a compiled model imports; in the extra `profile`, and in `models`."""


def require(*modules: str, extra: str) -> None:
    """Raise MissingFeature, naming each of `modules`, of the `extra`, that is not installed. Imports none."""
    missing = [module.replace("_", "-") for module in modules if find_spec(module) is None]
    if missing:
        from ipse import installation

        raise MissingFeature(
            f"the extra ipse[{extra}] is not installed ({', '.join(missing)})",
            hint=installation.how_to_add(extra),
        )


class Embedder(Protocol):
    """Turns texts into vectors whose dot product is the cosine of their meanings."""

    @property
    def fingerprint(self) -> str:
        """16 hex digits for the model and the way its vectors are made.

        Vectors compare only with vectors of the same fingerprint.
        """

    @property
    def dimension(self) -> int:
        """Length of every vector."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of `texts` in their order: float32 (n, dimension), unit length.

        A text has the same vector whatever it is embedded together with. A text longer than the
        model reads at once is split, never cut. Raises MalformedInput, naming its place, for a text
        that holds nothing to read or half of a surrogate pair.
        """


def check_texts(texts: Sequence[str]) -> None:
    """Raise MalformedInput for the first text that is empty or not Unicode."""
    if isinstance(texts, str):
        raise TypeError("a sequence of texts is expected, not one text")
    for place, text in enumerate(texts, 1):
        if not text.strip():
            raise unreadable(place, len(texts))
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError as error:
                raise MalformedInput(
                    f"text {place} of {len(texts)} holds half of a surrogate pair at character "
                    f"{error.start + 1}",
                    hint="the text was decoded wrongly somewhere; read it again as UTF-8",
                ) from error


def unreadable(place: int, count: int) -> MalformedInput:
    """The error for a text (its place counted from 1) in which the model finds nothing to read."""
    return MalformedInput(f"text {place} of {count} is empty", hint="leave it out or write something in it")
