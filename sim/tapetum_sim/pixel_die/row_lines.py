# SPDX-License-Identifier: Apache-2.0
"""The pixel die's row decoders, and what they tell of themselves."""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from tapetum.config import DieConfig
from tapetum.pixel import RowControl, RowReadBack, ShutterControl, ShutterReadBack

__all__ = ["ROW_NUMBER_BITS", "RowLines"]

ROW_NUMBER_BITS = Shape.cast(RowControl.as_shape()["physical_row"].shape).width
"""Of `RowControl`, whose first lines they are."""


class RowLines(wiring.Component):
    """Decodes the lines to the rows; at the far end each selected row pulls its number down a bus.

    Synthesisable, as the comparators are. Latency: 1 clock, the rows' own.

    Parameters
    ----------
    config : DieConfig
    inject_faults : bool
        Adds ports that break bonds and decoders, with one line per row.

    Members
    -------
    row_control : In(RowControl), shutters : In(ShutterControl), two per exposure group
    row_read_back : Out(RowReadBack), shutter_read_back : Out(ShutterReadBack)
    stuck_low, stuck_high : In
        Only with ``inject_faults``, a bit per bond of the lines above, in their order: ``inputs``
        of the pixel die first, then ``outputs``.
    blind : In(ROW_NUMBER_BITS)
        Only with ``inject_faults``: bits of the row's number that no decoder sees, so that all
        rows which differ in them alone are selected together.
    """

    def __init__(self, config: DieConfig, *, inject_faults: bool = False):
        self.config, self.inject_faults = config, inject_faults
        self.shutter_count = 2 * len(config.exposure_groups)
        ports: dict = {
            "row_control": In(RowControl),
            "shutters": In(data.ArrayLayout(ShutterControl, self.shutter_count)),
            "row_read_back": Out(RowReadBack),
            "shutter_read_back": Out(data.ArrayLayout(ShutterReadBack, self.shutter_count)),
        }
        if inject_faults:
            self.input_bonds, self.output_bonds = (
                sum(Shape.cast(ports[name].shape).width for name in names) for names in
                (("row_control", "shutters"), ("row_read_back", "shutter_read_back")))
            bonds = self.input_bonds + self.output_bonds
            ports |= {"stuck_low": In(bonds), "stuck_high": In(bonds),
                      "blind": In(ROW_NUMBER_BITS)}
        super().__init__(ports)

    def elaborate(self, platform):
        m = Module()
        control = Signal(RowControl)
        shutters = Signal(self.shutters.shape())
        arriving = Cat(self.row_control, self.shutters)
        shown = Signal(RowReadBack)
        emptied = Signal(self.shutter_read_back.shape())
        leaving = Cat(shown, emptied)
        if self.inject_faults:
            arriving = (arriving | self.stuck_high[:len(arriving)]) \
                & ~self.stuck_low[:len(arriving)]
            leaving = (leaving | self.stuck_high[-len(leaving):]) \
                & ~self.stuck_low[-len(leaving):]
        m.d.comb += [Cat(control, shutters).eq(arriving),
                     Cat(self.row_read_back, self.shutter_read_back).eq(leaving)]

        m.d.sync += [getattr(shown, name).eq(level) for name, level in
                     {**self._selected(control.physical_row, control.select),
                      "reset": control.reset, "transfer_large": control.transfer_large,
                      "transfer_small": control.transfer_small,
                      "high_gain": control.high_gain}.items()]
        for number in range(self.shutter_count):
            pulse: Any = shutters[number]
            last: Any = emptied[number]
            before = Signal(name=f"before_{number}")
            m.d.sync += before.eq(pulse.reset)
            with m.If(pulse.reset & ~before):
                m.d.sync += [last[name].eq(level) for name, level in
                             {**self._selected(pulse.physical_row, C(1)),
                              "pulses": ~last.pulses}.items()]
        return m

    def _selected(self, row: Value, selects: Value) -> Mapping[str, Value]:
        """What the rows that are selected pull the two buses to."""
        rows = self.config.array.total_rows
        if not self.inject_faults:
            exists = (row < rows) & selects
            return {"row": Mux(exists, row, 0), "row_inverted": Mux(exists, ~row, 0)}
        lines = [selects & (((row ^ number) & ~self.blind) == 0) for number in range(rows)]
        return {name: reduce(or_, (Mux(line, number ^ mask, 0)
                                   for number, line in enumerate(lines)))
                for name, mask in (("row", 0), ("row_inverted", 0xFFF))}
