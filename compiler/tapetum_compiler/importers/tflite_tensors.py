# SPDX-License-Identifier: Apache-2.0
"""What the operations of a TensorFlow Lite model read and make: maps, constants, layers."""

from dataclasses import dataclass

import numpy as np

from tapetum_compiler.arithmetic import Rescale, Rounding
from tapetum_compiler.errors import CompileError, require
from tapetum_compiler.network import Alias, Convolution, Layer, Padding, Tensor

from .tflite_file import StoredModel, StoredOperation, StoredTensor
from .tflite_parts import INTEGER_ONLY, activation_of, input_of, map_shape, tensor_of

__all__ = ["NO_PADDING", "TfliteTensors", "View"]

NO_PADDING = Padding()


@dataclass(frozen=True)
class View:
    """How a tensor of the file follows from one of the network: reshaped, or with a border."""

    tensor: Tensor
    shape: tuple[int, ...]
    border: Padding = NO_PADDING


class TfliteTensors:
    """As far as a file has been imported; its operations add to that in the file's order.

    Members
    -------
    views : dict
        What each tensor of the file, by its index, stands for.
    inputs : list
        Of the network, in the file's order; None until it is quantised.
    layers, aliases, notes
        Of the network.
    """

    def __init__(self, file: StoredModel) -> None:
        self.file = file
        self.views: dict[int, View] = {}
        self.inputs: list[Tensor | None] = []
        self.layers: list[Layer] = []
        self.aliases: dict[str, Alias] = {}
        self.notes: list[str] = []

    def new_view(self, index: int, user: str) -> View:
        """Of a tensor that an operation, or whoever gives it, makes."""
        stored = self.file.tensors[index]
        if len(stored.shape) < 4:
            self.aliases[stored.name] = Alias(stored.name, stored.shape[1:])
        return View(tensor_of(stored, user), stored.shape)

    def view(self, index: int, user: str) -> View:
        """What a tensor of the file stands for, by its index."""
        if index in self.views:
            return self.views[index]
        require(index >= 0, f"{user} lacks an input; the file is damaged, get it again")
        stored = self.file.tensors[index]
        if stored.data:
            raise CompileError(f"{user} reads the constant '{stored.name}' as if it were a map; "
                               "fold constants before the conversion")
        raise CompileError(
            f"{user} reads tensor '{stored.name}' ({stored.type}), which no operation of the "
            "integer network makes; " + INTEGER_ONLY)

    def map(self, operation: StoredOperation, place: int) -> Tensor:
        """An input that must be as it was made, neither padded nor reshaped."""
        view = self.view(input_of(operation, place), f"operation '{operation.name}'")
        name = self.file.tensors[operation.inputs[place]].name
        require(view.border == NO_PADDING,
                f"operation '{operation.name}' reads tensor '{name}' with a border; only "
                "convolutions can take PAD in, so pad after this operation")
        require(map_shape(view.shape) == view.tensor.shape,
                f"operation '{operation.name}' reads tensor '{name}' of shape {view.shape}, "
                f"reshaped from {view.tensor.shape}; only fully connected layers can take RESHAPE "
                "in, so remove it")
        return view.tensor

    def made(self, operation: StoredOperation) -> Tensor:
        """The output of an operation."""
        (index,) = operation.outputs
        require(index not in self.views,
                f"operation '{operation.name}' makes tensor '{self.file.tensors[index].name}' "
                "a second time; the file is damaged, get it again")
        self.views[index] = self.new_view(index, f"operation '{operation.name}'")
        return self.views[index].tensor

    def constant(self, operation: StoredOperation, place: int) -> StoredTensor:
        """An input of which the file has the values."""
        return self.file.tensors[input_of(operation, place)]

    def convolve(self, operation: StoredOperation, source: Tensor, output: Tensor,
                  weights: np.ndarray, scales: np.ndarray, *, window: tuple[int, int],
                  stride: tuple[int, int] = (1, 1), padding: Padding = NO_PADDING,
                  rounding: Rounding = Rounding.DOUBLE, is_depthwise: bool = False) -> None:
        """Add a convolution with the bias of the file."""
        bias = np.zeros(output.channels, np.int64)
        if len(operation.inputs) > 2 and operation.inputs[2] >= 0:
            stored = self.constant(operation, 2)
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
