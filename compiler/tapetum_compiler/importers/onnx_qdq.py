# SPDX-License-Identifier: Apache-2.0
"""ONNX models in which quantised tensors lie between QuantizeLinear and DequantizeLinear.

``onnxruntime.quantization.quantize_static`` writes them with ``QuantFormat.QDQ``. Between two
quantised tensors ONNX computes in floating point; here, in integers with one rounding.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapetum_compiler.arithmetic import INT8_MAX, INT8_MIN, Rescale, Rounding
from tapetum_compiler.errors import CompileError, require
from tapetum_compiler.network import (
    Add,
    Alias,
    Concat,
    Convolution,
    Layer,
    Network,
    Padding,
    Pool,
    PoolKind,
    Softmax,
    Tensor,
)

from .onnx_file import StoredGraph, StoredNode, read_graph
from .onnx_parts import (
    QUANTISE_FIRST,
    Constant,
    Pending,
    View,
    code_of,
    map_shape,
    pair_of,
    scales_of,
    tensor_of,
    weights_of,
    window_of,
)

__all__ = ["import_onnx"]

_OFFSETS = {np.dtype(np.int8): 0, np.dtype(np.uint8): 128}
_NO_PADDING = Padding()


def import_onnx(content: bytes) -> Network:
    """A network of the content of an ``.onnx`` file."""
    return _Importer(read_graph(content)).network()


class _Importer:
    def __init__(self, graph: StoredGraph) -> None:
        self.graph = graph
        self.values: dict[str, View | Constant | Pending] = {}
        self.inputs: dict[str, Tensor] = {}
        self.layers: list[Layer] = []
        self.aliases: dict[str, Alias] = {}
        self.notes: list[str] = []

    def network(self) -> Network:
        for node in self.graph.nodes:
            imported = _OPERATIONS.get(node.kind)
            require(imported is not None,
                    f"operation '{node.name}', which makes tensor '{node.output}', is not "
                    f"supported; use {', '.join(sorted(_OPERATIONS))}")
            _OPERATIONS[node.kind](self, node)
        outputs = [self._output(name) for name in self.graph.outputs]
        missing = [name for name in self.graph.inputs if name not in self.inputs]
        require(not missing, f"input '{', '.join(missing)}' is never quantised; {QUANTISE_FIRST}")
        inputs = tuple(self.inputs[name] for name in self.graph.inputs)
        return Network(inputs=inputs, outputs=tuple(outputs), layers=tuple(self.layers),
                       aliases=self.aliases, notes=tuple(self.notes))

    def _output(self, name: str) -> Tensor:
        value = self.values.get(name)
        if isinstance(value, Pending) and value.node.kind == "Softmax":
            self.notes.append(f"operation '{value.node.name}' is left to the host")
            value = self._read(value.node, 0)
        require(isinstance(value, View),
                f"output '{name}' is not quantised; {QUANTISE_FIRST}")
        assert isinstance(value, View)
        self.notes.append(f"output '{name}' stays in codes: it is {value.tensor.scale:g} * (code - "
                          f"{value.tensor.zero_point}) of '{value.tensor.name}'")
        return value.tensor

    # quantisation

    def quantise(self, node: StoredNode) -> None:
        source = node.inputs[0]
        scales, zero_points, offset = self._parameters(node)
        require(scales.size == 1,
                f"operation '{node.name}' has {scales.size} scales; quantise activations per "
                "tensor")
        value = self.values.get(source)
        if isinstance(value, View):
            same = (value.tensor.scale, value.tensor.zero_point) == (
                scales[0], zero_points[0] - offset)
            if same:
                self.values[node.output] = value
                if value.tensor.height == value.tensor.width == 1:
                    self.aliases[node.output] = Alias(value.tensor.name, value.shape[1:])
                return
            value = self._requantised(node, value)
        shape = self._shape(source) if value is None else value.shape
        tensor = tensor_of(node, node.output, shape, scales[0], zero_points[0] - offset)
        self.values[node.output] = View(tensor, shape)
        if offset:
            self.notes.append(f"the codes of tensor '{node.output}' are {offset} less here")
        if value is None:
            require(source in self.graph.inputs and source not in self.inputs,
                    f"operation '{node.name}' quantises tensor '{source}', which no operation "
                    "makes, or quantises it twice; " + QUANTISE_FIRST)
            self.inputs[source] = tensor
            self.notes.append(f"input '{source}' is quantised by whoever gives it: the network "
                              f"takes '{tensor.name}', scale {tensor.scale:g}, zero point "
                              f"{tensor.zero_point}, channels last")
            return
        require(isinstance(value, Pending),
                f"operation '{node.name}' quantises the constant '{source}'; fold it")
        assert isinstance(value, Pending)
        value.finish(tensor, max(INT8_MIN, code_of(value.low, tensor)),
                     min(INT8_MAX, code_of(value.high, tensor)))

    def dequantise(self, node: StoredNode) -> None:
        source = node.inputs[0]
        scales, zero_points, offset = self._parameters(node)
        if source in self.graph.constants:
            codes, axis = self.graph.constants[source], int(node.attributes.get("axis", 1))
            require(scales.size == 1 or (-codes.ndim <= axis < codes.ndim
                                         and codes.shape[axis] == scales.size),
                    f"operation '{node.name}' has {scales.size} scales along axis {axis} of "
                    f"{codes.shape}; quantise the model again")
            self.values[node.output] = Constant(codes.astype(np.int64), scales, zero_points, axis)
            return
        if source not in self.values and source in self.graph.inputs:
            shape = self._shape(source)
            tensor = tensor_of(node, source, shape, scales[0], zero_points[0] - offset)
            self.inputs[source] = tensor
            self.values[source] = View(tensor, shape)
        value = self.values.get(source)
        require(isinstance(value, View) and scales.size == 1
                and (value.tensor.scale, value.tensor.zero_point)
                == (scales[0], zero_points[0] - offset),
                f"operation '{node.name}' reads tensor '{source}' with another scale than it was "
                "quantised with; " + QUANTISE_FIRST)
        assert isinstance(value, View)
        self.values[node.output] = value

    def _parameters(self, node: StoredNode) -> tuple[NDArray[np.float64], NDArray[np.int64], int]:
        """Scales, zero points, and what codes lose to become int8."""
        scales = self._stored(node, 1).astype(np.float64).reshape(-1)
        stored = (self._stored(node, 2) if len(node.inputs) > 2 and node.inputs[2]
                  else np.zeros(scales.size, np.uint8)).reshape(-1)
        is_bias = node.inputs[0] in self.graph.constants and stored.dtype == np.int32
        require(stored.dtype in _OFFSETS or is_bias,
                f"operation '{node.name}' has codes of {stored.dtype}; {QUANTISE_FIRST}")
        require(scales.size == stored.size > 0,
                f"operation '{node.name}' has {scales.size} scales and {stored.size} zero points; "
                "quantise the model again")
        return scales, stored.astype(np.int64), _OFFSETS.get(stored.dtype, 0)

    def _stored(self, node: StoredNode, place: int) -> NDArray[Any]:
        name = node.inputs[place]
        require(name in self.graph.constants,
                f"operation '{node.name}' computes '{name}' at run time; make it a constant")
        return self.graph.constants[name]

    def _shape(self, name: str) -> tuple[int, ...]:
        shape = self.graph.shapes.get(name, ())
        require(bool(shape) and min(shape) >= 1,
                f"tensor '{name}' has the shape {shape or '(unknown)'}, which contradicts another "
                "or may change from run to run; export the model with fixed height and width")
        return shape

    def _read(self, node: StoredNode, place: int) -> View:
        """An input in codes."""
        name = node.inputs[place] if place < len(node.inputs) else ""
        value = self.values.get(name)
        if not isinstance(value, View):
            kind = "a constant" if isinstance(value, Constant) or name in self.graph.constants \
                else "not quantised"
            raise CompileError(f"operation '{node.name}' reads tensor '{name}', which is {kind}; "
                               + QUANTISE_FIRST)
        return value

    def _map(self, node: StoredNode, place: int) -> Tensor:
        view = self._read(node, place)
        require(map_shape(view.shape) == view.tensor.shape,
                f"operation '{node.name}' reads a map of {view.shape} that was reshaped from "
                f"{view.tensor.shape}; only Gemm and MatMul can take Reshape in, so remove it")
        return view.tensor

    # operations

    def convolution(self, node: StoredNode) -> None:
        source = self._map(node, 0)
        weights = weights_of(node, 1, self.values.get(node.inputs[1]))
        group = int(node.attributes.get("group", 1))
        channels = weights.codes.shape[0]
        is_depthwise = group > 1
        require(weights.codes.ndim == 4, f"operation '{node.name}' has weights of "
                f"{weights.codes.shape}; only height and width are supported, so use Conv2d")
        require(group in (1, source.channels),
                f"operation '{node.name}' has {group} groups for {source.channels} channels; use "
                "one group, or as many as channels")
        scales = scales_of(node, weights, 0)
        window = (weights.codes.shape[2], weights.codes.shape[3])
        stride, padding = window_of(node, source, window)
        bias = self._bias(node, 2, scales * source.scale, channels)
        codes = weights.codes.transpose(0, 2, 3, 1)

        def finish(output: Tensor, act_min: int, act_max: int) -> None:
            self._convolve(node, source, output, codes, bias, scales, window=window,
                           stride=stride, padding=padding, act_min=act_min, act_max=act_max,
                           is_depthwise=is_depthwise)

        self._pend(node, finish)

    def fully_connected(self, node: StoredNode) -> None:
        view = self._read(node, 0)
        source = view.tensor
        attributes = node.attributes
        require(not attributes.get("transA", 0) and attributes.get("alpha", 1.0) == 1
                and attributes.get("beta", 1.0) == 1,
                f"operation '{node.name}' has transA, alpha or beta; export a plain Linear")
        weights = weights_of(node, 1, self.values.get(node.inputs[1]))
        is_turned = bool(attributes.get("transB", 0))
        codes = weights.codes if is_turned else weights.codes.T
        require(codes.ndim == 2 and codes.shape[1] == source.values == view.shape[-1],
                f"operation '{node.name}' has weights of {weights.codes.shape} for the "
                f"{source.values} values of tensor '{source.name}'; flatten the whole map before "
                "it")
        scales = scales_of(node, weights, 0 if is_turned else 1)
        bias = self._bias(node, 2, scales * source.scale, len(codes))
        height, width, channels = source.shape
        codes = codes.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)

        def finish(output: Tensor, act_min: int, act_max: int) -> None:
            self._convolve(node, source, output, codes, bias, scales, window=(height, width),
                           act_min=act_min, act_max=act_max)

        self._pend(node, finish)

    def average(self, node: StoredNode) -> None:
        source = self._map(node, 0)
        if node.kind == "GlobalAveragePool":
            window, stride, padding = (source.height, source.width), (1, 1), _NO_PADDING
        else:
            window = pair_of(node, "kernel_shape")
            stride, padding = window_of(node, source, window)
            require(padding == _NO_PADDING or bool(node.attributes.get("count_include_pad", 0)),
                    f"operation '{node.name}' leaves padding out of the average; use "
                    "count_include_pad, or no padding")

        def finish(output: Tensor, act_min: int, act_max: int) -> None:
            self._unweighted(node, source, output, window=window, stride=stride, padding=padding,
                             act_min=act_min, act_max=act_max)

        self._pend(node, finish)

    def maximum(self, node: StoredNode) -> None:
        source = self._map(node, 0)
        window = pair_of(node, "kernel_shape")
        stride, padding = window_of(node, source, window)

        def finish(output: Tensor, act_min: int, act_max: int) -> None:
            self.layers.append(Pool(
                name=node.name, inputs=(source,), output=output, window=window, stride=stride,
                padding=padding, act_min=act_min, act_max=act_max, kind=PoolKind.MAX))

        self._pend(node, finish)

    def add(self, node: StoredNode) -> None:
        first, second = self._map(node, 0), self._map(node, 1)

        def finish(output: Tensor, act_min: int, act_max: int) -> None:
            self.layers.append(Add.of(name=node.name, inputs=(first, second), output=output,
                                      act_min=act_min, act_max=act_max))

        self._pend(node, finish)

    def concatenation(self, node: StoredNode) -> None:
        sources = [self._map(node, place) for place in range(len(node.inputs))]
        rank = len(self._read(node, 0).shape)
        require(int(node.attributes["axis"]) in (1, 1 - rank),
                f"operation '{node.name}' joins along axis {node.attributes['axis']}; join "
                "channels, axis 1")

        def finish(output: Tensor, act_min: int, act_max: int) -> None:
            require((act_min, act_max) == (INT8_MIN, INT8_MAX),
                    f"operation '{node.name}' has an activation; put it before the joining")
            self.layers.append(Concat(
                name=node.name, output=output,
                inputs=tuple(self._like(node, source, output) for source in sources)))

        self._pend(node, finish)

    def softmax(self, node: StoredNode) -> None:
        view = self._read(node, 0)
        axis = int(node.attributes.get("axis", -1))
        require(view.shape[-1] == view.tensor.channels
                and axis in (-1, len(view.shape) - 1),
                f"operation '{node.name}' works along axis {axis} of {view.shape}; apply it to "
                "the last axis of the scores")

        def finish(output: Tensor, act_min: int, act_max: int) -> None:
            self.notes.append(f"operation '{node.name}' is left to the host")
            self.layers.append(Softmax(name=node.name, inputs=(view.tensor,), output=output))

        self._pend(node, finish)

    def clamp(self, node: StoredNode) -> None:
        low, high = (0.0, np.inf) if node.kind == "Relu" else (
            self._limit(node, 1, "min", -np.inf), self._limit(node, 2, "max", np.inf))
        value = self.values.get(node.inputs[0])
        if isinstance(value, View):
            value = self._requantised(node, value)
        require(isinstance(value, Pending),
                f"operation '{node.name}' reads tensor '{node.inputs[0]}', which is not "
                "quantised; " + QUANTISE_FIRST)
        assert isinstance(value, Pending)
        self.values[node.output] = replace(value, low=max(value.low, low),
                                           high=min(value.high, high))

    def reshape(self, node: StoredNode) -> None:
        view = self._read(node, 0)
        shape = self._shape(node.output)
        require(shape[0] == 1 and int(np.prod(shape)) == view.tensor.values,
                f"operation '{node.name}' makes {shape} of {view.shape}; keep one image per batch")
        self.values[node.output] = View(view.tensor, shape)

    def identity(self, node: StoredNode) -> None:
        self.values[node.output] = self.values.get(node.inputs[0]) or self._read(node, 0)

    # parts of operations

    def _pend(self, node: StoredNode, finish: Callable[[Tensor, int, int], None]) -> None:
        self.values[node.output] = Pending(node, self._shape(node.output), finish)

    def _requantised(self, node: StoredNode, view: View) -> Pending:
        """The same numbers for a layer of their own, in codes of another scale."""
        require(map_shape(view.shape) == view.tensor.shape,
                f"operation '{node.name}' gives a reshaped tensor another scale; quantise it alike")

        def finish(output: Tensor, act_min: int, act_max: int) -> None:
            self._unweighted(node, view.tensor, output, act_min=act_min, act_max=act_max)

        return Pending(node, view.shape, finish)

    def _like(self, node: StoredNode, source: Tensor, output: Tensor) -> Tensor:
        """`source` in the codes of `output`, by a layer of its own if need be."""
        if source.is_quantised_like(output):
            return source
        made = replace(source, name=f"{source.name} for {node.name}", scale=output.scale,
                       zero_point=output.zero_point)
        if all(layer.output.name != made.name for layer in self.layers):
            self._unweighted(node, source, made)
        return made

    def _unweighted(self, node: StoredNode, source: Tensor, output: Tensor, *,
                    window: tuple[int, int] = (1, 1), **arguments: Any) -> None:
        """The mean over a window: a depthwise convolution all of whose weights are one."""
        self._convolve(node, source, output, np.ones((source.channels, *window, 1), np.int64),
                       np.zeros(source.channels, np.int64),
                       np.array([1 / (window[0] * window[1])]), window=window, is_depthwise=True,
                       **arguments)

    def _convolve(self, node: StoredNode, source: Tensor, output: Tensor,
                  weights: NDArray[np.int64], bias: NDArray[np.int64],
                  scales: NDArray[np.float64], *, window: tuple[int, int],
                  stride: tuple[int, int] = (1, 1), padding: Padding = _NO_PADDING,
                  act_min: int = INT8_MIN, act_max: int = INT8_MAX,
                  is_depthwise: bool = False) -> None:
        factors = np.broadcast_to(scales * source.scale / output.scale, len(weights))
        self.layers.append(Convolution(
            name=node.name, inputs=(source,), output=output, window=window, stride=stride,
            padding=padding, act_min=act_min, act_max=act_max, weights=weights.astype(np.int8),
            bias=bias, rescale=Rescale.of(factors), rounding=Rounding.SINGLE,
            is_depthwise=is_depthwise))

    def _bias(self, node: StoredNode, place: int, scales: NDArray[np.float64],
              channels: int) -> NDArray[np.int64]:
        """In units of the products, whatever the file has it in."""
        if place >= len(node.inputs) or not node.inputs[place]:
            return np.zeros(channels, np.int64)
        value = self.values.get(node.inputs[place])
        numbers = (value.numbers() if isinstance(value, Constant)
                   else self._stored(node, place).astype(np.float64))
        require(numbers.size == channels,
                f"operation '{node.name}' has {numbers.size} biases for {channels} channels; "
                "export the model again")
        units = np.rint(numbers.reshape(-1) / scales)
        require(bool((np.abs(units) < 2.0**31).all()),
                f"operation '{node.name}' has a bias beyond 32 bits; quantise the model again with "
                "representative data")
        return units.astype(np.int64)

    def _limit(self, node: StoredNode, place: int, attribute: str, default: float) -> float:
        if place < len(node.inputs) and node.inputs[place]:
            value = self.values.get(node.inputs[place])
            numbers = (value.numbers() if isinstance(value, Constant)
                       else self._stored(node, place))
            return float(numbers.reshape(-1)[0]) if numbers.size else default
        return float(node.attributes.get(attribute, default))


_OPERATIONS = {
    "Add": _Importer.add,
    "AveragePool": _Importer.average,
    "Clip": _Importer.clamp,
    "Concat": _Importer.concatenation,
    "Conv": _Importer.convolution,
    "DequantizeLinear": _Importer.dequantise,
    "Dropout": _Importer.identity,
    "Flatten": _Importer.reshape,
    "Gemm": _Importer.fully_connected,
    "GlobalAveragePool": _Importer.average,
    "Identity": _Importer.identity,
    "MatMul": _Importer.fully_connected,
    "MaxPool": _Importer.maximum,
    "QuantizeLinear": _Importer.quantise,
    "Relu": _Importer.clamp,
    "Reshape": _Importer.reshape,
    "Softmax": _Importer.softmax,
}


