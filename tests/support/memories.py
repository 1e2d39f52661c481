# SPDX-License-Identifier: Apache-2.0
"""Designs as they are on devices whose look-up tables are memories too."""

from amaranth import Elaboratable, Fragment

__all__ = ["OnMemories"]


class OnMemories(Elaboratable):
    """`design` for a platform that has distributed memory; its ports stay those of the design."""

    distributed_memory = True

    def __init__(self, design: Elaboratable):
        self.design = design

    def elaborate(self, platform):
        return Fragment.get(self.design, self)
