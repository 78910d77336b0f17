"""A model of two layers and 40 dimensions with random weights: `python -m tests.small_model FOLDER [SEED]`.

In a process of its own, since torch stays in memory for good.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.waiting import PATIENCE

__all__ = ["make"]


def make(folder: Path, seed: int = 0) -> Path:
    """Write the model into `folder`, which must not exist."""
    command = [sys.executable, "-m", "tests.small_model", str(folder), str(seed)]
    done = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=10 * PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return folder


def _write(folder: Path, seed: int) -> None:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import BertConfig, BertModel

    from ipse.preferences.embedding import DEFAULT_MODEL

    torch.manual_seed(seed)
    config = BertConfig(
        hidden_size=40,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=96,
        max_position_embeddings=64,
    )
    bert = folder.with_name(f"{folder.name}-bert")
    BertModel(config).save_pretrained(bert)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        shutil.copy(DEFAULT_MODEL.locate() / name, bert)
    modules = [Transformer(str(bert), max_seq_length=64), Pooling(40, pooling_mode="mean")]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder))
    shutil.rmtree(bert)


if __name__ == "__main__":
    _write(Path(sys.argv[1]), int(sys.argv[2]))
