# SPDX-License-Identifier: Apache-2.0
"""TensorFlow Lite models of full integer quantisation (int8)."""

from dataclasses import dataclass
from typing import NoReturn

import numpy as np

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

from .single_rounding import rounds_exactly
from .tflite_file import StoredModel, StoredOperation, StoredTensor, read_model
from .tflite_parts import (
    INTEGER_ONLY,
    activation_of,
    input_of,
    map_shape,
    mean_rescale,
    option_of,
    padding_of,
    stride_of,
    tensor_of,
    weights_of,
)

__all__ = ["import_tflite"]

_NO_PADDING = Padding()


def import_tflite(content: bytes) -> Network:
    """A network of the content of a ``.tflite`` file."""
    return _Importer(read_model(content)).network()


@dataclass(frozen=True)
class _View:
    """How a tensor of the file follows from one of the network: reshaped, or with a border."""

    tensor: Tensor
    shape: tuple[int, ...]
    border: Padding = _NO_PADDING


class _Importer:
    def __init__(self, model: StoredModel) -> None:
        self.model = model
        self.views: dict[int, _View] = {}
        self.inputs: list[Tensor | None] = []
        self.layers: list[Layer] = []
        self.aliases: dict[str, Alias] = {}
        self.notes: list[str] = []

    def network(self) -> Network:
        self.inputs = [self._input(index) for index in self.model.inputs]
        for operation in self.model.operations:
            imported = _OPERATIONS.get(operation.kind)
            if imported is None:
                self._refuse_operation(operation)
            require(len(operation.outputs) == 1,
                    f"operation '{operation.name}' has {len(operation.outputs)} outputs where one "
                    "is expected; the file is damaged, get it again")
            imported(self, operation)
        outputs = [self._view(index, "the end of the model") for index in self.model.outputs]
        for view in outputs:
            require(view.border == _NO_PADDING,
                    f"output '{view.tensor.name}' is padded; leave the padding to its reader")
        return Network(inputs=tuple(tensor for tensor in self.inputs if tensor is not None),
                       outputs=tuple(view.tensor for view in outputs),
                       layers=tuple(self.layers), aliases=self.aliases, notes=tuple(self.notes))

    # tensors

    def _input(self, index: int) -> Tensor | None:
        stored = self.model.tensors[index]
        if stored.signature[:1] == (-1,):
            self.notes.append(f"input '{stored.name}' takes any number of images; the array takes "
                              "one at a time")
        if stored.type == "INT8":
            self.views[index] = self._new_view(index, f"input '{stored.name}'")
            return self.views[index].tensor
        require(any(operation.kind == "QUANTIZE" and operation.inputs == (index,)
                    for operation in self.model.operations),
                f"input '{stored.name}' is {stored.type} and nothing quantises it; "
                + INTEGER_ONLY)
        return None

    def _new_view(self, index: int, user: str) -> _View:
        stored = self.model.tensors[index]
        if len(stored.shape) < 4:
            self.aliases[stored.name] = Alias(stored.name, stored.shape[1:])
        return _View(tensor_of(stored, user), stored.shape)

    def _view(self, index: int, user: str) -> _View:
        if index in self.views:
            return self.views[index]
        require(index >= 0, f"{user} lacks an input; the file is damaged, get it again")
        stored = self.model.tensors[index]
        if stored.data:
            raise CompileError(f"{user} reads the constant '{stored.name}' as if it were a map; "
                               "fold constants before the conversion")
        raise CompileError(
            f"{user} reads tensor '{stored.name}' ({stored.type}), which no operation of the "
            "integer network makes; " + INTEGER_ONLY)

    def _map(self, operation: StoredOperation, place: int) -> Tensor:
        """An input that must be as it was made, neither padded nor reshaped."""
        view = self._view(input_of(operation, place), f"operation '{operation.name}'")
        name = self.model.tensors[operation.inputs[place]].name
        require(view.border == _NO_PADDING,
                f"operation '{operation.name}' reads tensor '{name}' with a border; only "
                "convolutions can take PAD in, so pad after this operation")
        require(map_shape(view.shape) == view.tensor.shape,
                f"operation '{operation.name}' reads tensor '{name}' of shape {view.shape}, "
                f"reshaped from {view.tensor.shape}; only fully connected layers can take RESHAPE "
                "in, so remove it")
        return view.tensor

    def _made(self, operation: StoredOperation) -> Tensor:
        (index,) = operation.outputs
        require(index not in self.views,
                f"operation '{operation.name}' makes tensor '{self.model.tensors[index].name}' "
                "a second time; the file is damaged, get it again")
        self.views[index] = self._new_view(index, f"operation '{operation.name}'")
        return self.views[index].tensor

    def _constant(self, operation: StoredOperation, place: int) -> StoredTensor:
        return self.model.tensors[input_of(operation, place)]

    # operations

    def convolution(self, operation: StoredOperation) -> None:
        is_depthwise = operation.kind == "DEPTHWISE_CONV_2D"
        view = self._view(input_of(operation, 0), f"operation '{operation.name}'")
        source = view.tensor
        weights = self._constant(operation, 1)
        dilation = (option_of(operation, "DilationHFactor"),
                    option_of(operation, "DilationWFactor"))
        require(dilation == (1, 1),
                f"operation '{operation.name}' has the dilation {dilation}; use (1, 1)")
        padded = (source.height + view.border.top + view.border.bottom,
                  source.width + view.border.left + view.border.right)
        require(map_shape(view.shape) == (*padded, source.channels),
                f"operation '{operation.name}' reads a map of {view.shape} that was reshaped from "
                f"{source.shape}; remove the RESHAPE before it")
        require(len(weights.shape) == 4 and min(weights.shape) >= 1,
                f"weights '{weights.name}' have the shape {weights.shape}; four dimensions are "
                "expected")
        output = self._made(operation)
        stride = stride_of(operation)
        window = (weights.shape[1], weights.shape[2])
        values, scales = weights_of(operation, weights, 3 if is_depthwise else 0)
        if is_depthwise:
            require(weights.shape[0] == 1,
                    f"weights '{weights.name}' have the shape {weights.shape}; depthwise ones "
                    "begin with 1")
            values = values.transpose(3, 1, 2, 0)
        elif weights.shape[3] != source.channels:
            raise CompileError(
                f"operation '{operation.name}' sees {weights.shape[3]} of {source.channels} input "
                "channels at once; use one group, or a depthwise convolution")
        padding = view.border.plus(padding_of(operation, padded, window, stride))
        self._convolve(operation, source, output, values, scales, window=window, stride=stride,
                       padding=padding, is_depthwise=is_depthwise)

    def fully_connected(self, operation: StoredOperation) -> None:
        view = self._view(input_of(operation, 0), f"operation '{operation.name}'")
        source = view.tensor
        weights = self._constant(operation, 1)
        require(option_of(operation, "WeightsFormat") == 0,
                f"operation '{operation.name}' has shuffled weights; convert without it")
        require(view.border == _NO_PADDING and len(weights.shape) == 2
                and weights.shape[1] == source.values,
                f"operation '{operation.name}' has weights of {weights.shape} for the "
                f"{source.values} values of tensor '{source.name}'; flatten the whole map before "
                "it")
        output = self._made(operation)
        values, scales = weights_of(operation, weights, 0)
        self._convolve(operation, source, output, values.reshape(-1, *source.shape), scales,
                       window=(source.height, source.width), rounding=Rounding.SINGLE)
        (layer,) = self.layers[-1:]
        assert isinstance(layer, Convolution)
        if not rounds_exactly(layer, scales * source.scale / output.scale):
            self.notes.append(f"operation '{operation.name}' may differ from LiteRT by one code, "
                              "where a sum lies next to the middle between two")

    def _convolve(self, operation: StoredOperation, source: Tensor, output: Tensor,
                  weights: np.ndarray, scales: np.ndarray, *, window: tuple[int, int],
                  stride: tuple[int, int] = (1, 1), padding: Padding = _NO_PADDING,
                  rounding: Rounding = Rounding.DOUBLE, is_depthwise: bool = False) -> None:
        bias = np.zeros(output.channels, np.int64)
        if len(operation.inputs) > 2 and operation.inputs[2] >= 0:
            stored = self._constant(operation, 2)
            require(stored.type == "INT32",
                    f"bias '{stored.name}' is {stored.type} and not INT32; " + INTEGER_ONLY)
            bias = stored.values.reshape(-1)
        act_min, act_max = activation_of(operation, output)
        factors = scales * source.scale / output.scale
        self.layers.append(Convolution(
            name=operation.name, inputs=(source,), output=output, window=window, stride=stride,
            padding=padding, act_min=act_min, act_max=act_max, weights=weights.astype(np.int8),
            bias=bias, rescale=Rescale.of(np.broadcast_to(factors, len(weights))),
            rounding=rounding, is_depthwise=is_depthwise))

    def mean(self, operation: StoredOperation) -> None:
        source = self._map(operation, 0)
        axes = sorted(axis % 4 for axis in self._constant(operation, 1).values.reshape(-1).tolist())
        require(axes == [1, 2],
                f"operation '{operation.name}' averages over the axes {axes}; use height and "
                "width, axes 1 and 2")
        output = self._made(operation)
        window, channels = (source.height, source.width), source.channels
        self.layers.append(Convolution(
            name=operation.name, inputs=(source,), output=output, window=window, stride=(1, 1),
            padding=_NO_PADDING, weights=np.ones((channels, *window, 1), np.int8),
            bias=np.zeros(channels, np.int64), is_depthwise=True,
            rescale=mean_rescale(source.scale / output.scale, window[0] * window[1], channels)))

    def pool(self, operation: StoredOperation) -> None:
        source = self._map(operation, 0)
        output = self._made(operation)
        window = (int(option_of(operation, "FilterHeight")),
                  int(option_of(operation, "FilterWidth")))
        stride = stride_of(operation)
        act_min, act_max = activation_of(operation, output)
        self.layers.append(Pool(
            name=operation.name, inputs=(source,), output=output, window=window, stride=stride,
            padding=padding_of(operation, (source.height, source.width), window, stride),
            act_min=act_min, act_max=act_max,
            kind=PoolKind.MAX if operation.kind == "MAX_POOL_2D" else PoolKind.AVERAGE))

    def add(self, operation: StoredOperation) -> None:
        first, second = self._map(operation, 0), self._map(operation, 1)
        output = self._made(operation)
        act_min, act_max = activation_of(operation, output)
        self.layers.append(Add.of(name=operation.name, inputs=(first, second), output=output,
                                  act_min=act_min, act_max=act_max))

    def concatenation(self, operation: StoredOperation) -> None:
        sources = [self._map(operation, place) for place in range(len(operation.inputs))]
        output = self._made(operation)
        rank = len(self.model.tensors[operation.outputs[0]].shape)
        require(option_of(operation, "Axis") in (-1, rank - 1),
                f"operation '{operation.name}' joins along axis {option_of(operation, 'Axis')}; "
                "join channels, the last axis")
        require(activation_of(operation, output) == (INT8_MIN, INT8_MAX),
                f"operation '{operation.name}' has an activation; put it before the joining")
        self.layers.append(Concat(name=operation.name, inputs=tuple(sources), output=output))

    def softmax(self, operation: StoredOperation) -> None:
        view = self._view(input_of(operation, 0), f"operation '{operation.name}'")
        require(view.shape[-1] == view.tensor.channels and view.border == _NO_PADDING,
                f"operation '{operation.name}' reads a map of {view.shape} that was reshaped from "
                f"{view.tensor.shape}; remove the RESHAPE before it")
        output = self._made(operation)
        self.notes.append(f"operation '{operation.name}' is left to the host")
        self.layers.append(Softmax(name=operation.name, inputs=(view.tensor,), output=output,
                                   beta=float(option_of(operation, "Beta"))))

    def pad(self, operation: StoredOperation) -> None:
        source = self._map(operation, 0)
        (made,) = operation.outputs
        stored = self._constant(operation, 1)
        amounts = stored.values
        is_spatial = amounts.shape == (4, 2) and not amounts[[0, 3]].any()
        output = tensor_of(self.model.tensors[made], f"operation '{operation.name}'")
        require(is_spatial and bool((amounts >= 0).all()),
                f"operation '{operation.name}' pads by {amounts.tolist()}; pad only height and "
                "width of a map")
        border = Padding(int(amounts[1, 0]), int(amounts[2, 0]), int(amounts[1, 1]),
                         int(amounts[2, 1]))
        require(output.shape == (source.height + border.top + border.bottom,
                                 source.width + border.left + border.right, source.channels)
                and output.is_quantised_like(source),
                f"operation '{operation.name}' makes {output.shape} of {source.shape}, or of "
                "another scale; the file is damaged, get it again")
        if operation.kind == "PADV2":
            value = self._constant(operation, 2).values
            require(bool((value == source.zero_point).all()),
                    f"operation '{operation.name}' pads with {value.reshape(-1).tolist()}; pad "
                    f"with {source.zero_point}, which stands for zero")
        self.notes.append(f"operation '{operation.name}' became padding of the layers that read it")
        self.views[made] = _View(source, self.model.tensors[made].shape, border)

    def reshape(self, operation: StoredOperation) -> None:
        view = self._view(input_of(operation, 0), f"operation '{operation.name}'")
        (made,) = operation.outputs
        stored = self.model.tensors[made]
        output = tensor_of(stored, f"operation '{operation.name}'")
        require(output.values == view.tensor.values and view.border == _NO_PADDING
                and output.is_quantised_like(view.tensor),
                f"operation '{operation.name}' makes {stored.shape} of {view.shape}, or of another "
                "scale; export the model again, without the operation")
        self.views[made] = _View(view.tensor, stored.shape)
        self.aliases[stored.name] = Alias(view.tensor.name, stored.shape[1:])

    def quantise(self, operation: StoredOperation) -> None:
        source = input_of(operation, 0)
        stored = self.model.tensors[source]
        if source in self.views:
            self._requantise(operation)
            return
        require(source in self.model.inputs and stored.type in ("FLOAT32", "UINT8"),
                f"operation '{operation.name}' quantises tensor '{stored.name}' ({stored.type}) "
                "within the network; " + INTEGER_ONLY)
        output = self._made(operation)
        if stored.type == "UINT8":
            require(stored.scales.tolist() == [output.scale]
                    and stored.zero_points.tolist() == [output.zero_point + 128],
                    f"operation '{operation.name}' changes the scale of the input; convert with "
                    "inference_input_type int8")
        place = self.model.inputs.index(source)
        require(self.inputs[place] is None,
                f"input '{stored.name}' is quantised twice; quantise it once")
        self.inputs[place] = output
        self.notes.append(f"input '{stored.name}' ({stored.type}) is quantised by whoever gives "
                          f"it: the network takes '{output.name}', scale {output.scale:g}, zero "
                          f"point {output.zero_point}")

    def _requantise(self, operation: StoredOperation) -> None:
        source = self._map(operation, 0)
        output = self._made(operation)
        channels = source.channels
        self.layers.append(Convolution(
            name=operation.name, inputs=(source,), output=output, window=(1, 1), stride=(1, 1),
            padding=_NO_PADDING, weights=np.ones((channels, 1, 1, 1), np.int8),
            bias=np.zeros(channels, np.int64), is_depthwise=True,
            rescale=Rescale.of([source.scale / output.scale] * channels)))

    def dequantise(self, operation: StoredOperation) -> None:
        view = self._view(input_of(operation, 0), f"operation '{operation.name}'")
        (made,) = operation.outputs
        stored = self.model.tensors[made]
        require(made in self.model.outputs,
                f"operation '{operation.name}' makes tensor '{stored.name}' a number of floating "
                "point within the network; " + INTEGER_ONLY)
        self.views[made] = view
        self.notes.append(f"output '{stored.name}' stays in codes: it is "
                          f"{view.tensor.scale:g} * (code - {view.tensor.zero_point}) of "
                          f"'{view.tensor.name}'")

    def _refuse_operation(self, operation: StoredOperation) -> NoReturn:
        made = ", ".join(f"'{self.model.tensors[index].name}'" for index in operation.outputs)
        raise CompileError(f"operation '{operation.name}', which makes tensor {made}, is not "
                           f"supported; use {', '.join(sorted(_OPERATIONS))}")


_OPERATIONS = {
    "ADD": _Importer.add,
    "AVERAGE_POOL_2D": _Importer.pool,
    "CONCATENATION": _Importer.concatenation,
    "CONV_2D": _Importer.convolution,
    "DEPTHWISE_CONV_2D": _Importer.convolution,
    "DEQUANTIZE": _Importer.dequantise,
    "FULLY_CONNECTED": _Importer.fully_connected,
    "MAX_POOL_2D": _Importer.pool,
    "MEAN": _Importer.mean,
    "PAD": _Importer.pad,
    "PADV2": _Importer.pad,
    "QUANTIZE": _Importer.quantise,
    "RESHAPE": _Importer.reshape,
    "SOFTMAX": _Importer.softmax,
}
