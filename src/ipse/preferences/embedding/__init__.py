"""Texts to vectors: a sentence-transformers model, compiled once and fast from then on.

The default model comes compiled with ipse. Any other is compiled into `cache` when it is first used.

    embedder = open_embedder(cache)
    vectors = embedder.embed(["I like long walks", "no horror films"])  # float32 (2, 384), unit length

Importing this imports none of numpy, onnxruntime, tokenizers, onnx, torch and sentence-transformers.
"""

from ipse.preferences.embedding.compile import compile_model, open_embedder
from ipse.preferences.embedding.compiled_model import DigestStore, Manifest, Runtime
from ipse.preferences.embedding.embedder import Embedder
from ipse.preferences.embedding.model_source import DEFAULT_MODEL, ModelSource, local_model
from ipse.preferences.embedding.reference import load_reference
from ipse.preferences.embedding.runtime import load, read_manifest
from ipse.preferences.embedding.shipped_model import FOLDER as DEFAULT_FOLDER
from ipse.preferences.embedding.shipped_model import default_manifest, is_shipped, load_default

__all__ = [
    "DEFAULT_FOLDER",
    "DEFAULT_MODEL",
    "DigestStore",
    "Embedder",
    "Manifest",
    "ModelSource",
    "Runtime",
    "compile_model",
    "default_manifest",
    "is_shipped",
    "load",
    "load_default",
    "load_reference",
    "local_model",
    "open_embedder",
    "read_manifest",
]
