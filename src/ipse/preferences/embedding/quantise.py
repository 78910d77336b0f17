"""An exported graph to 8 bits, and to the form in which onnxruntime starts fastest.

onnxruntime's own dynamic quantisation takes one scale for all activations of a batch, so that the
vector of a text depends on the other texts in the batch (cosine down to .95 with itself). MatMulNBits
takes one scale per token and 64 features: no such dependence, and a tenth of the error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ipse.preferences.embedding.cache import reserve
from ipse.preferences.embedding.runtime import onnxruntime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["optimise", "quantise"]

_WEIGHT_OF: Final = {"MatMul": 1, "Gather": 0}
"""Which input of a node is the weight."""
_BLOCK: Final = 64
_ZERO_POINT: Final = 128
_ACCURACY_INT8: Final = 4
_DOMAIN: Final = "com.microsoft"


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
    import numpy as np
    from onnx import numpy_helper

    codes, scales = _symmetric(numpy_helper.to_array(tensor))
    return [
        numpy_helper.from_array(codes.astype(np.int8), f"{tensor.name}:codes"),
        numpy_helper.from_array(scales, f"{tensor.name}:scales"),
    ]


def _symmetric(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Whole numbers in [-127, 127] and the float32 scales that bring them back, per last axis."""
    import numpy as np

    scales = np.abs(values).max(axis=-1, keepdims=True).astype(np.float32) / np.float32(127)
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
