# SPDX-License-Identifier: Apache-2.0
"""From numbers to codes and back, and from one scale to another."""

import numpy as np

from tapetum_compiler.arithmetic import Rescale
from tapetum_compiler.errors import require
from tapetum_compiler.network import Convolution

from .tflite_file import StoredOperation
from .tflite_parts import INTEGER_ONLY, input_of
from .tflite_tensors import NO_PADDING, TfliteTensors

__all__ = ["dequantise", "quantise"]


def quantise(model: TfliteTensors, operation: StoredOperation) -> None:
    """Begin the network with an input, or change the scale of a map."""
    source = input_of(operation, 0)
    stored = model.file.tensors[source]
    if source in model.views:
        _requantise(model, operation)
        return
    require(source in model.file.inputs and stored.type in ("FLOAT32", "UINT8"),
            f"operation '{operation.name}' quantises tensor '{stored.name}' ({stored.type}) "
            "within the network; " + INTEGER_ONLY)
    output = model.made(operation)
    if stored.type == "UINT8":
        require(stored.scales.tolist() == [output.scale]
                and stored.zero_points.tolist() == [output.zero_point + 128],
                f"operation '{operation.name}' changes the scale of the input; convert with "
                "inference_input_type int8")
    place = model.file.inputs.index(source)
    require(model.inputs[place] is None,
            f"input '{stored.name}' is quantised twice; quantise it once")
    model.inputs[place] = output
    model.notes.append(f"input '{stored.name}' ({stored.type}) is quantised by whoever gives "
                       f"it: the network takes '{output.name}', scale {output.scale:g}, zero "
                       f"point {output.zero_point}")


def dequantise(model: TfliteTensors, operation: StoredOperation) -> None:
    """End the network: an output stays in codes."""
    view = model.view(input_of(operation, 0), f"operation '{operation.name}'")
    (made,) = operation.outputs
    stored = model.file.tensors[made]
    require(made in model.file.outputs,
            f"operation '{operation.name}' makes tensor '{stored.name}' a number of floating "
            "point within the network; " + INTEGER_ONLY)
    model.views[made] = view
    model.notes.append(f"output '{stored.name}' stays in codes: it is "
                       f"{view.tensor.scale:g} * (code - {view.tensor.zero_point}) of "
                       f"'{view.tensor.name}'")


def _requantise(model: TfliteTensors, operation: StoredOperation) -> None:
    source = model.map(operation, 0)
    output = model.made(operation)
    channels = source.channels
    model.layers.append(Convolution(
        name=operation.name, inputs=(source,), output=output, window=(1, 1), stride=(1, 1),
        padding=NO_PADDING, weights=np.ones((channels, 1, 1, 1), np.int8),
        bias=np.zeros(channels, np.int64), is_depthwise=True,
        rescale=Rescale.of([source.scale / output.scale] * channels)))
