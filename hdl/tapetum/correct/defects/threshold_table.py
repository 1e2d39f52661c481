# SPDX-License-Identifier: Apache-2.0
"""Thresholds by capture and level, in block RAM."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ...config import DieConfig
from ...memory.block_memory import BlockMemory
from ...pixel import corrected_bits
from .levels import ThresholdWrite, default_thresholds, level_of

__all__ = ["ThresholdTable"]


class ThresholdTable(wiring.Component):
    """Looks up how much pixels at a level may differ. Latency 3 clocks, one code per clock.

    Parameters
    ----------
    config : DieConfig
        Its defaults are the initial content.
    member : str
        ``"defect"`` or ``"support"``: which of the thresholds.

    Members
    -------
    capture : In(2), code : In(code)
        Level in question.
    threshold : Out(code)
    write : In(ThresholdWrite), write_enable : In(1)
        Takes effect at once; a pixel that asks for the entry meanwhile may get anything.
    """

    latency_cycles = 1 + BlockMemory.latency_cycles

    def __init__(self, config: DieConfig, member: str):
        self.config, self.member = config, member
        bits = corrected_bits(config)
        super().__init__({
            "capture": In(2), "code": In(bits), "threshold": Out(bits),
            "write": In(ThresholdWrite(config)), "write_enable": In(1),
        })

    def elaborate(self, platform):
        m = Module()
        init = []
        for levels in default_thresholds(self.config):
            init += [entry[self.member] for entry in levels]
        m.submodules.table = table = BlockMemory(len(self.threshold), depth=len(init), init=init)
        place = Signal(10, reset_less=True)
        m.d.sync += place.eq(Cat(level_of(self.code, self.config), self.capture))
        m.d.comb += [
            table.address.eq(place), self.threshold.eq(table.word),
            table.write_address.eq(Cat(self.write.level, self.write.capture)),
            table.write_word.eq(self.write.thresholds[self.member]),
            table.write_enable.eq(self.write_enable),
        ]
        return m
