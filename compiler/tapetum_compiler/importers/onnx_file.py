# SPDX-License-Identifier: Apache-2.0
"""What an ONNX file says, as plain data and before anything is made of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import numpy_helper, shape_inference

from tapetum_compiler.errors import CompileError, require

__all__ = ["StoredGraph", "StoredNode", "read_graph"]

_UNREADABLE = (onnx.checker.ValidationError, shape_inference.InferenceError, DecodeError,
               KeyError, OSError, OverflowError, TypeError, ValueError)
"""What the onnx package raises over a file that contradicts itself."""


@dataclass(frozen=True, kw_only=True)
class StoredNode:
    """`name` is of the kind ``Conv conv1``: which operation, and its name or place."""

    kind: str
    name: str
    inputs: tuple[str, ...]
    output: str
    attributes: dict[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class StoredGraph:
    """Members

    constants : dict of str to array
        Initialisers, and what constant nodes make.
    shapes : dict of str to tuple of int
        Of every tensor that is no constant; -1 stands for what may change from run to run.
    """

    nodes: tuple[StoredNode, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    constants: dict[str, NDArray[Any]]
    shapes: dict[str, tuple[int, ...]]


def read_graph(content: bytes) -> StoredGraph:
    """Read the graph of a file, with the shapes that follow from its inputs."""
    try:
        model = onnx.load_model_from_string(content)
        for tensor in model.graph.input:
            dimensions = tensor.type.tensor_type.shape.dim
            if len(dimensions) and not dimensions[0].HasField("dim_value"):
                dimensions[0].dim_value = 1  # one image at a time
        onnx.checker.check_model(model)
        # what contradicts itself has no shape then; whoever reads it says so by name
        model = shape_inference.infer_shapes(model, data_prop=True)
        return _stored(model.graph)
    except CompileError:
        raise
    except _UNREADABLE as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise CompileError(f"the file is no valid ONNX model ({reason}); export it again") from None


def _stored(graph: onnx.GraphProto) -> StoredGraph:
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes = []
    for index, node in enumerate(graph.node):
        name = f"{node.op_type} {node.name or index}"
        attributes = {attribute.name: onnx.helper.get_attribute_value(attribute)
                      for attribute in node.attribute}
        if node.op_type == "Constant":
            require("value" in attributes,
                    f"operation '{name}' is a constant without a tensor; fold it into an "
                    "initialiser")
            constants[node.output[0]] = numpy_helper.to_array(attributes["value"])
            continue
        require(sum(bool(output) for output in node.output) == 1,
                f"operation '{name}' has {len(node.output)} outputs; one is expected")
        nodes.append(StoredNode(kind=node.op_type, name=name, inputs=tuple(node.input),
                                output=node.output[0], attributes=attributes))
    shapes = {tensor.name: tuple(dimension.dim_value if dimension.HasField("dim_value") else -1
                                 for dimension in tensor.type.tensor_type.shape.dim)
              for tensor in (*graph.input, *graph.value_info, *graph.output)}
    # files before version 4 list initialisers among the inputs
    inputs = tuple(tensor.name for tensor in graph.input if tensor.name not in constants)
    return StoredGraph(nodes=tuple(nodes), inputs=inputs,
                       outputs=tuple(tensor.name for tensor in graph.output),
                       constants={name: np.asarray(values) for name, values in constants.items()},
                       shapes=shapes)
