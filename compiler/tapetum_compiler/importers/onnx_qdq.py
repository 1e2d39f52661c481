# SPDX-License-Identifier: Apache-2.0
"""ONNX models in which quantised tensors lie between QuantizeLinear and DequantizeLinear.

``onnxruntime.quantization.quantize_static`` writes them with ``QuantFormat.QDQ``. Between two
quantised tensors ONNX computes in floating point; here, in integers with one rounding.
"""

from tapetum_compiler.errors import require
from tapetum_compiler.network import Network, Tensor

from .onnx_file import read_graph
from .onnx_operations import OPERATIONS
from .onnx_parts import QUANTISE_FIRST, Pending, View
from .onnx_tensors import OnnxTensors

__all__ = ["import_onnx"]


def import_onnx(content: bytes) -> Network:
    """A network of the content of an ``.onnx`` file."""
    model = OnnxTensors(read_graph(content))
    graph = model.graph
    for node in graph.nodes:
        require(node.kind in OPERATIONS,
                f"operation '{node.name}', which makes tensor '{node.output}', is not "
                f"supported; use {', '.join(sorted(OPERATIONS))}")
        OPERATIONS[node.kind](model, node)
    outputs = [_output(model, name) for name in graph.outputs]
    missing = [name for name in graph.inputs if name not in model.inputs]
    require(not missing, f"input '{', '.join(missing)}' is never quantised; {QUANTISE_FIRST}")
    return Network(inputs=tuple(model.inputs[name] for name in graph.inputs),
                   outputs=tuple(outputs), layers=tuple(model.layers),
                   aliases=model.aliases, notes=tuple(model.notes))


def _output(model: OnnxTensors, name: str) -> Tensor:
    value = model.values.get(name)
    if isinstance(value, Pending) and value.node.kind == "Softmax":
        model.notes.append(f"operation '{value.node.name}' is left to the host")
        value = model.read(value.node, 0)
    require(isinstance(value, View),
            f"output '{name}' is not quantised; {QUANTISE_FIRST}")
    assert isinstance(value, View)
    model.notes.append(f"output '{name}' stays in codes: it is {value.tensor.scale:g} * (code - "
                       f"{value.tensor.zero_point}) of '{value.tensor.name}'")
    return value.tensor
