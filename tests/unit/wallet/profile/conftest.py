"""A wallet of its own and an embedder that needs no model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ipse.errors import MalformedInput
from ipse.storage.places import Places
from ipse.wallet.wallet import Wallet
from tests.made import empty_wallet

if TYPE_CHECKING:
    from ipse.preferences.embedding.embedder import Vectors

NOW = datetime(2026, 2, 2, 12, tzinfo=UTC)
ILLEGIBLE = "\u2620"


@dataclass(frozen=True, slots=True)
class HashEmbedder:
    """Unit vectors drawn from the hash of a text: the same text has the same, others are far apart."""

    fingerprint: str = "0123456789abcdef"
    dimension: int = 384

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As the protocol says; what is ILLEGIBLE it can't read."""
        import numpy as np

        if ILLEGIBLE in texts:
            raise MalformedInput("a text is empty")
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") for text in texts]
        rows = np.array([np.random.default_rng(seed).standard_normal(self.dimension) for seed in seeds])
        vectors: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return vectors


@pytest.fixture
def embedder() -> HashEmbedder:
    """An embedder that needs no model."""
    return HashEmbedder()


@pytest.fixture
def wallet(tmp_path: Path) -> Iterator[Wallet]:
    """A wallet over an encrypted file."""
    with empty_wallet(Places(data=tmp_path / "wallet", cache=tmp_path / "cache"), now=NOW) as made:
        yield made
