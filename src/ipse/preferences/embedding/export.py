"""A sentence-transformers model as one ONNX graph: token ids in, vectors out."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

from ipse.preferences.embedding.cache import reserve
from ipse.preferences.embedding.runtime import INPUT, OUTPUT

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["export"]

_OPSET: Final = 17
_SAMPLES: Final = ("a sentence to trace the model with", "and one more that is just as short")


def export(model: Any, graph: Path) -> None:
    """Write all modules of `model` (SentenceTransformer, loaded with eager attention) to `graph`.

    Input `input_ids`: int64 (batch, tokens), unpadded. Output `vectors`: float32 (batch, dimension).
    Raises whatever torch raises for a model that it can't trace.
    """
    import torch

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = torch.nn.ModuleList(model)

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            features: dict[str, Any] = {
                "input_ids": ids,
                "attention_mask": torch.ones_like(ids),
                "token_type_ids": torch.zeros_like(ids),
            }
            for part in self.parts:
                features = _mean(features) if _is_mean_pooling(part) else part(features)
            vectors: torch.Tensor = features["sentence_embedding"]
            return vectors

    ids = [model.tokenizer(text)["input_ids"] for text in _SAMPLES]
    shortest = min(map(len, ids))
    example = torch.tensor([row[:shortest] for row in ids])
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Whole().eval(),
            (example,),
            reserve(graph),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: {0: "batch", 1: "tokens"}, OUTPUT: {0: "batch"}},
            opset_version=_OPSET,
            dynamo=False,  # the newer exporter needs onnxscript
        )


def _is_mean_pooling(module: Any) -> bool:
    if type(module).__name__ != "Pooling":
        return False
    config = dict(module.get_config_dict())
    old = {key for key, on in config.items() if key.startswith("pooling_mode_") and on is True}
    return config.get("pooling_mode") == "mean" or old == {"pooling_mode_mean_tokens"}


def _mean(features: dict[str, Any]) -> dict[str, Any]:
    """Mean pooling as a product of matrices: onnxruntime's sum rounds differently from batch to batch."""
    tokens = features["token_embeddings"]
    weights = features["attention_mask"].unsqueeze(1).to(tokens.dtype)
    features["sentence_embedding"] = (weights @ tokens).squeeze(1) / weights.sum(dim=2)
    return features
