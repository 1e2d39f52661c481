# SPDX-License-Identifier: Apache-2.0
"""Thresholds by capture and level, in block RAM."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from ...config import DieConfig
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
        Takes effect at once.
    """

    latency_cycles = 3

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
            entries = [entry[self.member] for entry in levels]
            init += [*entries, *[0] * (256 - len(entries))]
        m.submodules.table = table = memory.Memory(shape=len(self.threshold), depth=len(init),
                                                   init=init)
        read, write = table.read_port(), table.write_port()
        place = Signal(10, reset_less=True)
        found = Signal(len(self.threshold), reset_less=True)
        m.d.sync += [place.eq(Cat(level_of(self.code, self.config), self.capture)),
                     found.eq(read.data)]
        m.d.comb += [
            read.addr.eq(place), self.threshold.eq(found),
            write.addr.eq(Cat(self.write.level, self.write.capture)),
            write.data.eq(self.write.thresholds[self.member]),
            write.en.eq(self.write_enable),
        ]
        return m
