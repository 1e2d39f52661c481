# SPDX-License-Identifier: Apache-2.0
"""A sum of two maps, fused behind the layer that makes one of them."""

import numpy as np
from numpy.typing import NDArray

from tapetum_compiler.arithmetic import INT8_MAX, INT8_MIN, rescaled
from tapetum_compiler.network import Add, Convolution, Network

from .array_layer import TABLE_WORDS, ArrayMap, Residual

__all__ = ["addends", "fused_sums", "residual_of"]


def addends(layer: Add, which: int) -> NDArray[np.int32]:
    """What each code of one input adds, from -128 to 127."""
    codes = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)[:, None]
    centred = codes - layer.inputs[which].zero_point
    return rescaled(centred << layer.LEFT_SHIFT, layer.rescale_inputs[which])[:, 0].astype(np.int32)


def residual_of(layer: Add, own: int, source: ArrayMap) -> Residual:
    """`layer` as the end of what makes its input `own`; `source` holds the other one."""
    table = np.concatenate([addends(layer, own), addends(layer, 1 - own)])
    assert table.shape == (TABLE_WORDS,)
    exponent = int(layer.rescale_sum.exponent[0])
    layer.refuse_unless(exponent <= 0, "enlarges its sum 2**20-fold; quantise its output again")
    return Residual(source=source, table=table, multiplier=int(layer.rescale_sum.multiplier[0]),
                    shift=-exponent, zero_point=layer.output.zero_point, act_min=layer.act_min,
                    act_max=layer.act_max)


def fused_sums(network: Network) -> dict[str, tuple[Convolution, int]]:
    """By name of the sum's output: the convolution that it ends, and which input that is.

    It must have no other reader. Where both inputs would do, the one with more taps: it hides the
    time that the serial addition takes.
    """
    made = {layer.output.name: layer for layer in network.layers}
    readers: dict[str, int] = {}
    for layer in network.layers:
        for tensor in layer.inputs:
            readers[tensor.name] = readers.get(tensor.name, 0) + 1
    for tensor in network.outputs:
        readers[tensor.name] = readers.get(tensor.name, 0) + 1
    chosen: dict[str, tuple[Convolution, int]] = {}
    for layer in network.layers:
        if not isinstance(layer, Add):
            continue
        able = [(source, which) for which, tensor in enumerate(layer.inputs)
                if isinstance(source := made.get(tensor.name), Convolution)
                and not source.is_depthwise and readers[tensor.name] == 1]
        if able:
            chosen[layer.output.name] = max(able, key=lambda entry: entry[0].weights[0].size)
    return chosen
