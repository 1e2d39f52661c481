# SPDX-License-Identifier: Apache-2.0
"""How long the selected row has integrated, in steady light and in a lamp's."""

from functools import reduce
from operator import or_

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from tapetum.config import DieConfig
from tapetum.pixel import RowControl, ShutterControl
from tapetum.stream.queue import Queue

__all__ = ["TIME_BITS", "Instant", "LightMeter"]

TIME_BITS = 26
"""Of a count of clocks: 1.5 s at 45 MHz, beyond which exposures begin again."""


class Instant(data.Struct):
    """Clocks that have passed, and those of them in which the lamp was on."""

    time: TIME_BITS
    lamp: TIME_BITS


class _Emptied(data.StructLayout):
    def __init__(self, pulses: int):
        super().__init__({"pulses": pulses, "at": Instant})


class LightMeter(wiring.Component):
    """Remembers for each row and photodiode when it was last emptied; a transfer asks how long ago.

    Pulses that end in one clock share their instant, and are written one after the other.

    Latency: ``exposure`` is there 2 clocks after a transfer line has risen. A row must have been
    selected for 2 clocks before, and pulses of one clock must end before it is read.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    row_control : In(RowControl), shutters : In(2 ShutterControl per exposure group)
    lamp_on : In(1)
    exposure : Out(Instant)
        Of the last transfer, both counts in clocks.
    transferred : Out(1)
        Strobe: a transfer line has risen.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        self.groups = config.exposure_groups
        super().__init__({
            "row_control": In(RowControl),
            "shutters": In(data.ArrayLayout(ShutterControl, 2 * len(self.groups))),
            "lamp_on": In(1),
            "exposure": Out(Instant), "transferred": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        control = self.row_control
        row_bits = range(self.config.array.total_rows)
        now, last = Signal(Instant), Signal(Instant)
        m.d.sync += [now.time.eq(now.time + 1), now.lamp.eq(now.lamp + self.lamp_on),
                     last.eq(now)]

        transfers = Cat(control.transfer_small, control.transfer_large)
        before = Signal(2)
        m.d.sync += before.eq(transfers)
        transferred = self.transferred
        m.d.comb += transferred.eq((transfers & ~before).any())

        m.submodules.emptied = emptied = memory.Memory(
            shape=Instant, depth=2 << (len(row_bits) - 1).bit_length(), init=[])
        read, write = emptied.read_port(), emptied.write_port()
        place = Signal(row_bits)
        m.d.comb += [place.eq(control.physical_row),
                     read.addr.eq(Cat(place, control.transfer_large))]
        # What was emptied is read for either photodiode in turn; the lines say which in time.
        asked = Signal()
        m.d.sync += asked.eq(transferred)
        at = Signal(Instant)
        with m.If(transferred):
            m.d.sync += at.eq(now)
        with m.If(asked):
            m.d.sync += [self.exposure.time.eq(at.time - read.data.time),
                         self.exposure.lamp.eq(at.lamp - read.data.lamp)]

        pulses = Cat(Cat(shutter.reset for shutter in self.shutters), transferred)
        high = Signal(len(self.shutters))
        m.d.sync += high.eq(pulses[:-1])
        ended = Cat(high & ~pulses[:-1], transferred)
        m.submodules.waiting = waiting = Queue(_Emptied(len(pulses)), 4)
        m.d.comb += [waiting.i.valid.eq(ended.any()), waiting.i.payload.pulses.eq(ended),
                     waiting.i.payload.at.eq(Mux(transferred, now, last))]

        left = Signal(len(pulses))
        chosen = left & -left
        places = []
        for index, shutter in enumerate(self.shutters):
            row = Signal.like(place, name=f"row_{index}")
            m.d.comb += row.eq(shutter.physical_row)
            places.append(Cat(row, C(self.groups[index // 2].is_large, 1)))
        kept = Signal(len(read.addr))
        with m.If(transferred):
            m.d.sync += kept.eq(read.addr)
        written = waiting.o.payload
        with m.If(left == 0):
            m.d.sync += left.eq(Mux(waiting.o.valid, written.pulses, 0))
        with m.Else():
            m.d.sync += left.eq(left & ~chosen)
            m.d.comb += waiting.o.ready.eq(left == chosen)
        m.d.comb += [
            write.en.eq(left != 0), write.data.eq(written.at),
            write.addr.eq(reduce(or_, (Mux(chosen[index], address, 0)
                                       for index, address in enumerate([*places, kept])))),
        ]
        return m
