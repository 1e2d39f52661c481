# SPDX-License-Identifier: Apache-2.0
"""The die's column converters whole, for devices that have memories for their columns."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import connect, flipped

from tapetum.adc.column_adc import ColumnAdc
from tapetum.config import DieConfig
from tapetum.control.frame_settings import FRAMES_IN_FLIGHT, FrameSettings

from .small_converter import small_converter_ports

__all__ = ["DieConverter"]


class DieConverter(wiring.Component):
    """`ColumnAdc` with the ports of `SmallConverter`: all columns of a row.

    A row leaves while the next one settles and is converted. There are no spare bonds below, and
    their test is never asked for.

    Parameters
    ----------
    config : DieConfig
        Of one capture and one lane.

    Members
    -------
    ramp, ramp_code, ramp_active, comparators, codes, overrun
        Of `SmallConverter`.
    """

    def __init__(self, config: DieConfig, *, counter_domain: str = "adc"):
        self.config, self.counter_domain = config, counter_domain
        super().__init__(small_converter_ports(config))

    def elaborate(self, platform):
        m = Module()
        config = self.config
        m.submodules.columns = columns = ColumnAdc(config, self.counter_domain)
        connect(m, flipped(self.ramp), columns.ramp)
        every_column = FrameSettings(config).const(FrameSettings.defaults(config))
        pixels, given = columns.pixels.payload, self.codes.payload
        adopted = Signal(range(FRAMES_IN_FLIGHT + 1))
        m.d.sync += adopted.eq(adopted + columns.settings.adopt)
        m.d.comb += [
            # All frames take the same settings, once and for all.
            columns.settings.adopt.eq(adopted != FRAMES_IN_FLIGHT),
            columns.settings.frame.eq(adopted),
            columns.settings.settings.eq(every_column),
            columns.comparators.eq(self.comparators),
            self.ramp_code.eq(columns.ramp_code), self.ramp_active.eq(columns.ramp_active),
            self.overrun.eq(columns.read_overrun),
            self.codes.valid.eq(columns.pixels.valid), given.code.eq(pixels.codes[0]),
            given.line_last.eq(pixels.line_last), given.tag.eq(pixels.tag),
        ]
        return m
