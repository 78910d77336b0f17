"""sentence-transformers itself: the measure for compiled models, and the way in for all others."""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from typing import TYPE_CHECKING, Any, Final

from ipse.errors import MissingFeature
from ipse.preferences.embedding.compiled_model import Runtime, fingerprint
from ipse.preferences.embedding.embedder import REFERENCE, check_texts, require
from ipse.preferences.embedding.model_source import DEFAULT_MODEL, ModelSource
from ipse.preferences.embedding.windows import Splitter, join

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ipse.preferences.embedding.embedder import Vectors

__all__ = ["ReferenceEmbedder", "load_reference"]

_MOST_TOKENS: Final = 512
"""Attention takes memory with the square of the tokens, so models that read more are given windows too."""

_ALONE: Final = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "DO_NOT_TRACK": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}


class ReferenceEmbedder:
    """Embeds with sentence-transformers: seconds to import, the widest choice of models."""

    def __init__(self, model: Any, *, fingerprint: str) -> None:
        from tokenizers import Tokenizer

        rust = getattr(model.tokenizer, "backend_tokenizer", model.tokenizer)
        if not isinstance(rust, Tokenizer):
            raise MissingFeature(
                "the model's tokenizer exists only in Python, and ipse could not split long texts with it",
                hint="choose a model whose folder has a tokenizer.json",
            )
        self.model = model
        self.fingerprint = fingerprint
        self.max_tokens = min(int(model.max_seq_length or _MOST_TOKENS), _MOST_TOKENS)
        self.tokenizer_json: str = rust.to_str()
        self.splitter = Splitter(Tokenizer.from_str(self.tokenizer_json), self.max_tokens)
        self.dimension = int(self.embed(["a"]).shape[1])

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See Embedder.embed. Texts of different length are padded, so equal only to about 1e-6."""
        import numpy as np

        check_texts(texts)
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        windows = self.splitter.windows(texts)
        pieces = [texts[window.owner][window.start : window.end] for window in windows]
        vectors = self.model.encode(pieces, convert_to_numpy=True, show_progress_bar=False)
        return join(vectors.astype(np.float32), windows)


def load_reference(model: ModelSource = DEFAULT_MODEL) -> ReferenceEmbedder:
    """`model`, its files verified, in sentence-transformers on the CPU, without network or output.

    Sets the variables that keep the Hugging Face libraries offline for the rest of the process.
    Raises MissingFeature, CorruptData, NotFound.
    """
    require(*REFERENCE, extra="models")
    folder = model.verify()
    os.environ.update(_ALONE)
    with _quiet():
        from sentence_transformers import SentenceTransformer

        loaded = SentenceTransformer(
            str(folder),
            device="cpu",
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"attn_implementation": "eager"},  # the one that exports cleanly
        )
        return ReferenceEmbedder(loaded.eval(), fingerprint=fingerprint(model, Runtime.REFERENCE))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    nowhere = io.StringIO()
    with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
