# SPDX-License-Identifier: Apache-2.0
"""Learns the weights with PyTorch, which is imported where it is needed: few will have it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layers import CODE_SCALE, Layer

__all__ = ["learn"]

WIDTHS = (16, 32, 32, 32)
STRIDES = (2, 1, 2, 1)
BATCH = 64
PEAK_RATE = 4e-3
WEIGHT_DECAY = 1e-3
THREADS = 1


def learn(codes: NDArray[np.int8], labels: NDArray[np.int64], *, classes: int, epochs: int,
          seed: int = 0, progress: Callable[[int, float], None] = lambda epoch, loss: None
          ) -> list[Layer]:
    """Train on pictures (count, rows, columns, channels); the full connection comes last."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    pictures = torch.from_numpy(codes.transpose(0, 3, 1, 2).astype(np.float32) / CODE_SCALE)
    answers = torch.from_numpy(labels)
    model = _network(codes.shape[-1], classes)
    optimiser = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, weight_decay=WEIGHT_DECAY)
    steps = epochs * (len(pictures) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=steps)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.05)
    for epoch in range(epochs):
        model.train()
        order, total = torch.randperm(len(pictures)), 0.0
        for start in range(0, len(pictures) - BATCH + 1, BATCH):
            chosen = order[start:start + BATCH]
            loss = loss_of(model(_jittered(pictures[chosen])), answers[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * BATCH / len(pictures)
        progress(epoch, total)
    return _folded(model.eval())


def _network(channels: int, classes: int) -> Any:
    from torch import nn

    layers: list[Any] = []
    before = channels
    for width, stride in zip(WIDTHS, STRIDES, strict=True):
        layers += [nn.Conv2d(before, width, 3, stride=stride, padding=1, bias=False),
                   nn.BatchNorm2d(width), nn.ReLU()]
        before = width
    layers += [nn.MaxPool2d(2), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(before, classes)]
    return nn.Sequential(*layers)


def _jittered(pictures: Any) -> Any:
    """Mirrored half of the time, and a little brighter or darker."""
    import torch

    mirrored = torch.rand(len(pictures), 1, 1, 1) < 0.5
    pictures = torch.where(mirrored, pictures.flip(3), pictures)
    return pictures + 0.03 * torch.randn(len(pictures), 1, 1, 1)


def _folded(model: Any) -> list[Layer]:
    """Convolution, norm and activation follow one another, as `_network` has them."""
    layers = []
    for index in range(len(WIDTHS)):
        convolution, norm = model[3 * index], model[3 * index + 1]
        gain = norm.weight / (norm.running_var + norm.eps).sqrt()
        layers.append(Layer(
            weights=(convolution.weight * gain[:, None, None, None]).detach().numpy(),
            bias=(norm.bias - norm.running_mean * gain).detach().numpy(),
            stride=STRIDES[index]))
    last = model[-1]
    return [*layers, Layer(weights=last.weight.detach().numpy()[:, :, None, None],
                           bias=last.bias.detach().numpy())]
