"""The compiled default model that all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipse.preferences.embedding import Embedder, open_embedder


@pytest.fixture(scope="session")
def embedder(models: Path) -> Embedder:
    """The default model. Skips without the profile extra."""
    return open_embedder(models)
