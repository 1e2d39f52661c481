# SPDX-License-Identifier: Apache-2.0
"""Switches a lamp with the exposure of one group."""

from amaranth import *
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from .frame_plan import RowPosition

__all__ = ["Strobe", "StrobeMode"]


class StrobeMode(enum.Enum, shape=2):
    """When the strobe output is high.

    ``COMMON``: while all active rows integrate, from the last one's first cycle to the first
    one's transfer; a frame whose exposure is too short for that is lit as in ``ROLLING``.
    ``ROLLING``: while any active row integrates.
    """

    OFF = 0
    COMMON = 1
    ROLLING = 2


class Strobe(wiring.Component):
    """Follows the frames of even and odd number, whose exposures may overlap.

    Latency: one cycle, so that ``strobe`` is aligned to `RowControl` and `ShutterControl`.

    Members
    -------
    mode : In(StrobeMode), capture : In(2)
        ``OFF`` takes effect at once; change anything else while it is off.
    busy : In(1)
        Low: no frame is under way.
    first_begins, last_begins : In(2 bit per group)
        The first, the last active row of the even, of the odd frame begins to integrate.
    together : In(2 bit per group)
        All active rows of the even, of the odd frame integrate together.
    transfers : In(1 bit per group), positions : In(RowPosition of each group)
        A row of the group ends its exposure.
    strobe : Out(1)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        groups = len(config.exposure_groups)
        per_parity = data.ArrayLayout(2, groups)
        super().__init__({
            "mode": In(StrobeMode),
            "capture": In(2),
            "busy": In(1),
            "first_begins": In(per_parity),
            "last_begins": In(per_parity),
            "together": In(per_parity),
            "transfers": In(groups),
            "positions": In(data.ArrayLayout(RowPosition(config), groups)),
            "strobe": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        lit, common = Signal(2), Signal(2)
        first_begins, last_begins, together = Signal(2), Signal(2), Signal(2)
        first_ends, last_ends = Signal(2), Signal(2)
        m.d.comb += self.strobe.eq(lit.any())

        for group in self.config.exposure_groups:
            position = self.positions[group.index]
            ends = Cat(~position.frame[0], position.frame[0]) & self.transfers[
                group.index].replicate(2)
            with m.Switch(self.capture):
                with m.Case(*group.captures):
                    m.d.comb += [
                        first_begins.eq(self.first_begins[group.index]),
                        last_begins.eq(self.last_begins[group.index]),
                        together.eq(self.together[group.index]),
                        first_ends.eq(ends & position.first.replicate(2)),
                        last_ends.eq(ends & position.last.replicate(2)),
                    ]
        for parity in (0, 1):
            with m.If(first_begins[parity]):
                is_common = together[parity] & (self.mode == StrobeMode.COMMON)
                m.d.sync += [common[parity].eq(is_common), lit[parity].eq(~is_common)]
            with m.If(last_begins[parity] & common[parity]):
                m.d.sync += lit[parity].eq(1)
            with m.If(Mux(common[parity], first_ends[parity], last_ends[parity])):
                m.d.sync += lit[parity].eq(0)
        with m.If(~self.busy | (self.mode == StrobeMode.OFF)):
            m.d.sync += [lit.eq(0), common.eq(0)]
        return m
