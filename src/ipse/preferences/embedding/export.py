"""A sentence-transformers model as one ONNX graph: token ids in, vectors out.

Any model that torch can trace is exported as it is, in 32 bits. An encoder of BERT's architecture, which
most of them are, is also written directly in 8 bits, with the operations that onnxruntime has fast
kernels for:

- A matrix product takes unsigned 8-bit activations and signed 7-bit weights: the sums of their products
  fit the 16 bits that processors without VNNI add them in, so all processors give the same vectors.
- The scale of the activations is fixed when the model is compiled, so that a text has the same vector
  whatever it is embedded together with, and nothing is measured while embedding.
- Tokens come before texts, (tokens, texts, features): the heads of attention are then strides of the
  linear layers' results, and nothing is copied to get at them.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

from ipse.preferences.embedding.compiled_model import reserve
from ipse.preferences.embedding.quantise import Activations, calibrate, columns_in_7_bits, rows_in_8_bits
from ipse.preferences.embedding.runtime import INPUT, OUTPUT

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ipse.preferences.embedding.reference import ReferenceEmbedder

    Floats = NDArray[np.float32]

__all__ = ["export", "export_encoder"]

_OPSET: Final = 17
_IR_VERSION: Final = 9
_CONTRIB: Final = "com.microsoft"
_SAMPLES: Final = ("a sentence to trace the model with", "and one more that is just as short")
_GELU: Final = ("gelu", "gelu_new", "gelu_pytorch_tanh")


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
                features = _mean(features) if _pooling(part) == "mean" else part(features)
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


def export_encoder(reference: ReferenceEmbedder, graph: Path) -> None:
    """Write the model of `reference` in 8 bits to `graph`; input and output as those of export.

    The vectors are not of unit length. Raises NotImplementedError for what is not a BERT encoder with
    mean or first-token pooling.
    """
    import onnx

    pooling = _check_architecture(reference.model)
    encoder = _Encoder(reference.model[0].auto_model, calibrate(reference))
    onnx.save(encoder.model(pooling), reserve(graph))


class _Encoder:
    """The graph of a BERT encoder while it is being written, node by node."""

    def __init__(self, bert: Any, activations: dict[str, Activations]) -> None:
        self._config = bert.config
        self._weights: dict[str, Floats] = {
            name: tensor.detach().float().numpy() for name, tensor in bert.state_dict().items()
        }
        self._activations = activations
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def model(self, pooling: str) -> Any:
        """The whole model; `pooling` is "mean" or "cls"."""
        from onnx import TensorProto, helper

        tokens = self._embeddings()
        for layer in range(self._config.num_hidden_layers):
            tokens = self._layer(f"encoder.layer.{layer}", tokens)
        self._pool(tokens, pooling)
        graph = helper.make_graph(
            self._nodes,
            "encoder",
            [helper.make_tensor_value_info(INPUT, TensorProto.INT64, ["batch", "tokens"])],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", self._config.hidden_size])],
            self._constants,
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIB, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)

    def _embeddings(self) -> str:
        import numpy as np
        from onnx import TensorProto

        codes, scales = rows_in_8_bits(self._weights["embeddings.word_embeddings.weight"])
        ids = self._add("Transpose", INPUT, perm=[1, 0])
        words = self._add("Cast", self._add("Gather", self._constant(codes), ids), to=TensorProto.FLOAT)
        words = self._add("Mul", words, self._add("Gather", self._constant(scales), ids))
        kind = self._weights["embeddings.token_type_embeddings.weight"][0]
        places = (self._weights["embeddings.position_embeddings.weight"] + kind)[:, None, :]
        zero = self._constant(np.zeros(1, np.int64))
        places = self._add("Slice", self._constant(places), zero, self._add("Shape", ids, end=1), zero)
        return self._normalised("embeddings.LayerNorm", self._add("Add", words, places))

    def _layer(self, name: str, tokens: str) -> str:
        attended = self._attention(f"{name}.attention", tokens)
        tokens = self._normalised(f"{name}.attention.output.LayerNorm", self._add("Add", tokens, attended))
        inner = self._linear(f"{name}.intermediate.dense", tokens)
        inner = self._add("FastGelu", inner, domain=_CONTRIB)
        outer = self._linear(f"{name}.output.dense", inner)
        return self._normalised(f"{name}.output.LayerNorm", self._add("Add", tokens, outer))

    def _attention(self, name: str, tokens: str) -> str:
        import numpy as np

        heads, width = self._config.num_attention_heads, self._config.hidden_size
        parts = [f"{name}.self.{part}" for part in ("query", "key", "value")]
        activations = self._activations[parts[0]]
        shrink = activations.shrink_for(np.hstack([self._matrix(part) for part in parts]))
        codes = self._quantised(tokens, activations, shrink)
        within = activations.shrunk(shrink)
        output = f"{name}.output.dense"
        attended = self._activations[output]
        # What shrinks the attended values can be part of the matrix that they come from.
        shrink_attended = attended.shrink_for(self._matrix(output))
        shape = self._constant(np.array([0, 0, heads, width // heads], np.int64))
        query, key, value = (
            self._add("Reshape", self._product(part, codes, within, shrink, divide), shape)
            for part, divide in zip(parts, (None, None, shrink_attended), strict=True)
        )
        scores = self._add(
            "FusedMatMul",
            query,
            key,
            domain=_CONTRIB,
            alpha=float((width // heads) ** -0.5),
            transB=1,
            transBatchA=1,
            transBatchB=1,
        )
        weights = self._add("Softmax", scores, axis=-1)
        values = self._add("FusedMatMul", weights, value, domain=_CONTRIB, transBatchB=1)
        values = self._add("Transpose", values, perm=[2, 0, 1, 3])
        values = self._add("Reshape", values, self._constant(np.array([0, 0, width], np.int64)))
        within = attended.shrunk(shrink_attended)
        codes = self._codes(values, within)
        return self._product(output, codes, within, shrink_attended)

    def _pool(self, tokens: str, pooling: str) -> None:
        import numpy as np
        from onnx import helper, numpy_helper

        texts = self._add("Transpose", tokens, perm=[1, 0, 2])
        shape = self._add("Shape", texts, start=1, end=2)
        one = self._constant(np.ones(1, np.int64))
        if pooling == "mean":
            # A product of matrices: onnxruntime's sum rounds differently from batch to batch.
            every = numpy_helper.from_array(np.ones(1, np.float32))
            ones = self._add("ConstantOfShape", self._add("Concat", one, shape, axis=0), value=every)
            texts = self._add("MatMul", ones, texts)
        else:
            zero = self._constant(np.zeros(1, np.int64))
            texts = self._add("Slice", texts, zero, one, one)
        axes = self._constant(np.array([1], np.int64))
        self._nodes.append(helper.make_node("Squeeze", [texts, axes], [OUTPUT]))

    def _linear(self, name: str, tokens: str) -> str:
        activations = self._activations[name]
        shrink = activations.shrink_for(self._matrix(name))
        codes = self._quantised(tokens, activations, shrink)
        return self._product(name, codes, activations.shrunk(shrink), shrink)

    def _quantised(self, tokens: str, activations: Activations, shrink: Floats) -> str:
        return self._codes(self._add("Mul", tokens, self._constant(1 / shrink)), activations.shrunk(shrink))

    def _codes(self, tokens: str, activations: Activations) -> str:
        scale, zero = self._constant(activations.scale), self._constant(activations.zero)
        return self._add("QuantizeLinear", tokens, scale, zero)

    def _product(
        self, name: str, codes: str, activations: Activations, shrink: Floats, divide: Floats | None = None
    ) -> str:
        """The linear layer `name` of shrunk and quantised tokens, its outputs divided by `divide`."""
        matrix, bias = self._matrix(name) * shrink[:, None], self._weights[f"{name}.bias"]
        if divide is not None:
            matrix, bias = matrix / divide, bias / divide
        weights, scales = columns_in_7_bits(matrix)
        constants = (weights, activations.scale, scales, activations.zero)
        return self._add(
            "MatMulIntegerToFloat",
            codes,
            *(self._constant(constant) for constant in constants),
            "",
            self._constant(bias),
            domain=_CONTRIB,
        )

    def _normalised(self, name: str, tokens: str) -> str:
        return self._add(
            "LayerNormalization",
            tokens,
            self._constant(self._weights[f"{name}.weight"]),
            self._constant(self._weights[f"{name}.bias"]),
            axis=-1,
            epsilon=self._config.layer_norm_eps,
        )

    def _matrix(self, name: str) -> Floats:
        """The weights of a linear layer, float32 (inputs, outputs)."""
        return self._weights[f"{name}.weight"].T

    def _constant(self, value: Any) -> str:
        import numpy as np
        from onnx import numpy_helper

        name = f"constant{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.array(value, order="C"), name))
        return name

    def _add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node; the name of its only output."""
        from onnx import helper

        name = f"value{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name


