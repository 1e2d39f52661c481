# SPDX-License-Identifier: Apache-2.0
"""What the operations of an ONNX model read and make: tensors in codes, constants, layers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapetum_compiler.arithmetic import INT8_MAX, INT8_MIN, Rescale, Rounding
from tapetum_compiler.errors import CompileError, require
from tapetum_compiler.network import Alias, Convolution, Layer, Padding, Tensor

from .onnx_file import StoredGraph, StoredNode
from .onnx_parts import QUANTISE_FIRST, Constant, Pending, View, map_shape

__all__ = ["NO_PADDING", "OnnxTensors"]

NO_PADDING = Padding()


class OnnxTensors:
    """As far as a graph has been imported; its operations add to that in the graph's order.

    Members
    -------
    values : dict
        What each name of the graph stands for.
    inputs : dict of Tensor
        Quantised ones, by the names of the graph's inputs.
    layers, aliases, notes
        Of the network.
    """

    def __init__(self, graph: StoredGraph) -> None:
        self.graph = graph
        self.values: dict[str, View | Constant | Pending] = {}
        self.inputs: dict[str, Tensor] = {}
        self.layers: list[Layer] = []
        self.aliases: dict[str, Alias] = {}
        self.notes: list[str] = []

    def stored(self, node: StoredNode, place: int) -> NDArray[Any]:
        """A constant of the file."""
        name = node.inputs[place]
        require(name in self.graph.constants,
                f"operation '{node.name}' computes '{name}' at run time; make it a constant")
        return self.graph.constants[name]

    def shape_of(self, name: str) -> tuple[int, ...]:
        """As the graph has it, without dimensions that change."""
        shape = self.graph.shapes.get(name, ())
        require(bool(shape) and min(shape) >= 1,
                f"tensor '{name}' has the shape {shape or '(unknown)'}, which contradicts another "
                "or may change from run to run; export the model with fixed height and width")
        return shape

    def read(self, node: StoredNode, place: int) -> View:
        """An input in codes."""
        name = node.inputs[place] if place < len(node.inputs) else ""
        value = self.values.get(name)
        if not isinstance(value, View):
            kind = "a constant" if isinstance(value, Constant) or name in self.graph.constants \
                else "not quantised"
            raise CompileError(f"operation '{node.name}' reads tensor '{name}', which is {kind}; "
                               + QUANTISE_FIRST)
        return value

    def map(self, node: StoredNode, place: int) -> Tensor:
        """An input in codes, as it was made."""
        view = self.read(node, place)
        require(map_shape(view.shape) == view.tensor.shape,
                f"operation '{node.name}' reads a map of {view.shape} that was reshaped from "
                f"{view.tensor.shape}; only Gemm and MatMul can take Reshape in, so remove it")
        return view.tensor

    def pend(self, node: StoredNode, finish: Callable[[Tensor, int, int], None]) -> None:
        """Make a layer as soon as it is known in which codes its output is."""
        self.values[node.output] = Pending(node, self.shape_of(node.output), finish)

    def requantised(self, node: StoredNode, view: View) -> Pending:
        """The same numbers for a layer of their own, in codes of another scale."""
        require(map_shape(view.shape) == view.tensor.shape,
                f"operation '{node.name}' gives a reshaped tensor another scale; quantise it alike")

        def finish(output: Tensor, act_min: int, act_max: int) -> None:
            self.unweighted(node, view.tensor, output, act_min=act_min, act_max=act_max)

        return Pending(node, view.shape, finish)

    def like(self, node: StoredNode, source: Tensor, output: Tensor) -> Tensor:
        """`source` in the codes of `output`, by a layer of its own if need be."""
        if source.is_quantised_like(output):
            return source
        made = replace(source, name=f"{source.name} for {node.name}", scale=output.scale,
                       zero_point=output.zero_point)
        if all(layer.output.name != made.name for layer in self.layers):
            self.unweighted(node, source, made)
        return made

    def unweighted(self, node: StoredNode, source: Tensor, output: Tensor, *,
                    window: tuple[int, int] = (1, 1), **arguments: Any) -> None:
        """The mean over a window: a depthwise convolution all of whose weights are one."""
        self.convolve(node, source, output, np.ones((source.channels, *window, 1), np.int64),
                       np.zeros(source.channels, np.int64),
                       np.array([1 / (window[0] * window[1])]), window=window, is_depthwise=True,
                       **arguments)

    def convolve(self, node: StoredNode, source: Tensor, output: Tensor,
                  weights: NDArray[np.int64], bias: NDArray[np.int64],
                  scales: NDArray[np.float64], *, window: tuple[int, int],
                  stride: tuple[int, int] = (1, 1), padding: Padding = NO_PADDING,
                  act_min: int = INT8_MIN, act_max: int = INT8_MAX,
                  is_depthwise: bool = False) -> None:
        """Add a convolution."""
        factors = np.broadcast_to(scales * source.scale / output.scale, len(weights))
        self.layers.append(Convolution(
            name=node.name, inputs=(source,), output=output, window=window, stride=stride,
            padding=padding, act_min=act_min, act_max=act_max, weights=weights.astype(np.int8),
            bias=bias, rescale=Rescale.of(factors), rounding=Rounding.SINGLE,
            is_depthwise=is_depthwise))

    def bias(self, node: StoredNode, place: int, scales: NDArray[np.float64],
              channels: int) -> NDArray[np.int64]:
        """In units of the products, whatever the file has it in."""
        if place >= len(node.inputs) or not node.inputs[place]:
            return np.zeros(channels, np.int64)
        value = self.values.get(node.inputs[place])
        numbers = (value.numbers() if isinstance(value, Constant)
                   else self.stored(node, place).astype(np.float64))
        require(numbers.size == channels,
                f"operation '{node.name}' has {numbers.size} biases for {channels} channels; "
                "export the model again")
        units = np.rint(numbers.reshape(-1) / scales)
        require(bool((np.abs(units) < 2.0**31).all()),
                f"operation '{node.name}' has a bias beyond 32 bits; quantise the model again with "
                "representative data")
        return units.astype(np.int64)

    def limit(self, node: StoredNode, place: int, attribute: str, default: float) -> float:
        """Of a range, by an input or by an attribute."""
        if place < len(node.inputs) and node.inputs[place]:
            value = self.values.get(node.inputs[place])
            numbers = (value.numbers() if isinstance(value, Constant)
                       else self.stored(node, place))
            return float(numbers.reshape(-1)[0]) if numbers.size else default
        return float(node.attributes.get(attribute, default))
