# SPDX-License-Identifier: Apache-2.0
"""Random layers and networks, for tests that need no model file."""

import numpy as np

from tapetum_compiler.arithmetic import Rescale
from tapetum_compiler.network import Add, Convolution, Network, Padding, Tensor

__all__ = ["NO_PADDING", "RING", "convolution", "images", "network_of", "residual_network",
           "tensor"]

NO_PADDING = Padding()
RING = Padding(1, 1, 1, 1)


def tensor(name, shape, *, scale=0.05, zero_point=-128):
    height, width, channels = shape
    return Tensor(name=name, height=height, width=width, channels=channels, scale=scale,
                  zero_point=zero_point)


def convolution(rng, source, name, *, channels, window=(1, 1), stride=(1, 1), padding=NO_PADDING,
                is_depthwise=False, zero_point=-128, **changes):
    """With weights over the whole range, and a scale that spreads its outputs over the codes."""
    factors = 1 if is_depthwise else source.channels
    size = [(length + sum(border) - reach) // step + 1 for length, border, reach, step in
            zip((source.height, source.width),
                ((padding.top, padding.bottom), (padding.left, padding.right)), window, stride,
                strict=True)]
    members = {
        "weights": rng.integers(-127, 128, (channels, *window, factors), dtype=np.int8),
        "bias": rng.integers(-2000, 2000, channels),
        "rescale": Rescale.of(rng.uniform(0.5, 2, channels) / 150 / np.sqrt(
            window[0] * window[1] * factors)),
    }
    return Convolution(name=name, inputs=(source,),
                       output=tensor(name, (*size, channels), zero_point=zero_point),
                       window=window, stride=stride, padding=padding, is_depthwise=is_depthwise,
                       **{**members, **changes})


def network_of(*layers, inputs=None, outputs=None):
    return Network(inputs=inputs or layers[0].inputs, outputs=outputs or (layers[-1].output,),
                   layers=layers, aliases={})


def images(rng, network, count):
    """Random codes, those at the ends more often."""
    return [np.clip(rng.integers(-160, 160, (count, *source.shape)), -128, 127).astype(np.int8)
            for source in network.inputs]


def residual_network(rng, *, wide=False):
    image = tensor("image", (9, 8, 3))
    stem = convolution(rng, image, "stem", channels=19, window=(3, 3), padding=RING)
    deep = convolution(rng, stem.output, "deep", channels=19, window=(3, 3) if wide else (1, 1),
                       padding=RING if wide else NO_PADDING, zero_point=-20)
    total = Add.of(name="total", inputs=(stem.output, deep.output),
                   output=tensor("total", (9, 8, 19), scale=0.07, zero_point=-90), act_min=-90)
    return network_of(stem, deep, total)
