# SPDX-License-Identifier: Apache-2.0
"""A test bench whose outputs do not lend their names to the registers behind them."""

from typing import Any, cast

from amaranth import *
from amaranth.lib import wiring

__all__ = ["ProbedTop"]


class ProbedTop(wiring.Component):
    """Has the ports of ``bench``; each output passes a module of its own.

    Without that, flattening would call a register of the die by the port that it drives, and one
    could no longer say where it stands.
    """

    def __init__(self, bench: wiring.Component):
        self.bench = bench
        super().__init__(bench.signature)

    def elaborate(self, platform):
        m = Module()
        m.submodules.bench = cast(Any, self.bench)
        inside = (value for _, _, value in self.bench.signature.flatten(self.bench))
        for inner, (path, member, outer) in zip(inside, self.signature.flatten(self),
                                                strict=True):
            if member.flow == wiring.In:
                m.d.comb += inner.eq(outer)
            elif len(Value.cast(outer)):
                m.submodules["pin_" + "_".join(map(str, path))] = Instance(
                    "tapetum_pin", p_WIDTH=len(Value.cast(outer)), i_inner=Value.cast(inner),
                    o_outer=Value.cast(outer))
        return m
