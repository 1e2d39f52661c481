# SPDX-License-Identifier: Apache-2.0
"""All comparators out of one memory: which columns trip at each code of the ramp."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from tapetum.config import DieConfig

__all__ = ["CYCLES_PER_COLUMN", "TripMap"]

CYCLES_PER_COLUMN = 3
"""To read a word, to set a column's bit in it, and to write it."""
_FINE_BITS = 3


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
        This column trips at ``code``; all hold still for `CYCLES_PER_COLUMN`.
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
        m.submodules.words = words = memory.Memory(
            shape=columns, depth=1 << self.config.adc.bits, init=[],
            attrs={"ram_style": "block", "no_rw_check": 1})
        # A word that is read while it is written is not used: a read that answers at once and a
        # register, which synthesis joins, leave that open.
        write, read = words.write_port(), words.read_port(domain="comb")
        found = Signal(columns, reset_less=True)
        m.d.sync += found.eq(read.data)
        ramp = words.read_port(domain=self.counter_domain)
        # A memory has no enable per bit on every device.
        step, kept = Signal(range(CYCLES_PER_COLUMN)), Signal(columns, reset_less=True)
        with m.If(self.place & (step != CYCLES_PER_COLUMN - 1)):
            m.d.sync += step.eq(step + 1)
        with m.Else():
            m.d.sync += step.eq(0)
        # Decoded ahead in two parts: a table per column is left.
        fine, coarse = (Signal(1 << len(bits), name=name) for name, bits in (
            ("fine", self.column[:_FINE_BITS]), ("coarse", self.column[_FINE_BITS:])))
        m.d.sync += [fine.eq(1 << self.column[:_FINE_BITS]),
                     coarse.eq(1 << self.column[_FINE_BITS:])]
        for number in range(columns):
            m.d.sync += kept[number].eq(found[number] | (
                fine[number & (1 << _FINE_BITS) - 1] & coarse[number >> _FINE_BITS]))
        m.d.comb += [
            read.addr.eq(self.code), write.addr.eq(self.code),
            write.data.eq(Mux(self.clear, 0, kept)),
            write.en.eq(self.clear | (self.place & (step == CYCLES_PER_COLUMN - 1))),
            ramp.addr.eq(self.ramp_code), ramp.en.eq(self.ramp_active),
        ]
        active = Signal()
        tripped = Signal(columns)
        m.d.comb += self.comparators.eq(tripped)
        m.d[self.counter_domain] += [
            active.eq(self.ramp_active),
            tripped.eq((tripped | ramp.data) & active.replicate(columns)),
        ]
        return m
