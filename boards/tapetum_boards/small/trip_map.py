# SPDX-License-Identifier: Apache-2.0
"""All comparators out of one memory: which columns trip at each code of the ramp."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from tapetum.config import DieConfig

__all__ = ["TripMap"]

_BLOCK_COLUMNS = 16


class TripMap(wiring.Component):
    """A comparator costs one cell here, since its trip code is a place in block RAM.

    Columns are written in ``sync``; the ramp is compared in ``counter_domain``, where a comparator
    rises 2 clocks after its code and falls with the ramp. Ramps run only while nothing is written.

    Parameters
    ----------
    config : DieConfig
    counter_domain : str

    Members
    -------
    clear : In(1), code : In(bits)
        Nobody trips at ``code``.
    place : In(1), column : In
        This column trips at ``code``.
    ramp_code : In(bits), ramp_active : In(1), comparators : Out(total_columns)
    """

    def __init__(self, config: DieConfig, *, counter_domain: str = "adc"):
        self.config, self.counter_domain = config, counter_domain
        columns, bits = config.array.total_columns, config.adc.bits
        super().__init__({
            "clear": In(1), "code": In(bits), "place": In(1), "column": In(range(columns)),
            "ramp_code": In(bits), "ramp_active": In(1), "comparators": Out(columns),
        })

    def elaborate(self, platform):
        m = Module()
        columns = self.config.array.total_columns
        active = Signal()
        m.d[self.counter_domain] += active.eq(self.ramp_active)
        for first in range(0, columns, _BLOCK_COLUMNS):
            width = min(_BLOCK_COLUMNS, columns - first)
            words = memory.Memory(shape=width, depth=1 << self.config.adc.bits, init=[])
            m.submodules[f"words_{first}"] = words
            write = words.write_port(granularity=1)
            read = words.read_port(domain=self.counter_domain)
            tripped = Signal(width, name=f"tripped_{first}")
            here = self.column // _BLOCK_COLUMNS == first // _BLOCK_COLUMNS
            m.d.comb += [
                write.addr.eq(self.code), write.data.eq(self.place.replicate(width)),
                write.en.eq(Mux(self.clear, ~0, Mux(
                    self.place & here, 1 << self.column[:4], 0))),
                read.addr.eq(self.ramp_code), read.en.eq(self.ramp_active),
                self.comparators[first:first + width].eq(tripped),
            ]
            m.d[self.counter_domain] += tripped.eq(
                (tripped | read.data) & active.replicate(width))
        return m
