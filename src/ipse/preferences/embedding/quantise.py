"""Weights and activations to 8 bits, and a graph to the form in which onnxruntime starts fastest.

A graph that was exported without knowing its architecture gets its weights in blocks. onnxruntime's own
dynamic quantisation takes one scale for all activations of a batch, so that the vector of a text depends
on the other texts in the batch (cosine down to .95 with itself). MatMulNBits takes one scale per token
and 64 features: no such dependence, and a tenth of the error.

An encoder that is written directly (export_encoder) has scales for its activations that are fixed when it
is compiled, from the range they have for random tokens. A few features reach far higher than all others
and would leave those with a handful of codes; they are shrunk, and the rows of the matrix that they meet
grow by as much (SmoothQuant, arXiv 2211.10438).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ipse.preferences.embedding.compiled_model import reserve
from ipse.preferences.embedding.runtime import onnxruntime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ipse.preferences.embedding.reference import ReferenceEmbedder

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]

__all__ = ["Activations", "calibrate", "columns_in_7_bits", "optimise", "quantise", "rows_in_8_bits"]

_WEIGHT_OF: Final = {"MatMul": 1, "Gather": 0}
"""Which input of a node is the weight."""
_BLOCK: Final = 64
_ZERO_POINT: Final = 128
_ACCURACY_INT8: Final = 4
_DOMAIN: Final = "com.microsoft"

_SEQUENCES: Final = 60
_SHORT: Final = 40
"""Tokens at most in a sequence to calibrate with; every fiftieth is as long as the model reads."""
_BALANCE: Final = 0.65
"""How much of a feature's reach goes to the weights: 0 none, 1 all."""
_REACHING: Final = 0.5
"""The share of features that are not shrunk."""
_MARGIN: Final = 1.05
"""Times the range seen while calibrating; what is beyond is clipped."""


@dataclass(frozen=True, slots=True, eq=False)
class Activations:
    """The least and the greatest value of each input feature of a linear layer, float64 (inputs,).

    They are measured in 64 bits and what is made of them is rounded to 32. Processors and numbers of threads
    differ in the last bits of a sum; in 32 bits that would give other codes, and so other vectors.
    """

    low: Doubles
    high: Doubles

    @property
    def scale(self) -> np.float32:
        """What one code is worth."""
        import numpy as np

        return np.float32(max(_MARGIN * (self._highest - self._lowest) / 255, 1e-6))

    @property
    def zero(self) -> np.uint8:
        """The code of 0."""
        import numpy as np

        return np.uint8(np.clip(np.rint(-_MARGIN * self._lowest / self.scale), 0, 255))

    def shrink_for(self, matrix: Floats) -> Floats:
        """What to divide each feature by, at least 1, where it meets `matrix` (inputs, outputs)."""
        import numpy as np

        reach = np.maximum(np.maximum(-self.low, self.high), 1e-6)
        weight = np.maximum(np.abs(matrix.astype(np.float64)).max(axis=1), 1e-6)
        wanted = reach**_BALANCE / weight ** (1 - _BALANCE)
        shrink: Floats = np.maximum(wanted / np.quantile(wanted, _REACHING), 1).astype(np.float32)
        return shrink

    def shrunk(self, by: Floats) -> Activations:
        """The features divided by `by`."""
        return Activations(self.low / by, self.high / by)

    @property
    def _lowest(self) -> float:
        return min(float(self.low.min()), 0.0)

    @property
    def _highest(self) -> float:
        return max(float(self.high.max()), 0.0)


def calibrate(reference: ReferenceEmbedder) -> dict[str, Activations]:
    """The inputs of all linear layers of a model, by the layers' names in its encoder.

    They are measured on random sequences of its vocabulary, the same at every compile, and so belong to
    no language more than its vocabulary does. The encoder is measured in 64 bits and left in 32.
    """
    import torch

    encoder = reference.model[0].auto_model.double()
    seen: dict[str, Activations] = {}

    def watch(name: str) -> Any:
        def note(_: Any, inputs: tuple[Any, ...]) -> None:
            rows = inputs[0].detach().flatten(0, -2)
            low, high = rows.amin(0).numpy(), rows.amax(0).numpy()
            known = seen.get(name)
            seen[name] = Activations(low, high) if known is None else _wider(known, low, high)

        return note

    hooks = [
        module.register_forward_pre_hook(watch(name))
        for name, module in encoder.named_modules()
        if isinstance(module, torch.nn.Linear)
    ]
    try:
        with torch.no_grad():
            for ids in _random_sequences(reference):
                encoder(input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)))
    finally:
        for hook in hooks:
            hook.remove()
        encoder.float()
    return seen


