# SPDX-License-Identifier: Apache-2.0
"""A whole network: layers in the order of execution."""

from dataclasses import dataclass

from tapetum_compiler.errors import require

from .layers import Layer
from .tensor import Tensor

__all__ = ["Alias", "Network"]


@dataclass(frozen=True)
class Alias:
    """A tensor of the original model that holds the codes of another, in the same order."""

    tensor: str
    shape: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """Layers, each after those that it reads.

    Members
    -------
    inputs, outputs : tuple of Tensor
        Outputs in the order of the model; those of a `Softmax` are made by the host.
    layers : tuple of Layer
    aliases : dict of str to Alias
        By name in the original model: reshaped tensors, and those that are no map there.
    notes : tuple of str
        What the importer did that the reader of the model may not expect, a sentence each.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    layers: tuple[Layer, ...]
    aliases: dict[str, Alias]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        made = {}
        for tensor in self.inputs:
            require(tensor.name not in made,
                    f"tensor '{tensor.name}' is an input twice; give every input its own name")
            made[tensor.name] = tensor
        for layer in self.layers:
            for tensor in layer.inputs:
                require(made.get(tensor.name) == tensor,
                        f"operation '{layer.name}' reads tensor '{tensor.name}' before anything "
                        "makes it; bring the operations into the order of execution")
            require(layer.output.name not in made,
                    f"operation '{layer.name}' makes tensor '{layer.output.name}' a second time; "
                    "give every tensor its own name")
            made[layer.output.name] = layer.output
        for tensor in self.outputs:
            require(made.get(tensor.name) == tensor,
                    f"output '{tensor.name}' is made by no operation; export the model again")
        require(bool(self.inputs and self.outputs),
                "the network has no input or no output; export the model again")

    @property
    def tensors(self) -> dict[str, Tensor]:
        """By name, in the order in which they are made."""
        every = (*self.inputs, *(layer.output for layer in self.layers))
        return {tensor.name: tensor for tensor in every}

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)

    @property
    def weight_bytes(self) -> int:
        return sum(layer.weight_bytes for layer in self.layers)
