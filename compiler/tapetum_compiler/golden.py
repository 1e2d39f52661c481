# SPDX-License-Identifier: Apache-2.0
"""Runs a network in numpy, with every bit as TensorFlow Lite's reference kernels have it."""

import numpy as np
from numpy.typing import NDArray

from .arithmetic import INT8_MAX, INT8_MIN, rescaled
from .errors import require
from .network import Add, Concat, Convolution, Layer, Network, Pool, PoolKind, Softmax

__all__ = ["execute", "execute_layer", "original_tensors"]

Codes = NDArray[np.int8]
"""Images, height, width, channels."""



def execute(network: Network, *inputs: Codes) -> dict[str, Codes]:
    """Every tensor of the network, by name, for a batch of images.

    `inputs` are in the order of ``network.inputs``; a single image may leave out the first
    dimension.
    """
    require(len(inputs) == len(network.inputs),
            f"the network has {len(network.inputs)} inputs, {len(inputs)} were given; give each")
    made: dict[str, Codes] = {}
    for tensor, codes in zip(network.inputs, inputs, strict=True):
        batch = codes[None] if codes.ndim == 3 else codes
        require(batch.dtype == np.int8 and batch.shape[1:] == tensor.shape,
                f"input '{tensor.name}' takes int8 images of {tensor.shape}, not "
                f"{codes.dtype} of {codes.shape}; scale and quantise them first")
        made[tensor.name] = batch
    for layer in network.layers:
        made[layer.output.name] = execute_layer(
            layer, *(made[tensor.name] for tensor in layer.inputs))
    return made


def original_tensors(network: Network, made: dict[str, Codes]) -> dict[str, Codes]:
    """`made` in the shapes of the model file, with the tensors that only reshape another one."""
    every = dict(made)
    for name, alias in network.aliases.items():
        codes = made[alias.tensor]
        every[name] = codes.reshape(len(codes), *alias.shape)
    return every


def execute_layer(layer: Layer, *inputs: Codes) -> Codes:
    """The output of one layer."""
    wide = [codes.astype(np.int64) for codes in inputs]
    if isinstance(layer, Convolution):
        return _convolution(layer, wide[0])
    if isinstance(layer, Pool):
        return _pool(layer, wide[0])
    if isinstance(layer, Add):
        return _add(layer, wide[0], wide[1])
    if isinstance(layer, Softmax):
        return _softmax(layer, wide[0])
    require(isinstance(layer, Concat),
            f"operation '{layer.name}' is unknown to the golden model; add its arithmetic")
    return np.concatenate(inputs, axis=-1)


def _windows(layer: Convolution | Pool, values: NDArray[np.int64], border: int):
    """Windows of a map: (images, rows, columns, channels, window height, window width)."""
    padding = layer.padding
    padded = np.pad(values, ((0, 0), (padding.top, padding.bottom),
                             (padding.left, padding.right), (0, 0)), constant_values=border)
    every = np.lib.stride_tricks.sliding_window_view(padded, layer.window, axis=(1, 2))
    return every[:, ::layer.stride[0], ::layer.stride[1]]


def _convolution(layer: Convolution, values: NDArray[np.int64]) -> Codes:
    above_zero = values - layer.input.zero_point
    # float64 is exact, since sums fit in 32 bits, and matrix products are fast in it only
    windows = _windows(layer, above_zero, 0).astype(np.float64)
    weights = layer.weights.astype(np.float64)
    if layer.is_depthwise:
        grouped = weights[..., 0].reshape(layer.input.channels, layer.channel_multiplier, -1)
        flat = windows.reshape(*windows.shape[:4], -1)
        sums = np.einsum("nyxck,cmk->nyxcm", flat, grouped)
    else:
        flat = windows.reshape(*windows.shape[:3], -1)
        sums = flat @ weights.transpose(0, 3, 1, 2).reshape(layer.output.channels, -1).T
    accumulator = sums.reshape(*sums.shape[:3], -1).astype(np.int64) + layer.bias
    return _clamped(layer, rescaled(accumulator, layer.rescale, layer.rounding)
                    + layer.output.zero_point)


def _pool(layer: Pool, values: NDArray[np.int64]) -> Codes:
    if layer.kind is PoolKind.MAX:
        return _clamped(layer, _windows(layer, values, INT8_MIN).max(axis=(-2, -1)))
    rows, columns = layer.taps_inside()
    count = (rows.sum(axis=1)[:, None] * columns.sum(axis=1))[..., None]
    total = _windows(layer, values, 0).sum(axis=(-2, -1))
    half = np.where(total > 0, count // 2, -(count // 2))
    # C divides towards zero, numpy downwards
    magnitude = np.abs(total + half) // count
    return _clamped(layer, np.where(total + half < 0, -magnitude, magnitude))


def _add(layer: Add, first: NDArray[np.int64], second: NDArray[np.int64]) -> Codes:
    total = np.zeros_like(first)
    for tensor, values, rescale in zip(layer.inputs, (first, second), layer.rescale_inputs,
                                       strict=True):
        total = total + rescaled((values - tensor.zero_point) << layer.LEFT_SHIFT, rescale)
    return _clamped(layer, rescaled(total, layer.rescale_sum) + layer.output.zero_point)


def _softmax(layer: Softmax, values: NDArray[np.int64]) -> Codes:
    below_largest = (values - values.max(axis=-1, keepdims=True)).astype(np.float32)
    scale = np.float32(layer.inputs[0].scale) * np.float32(layer.beta)
    powers = np.exp(below_largest * scale)
    shares = powers / powers.sum(axis=-1, keepdims=True, dtype=np.float32)
    codes = np.floor(shares / np.float32(layer.output.scale) + np.float32(0.5))
    return np.clip(codes + layer.output.zero_point, INT8_MIN, INT8_MAX).astype(np.int8)


def _clamped(layer: Convolution | Pool | Add, values: NDArray[np.int64]) -> Codes:
    return np.clip(values, layer.act_min, layer.act_max).astype(np.int8)