def _check_architecture(model: Any) -> str:
    """The pooling, "mean" or "cls". Raises NotImplementedError for anything that _Encoder doesn't write."""
    modules = list(model)
    bert: Any = getattr(modules[0], "auto_model", None)
    if type(bert).__name__ != "BertModel":
        raise NotImplementedError(f"the model is a {type(bert).__name__}, no BertModel")
    config = bert.config
    if config.is_decoder:
        raise NotImplementedError("the model is a decoder")
    if config.hidden_act not in _GELU:
        raise NotImplementedError(f"the model's encoder has the activation {config.hidden_act!r}")
    if getattr(config, "position_embedding_type", None) not in (None, "absolute"):
        raise NotImplementedError(f"the model has {config.position_embedding_type} positions")
    names = [type(module).__name__ for module in modules[1:]]
    if names not in (["Pooling"], ["Pooling", "Normalize"]):
        raise NotImplementedError(f"the model goes on with {', '.join(names)}")
    pooling = _pooling(modules[1])
    if pooling not in ("mean", "cls"):
        raise NotImplementedError("the model pools tokens neither by their mean nor by the first")
    return pooling


def _pooling(module: Any) -> str:
    """How a Pooling module pools, if it does it in one way only; "" for any other module."""
    if type(module).__name__ != "Pooling":
        return ""
    config = dict(module.get_config_dict())
    if "pooling_mode" in config:
        return str(config["pooling_mode"])
    old = {key for key, on in config.items() if key.startswith("pooling_mode_") and on is True}
    named = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
    return named.get(next(iter(old)), "") if len(old) == 1 else ""


def _mean(features: dict[str, Any]) -> dict[str, Any]:
    """Mean pooling as a product of matrices: onnxruntime's sum rounds differently from batch to batch."""
    tokens = features["token_embeddings"]
    weights = features["attention_mask"].unsqueeze(1).to(tokens.dtype)
    features["sentence_embedding"] = (weights @ tokens).squeeze(1) / weights.sum(dim=2)
    return features
