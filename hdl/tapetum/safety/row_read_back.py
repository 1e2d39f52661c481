# SPDX-License-Identifier: Apache-2.0
"""Compares the rows that the pixel die really selects with those that it was asked for."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import RowControl, RowReadBack, ShutterControl, ShutterReadBack

__all__ = ["SETTLE_CYCLES", "RowReadBackCheck"]

SETTLE_CYCLES = 8
"""What the pixel die shows counts when the row lines have stood still for so long."""


class RowReadBackCheck(wiring.Component):
    """Every line to the rows, against what came of it at the rows' far end.

    The number of a row comes back in both polarities, each the OR over all selected rows: no row,
    a wrong one and several at once all differ from the one that was meant. The last row that each
    shutter line emptied comes back likewise, with a bit that changes with every pulse. Compared
    in every clock, in standby too, `SETTLE_CYCLES` after the last change; shorter pulses of the
    read lines are not compared. Latency: ``SETTLE_CYCLES`` + 3 cycles from a change to ``raised``.

    The pixel die is reset with this one, so that both have counted the same pulses.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    row_control : In(RowControl), row_read_back : In(RowReadBack)
    shutters : In(ShutterControl), shutter_read_back : In(ShutterReadBack), two per exposure group
        What comes back is asynchronous.
    inject : In(1)
        The lowest bit of every row comes back inverted.
    raised : Out(1)
        As long as anything differs.
    """

    def __init__(self, config: DieConfig):
        self.shutter_count = 2 * len(config.exposure_groups)
        super().__init__({
            "row_control": In(RowControl), "row_read_back": In(RowReadBack),
            "shutters": In(data.ArrayLayout(ShutterControl, self.shutter_count)),
            "shutter_read_back": In(data.ArrayLayout(ShutterReadBack, self.shutter_count)),
            "inject": In(1),
            "raised": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        asked, selected = Signal(RowControl), Signal(RowReadBack)
        m.d.sync += asked.eq(self.row_control)
        m.d.comb += [*_rails(selected, asked.physical_row, asked.select),
                     *(selected[name].eq(asked[name]) for name in
                       ("reset", "transfer_large", "transfer_small", "high_gain"))]
        differs = [self._differs(m, "read", selected, self.row_read_back,
                                 changes=Value.cast(asked) != Value.cast(self.row_control))]
        for number in range(self.shutter_count):
            pulse = self.shutters[number]
            emptied = Signal(ShutterReadBack, name=f"emptied_{number}")
            row, pulsed = Signal(12, name=f"row_{number}"), Signal(name=f"pulsed_{number}")
            pulses = Signal(name=f"pulses_{number}")
            with m.If(pulse.reset):
                m.d.sync += [row.eq(pulse.physical_row), pulsed.eq(1), pulses.eq(~pulses)]
            m.d.comb += [*_rails(emptied, row, pulsed), emptied.pulses.eq(pulses)]
            differs.append(self._differs(m, f"shutter_{number}", emptied,
                                         self.shutter_read_back[number], changes=pulse.reset))
        m.d.sync += self.raised.eq(Cat(differs).any())
        return m

    def _differs(self, m: Module, name: str, wanted, shown, *, changes: Value) -> Signal:
        """Whether `shown` has differed from `wanted` for long enough to mean it."""
        arrived = Signal.like(Value.cast(shown), name=f"arrived_{name}")
        injected = Signal(shown.shape(), name=f"injected_{name}")
        m.d.comb += [injected.eq(shown), injected.row[0].eq(shown.row[0] ^ self.inject)]
        m.submodules[f"arrival_{name}"] = FFSynchronizer(Value.cast(injected), arrived)
        age = Signal(range(SETTLE_CYCLES + 1), name=f"age_{name}")
        differs = Signal(name=f"differs_{name}")
        with m.If(changes):
            m.d.sync += age.eq(0)
        with m.Elif(~age[-1]):
            m.d.sync += age.eq(age + 1)
        m.d.sync += differs.eq(age[-1] & (arrived != Value.cast(wanted)))
        return differs


def _rails(shown, row: Value, driven: Value) -> list:
    """The number of the one row that is driven, in both polarities."""
    every = driven.replicate(len(row))
    return [shown.row.eq(row & every), shown.row_inverted.eq(~row & every)]