def _random_sequences(reference: ReferenceEmbedder) -> Iterator[tuple[int, ...]]:
    tokenizer, splitter = reference.model.tokenizer, reference.splitter
    vocabulary = sorted(set(tokenizer.get_vocab().values()) - set(tokenizer.all_special_ids))
    generator = random.Random(0)  # noqa: S311 - nothing secret
    for number in range(_SEQUENCES):
        length = splitter.room if number % 50 == 0 else generator.randint(1, min(_SHORT, splitter.room))
        yield splitter.surrounded(generator.choices(vocabulary, k=length))


def _wider(known: Activations, low: Floats, high: Floats) -> Activations:
    import numpy as np

    return Activations(np.minimum(known.low, low), np.maximum(known.high, high))


def columns_in_7_bits(matrix: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Whole numbers in [-63, 63] (inputs, outputs) and the scales (outputs,) that bring `matrix` back."""
    import numpy as np

    codes, scales = _symmetric(matrix.T, 63)
    return codes.T.astype(np.int8), scales[:, 0]


def rows_in_8_bits(table: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Whole numbers in [-127, 127] and the scales (rows, 1) that bring `table` back."""
    import numpy as np

    codes, scales = _symmetric(table)
    return codes.astype(np.int8), scales


def quantise(exported: Path, quantised: Path) -> None:
    """Write `exported` with its matrices and embedding tables in 8 bits to `quantised`.

    A matrix has one scale per output and 64 inputs, an embedding table one per row.
    """
    import onnx

    model = onnx.load(exported)
    weights = {tensor.name: tensor for tensor in model.graph.initializer if len(tensor.dims) == 2}
    nodes: list[Any] = []
    packed: dict[str, list[Any]] = {}
    for node in model.graph.node:
        weight = weights.get(node.input[_WEIGHT_OF[node.op_type]]) if node.op_type in _WEIGHT_OF else None
        if weight is None:
            nodes.append(node)
        elif node.op_type == "MatMul":
            packed.setdefault(weight.name, _packed_matrix(weight))
            nodes.append(_matmul(node, weight))
        else:
            packed.setdefault(weight.name, _packed_table(weight))
            nodes.extend(_lookup(node))
    kept = [tensor for tensor in model.graph.initializer if tensor.name not in packed]
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend([*kept, *(tensor for tensors in packed.values() for tensor in tensors)])
    model.opset_import.append(onnx.helper.make_opsetid(_DOMAIN, 1))
    onnx.save(model, reserve(quantised))


def optimise(graph: Path, optimised: Path) -> None:
    """Write `graph` to `optimised` as onnxruntime would have rewritten it at every start."""
    runtime = onnxruntime()
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(reserve(optimised))
    runtime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


def _packed_matrix(tensor: Any) -> list[Any]:
    import numpy as np
    from onnx import numpy_helper

    rows, columns = tensor.dims
    blocks = -(-rows // _BLOCK)
    padded = np.zeros((columns, blocks * _BLOCK), np.float32)
    padded[:, :rows] = numpy_helper.to_array(tensor).T
    codes, scales = _symmetric(padded.reshape(columns, blocks, _BLOCK))
    codes = (codes + _ZERO_POINT).astype(np.uint8)
    return [
        numpy_helper.from_array(codes, f"{tensor.name}:codes"),
        numpy_helper.from_array(scales.reshape(-1), f"{tensor.name}:scales"),
    ]


def _packed_table(tensor: Any) -> list[Any]:
    from onnx import numpy_helper

    codes, scales = rows_in_8_bits(numpy_helper.to_array(tensor))
    return [
        numpy_helper.from_array(codes, f"{tensor.name}:codes"),
        numpy_helper.from_array(scales, f"{tensor.name}:scales"),
    ]


def _symmetric(values: Floats, largest: int = 127) -> tuple[Floats, Floats]:
    """Whole numbers in [-largest, largest] and the float32 scales that bring them back, per last axis."""
    import numpy as np

    scales = np.abs(values).max(axis=-1, keepdims=True).astype(np.float32) / np.float32(largest)
    scales[scales == 0] = 1
    return np.rint(values / scales), scales


def _matmul(node: Any, matrix: Any) -> Any:
    from onnx import helper

    rows, columns = matrix.dims
    return helper.make_node(
        "MatMulNBits",
        [node.input[0], f"{matrix.name}:codes", f"{matrix.name}:scales"],
        list(node.output),
        name=node.name,
        domain=_DOMAIN,
        K=rows,
        N=columns,
        bits=8,
        block_size=_BLOCK,
        accuracy_level=_ACCURACY_INT8,
    )


def _lookup(node: Any) -> Iterator[Any]:
    from onnx import TensorProto, helper

    table, places, result = node.input[0], node.input[1], node.output[0]
    yield helper.make_node("Gather", [f"{table}:codes", places], [f"{result}:codes"], axis=0)
    yield helper.make_node("Cast", [f"{result}:codes"], [f"{result}:whole"], to=TensorProto.FLOAT)
    yield helper.make_node("Gather", [f"{table}:scales", places], [f"{result}:scales"], axis=0)
    yield helper.make_node("Mul", [f"{result}:whole", f"{result}:scales"], [result])
