# SPDX-License-Identifier: Apache-2.0
"""Where in the picture a pixel lies: a grid of four by four zones."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import Skip, adopted_settings, settings_of
from ..stream.delay import delayed

__all__ = ["ZONES", "ZoneGrid"]

ZONES = 16


class ZoneGrid(wiring.Component):
    """Quarters of the rows and of the beats that are read in a frame; the last takes the rest.

    With fewer than four rows or beats all of them are the last quarter. Latency
    `latency_cycles`, one beat per clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    settings : In(adopted_settings)
    frame : In(2), row : In(12)
        Low bits of the frame number; row in order of output.
    beat : In
        Of the row, from 0.
    zone : Out(4)
        In reading order.
    """

    latency_cycles = 5

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "settings": In(adopted_settings(config)),
            "frame": In(2), "row": In(12),
            "beat": In(range(config.array.columns // config.lanes)),
            "zone": Out(4),
        })

    def elaborate(self, platform):
        m = Module()
        chosen = settings_of(m, self.settings, self.frame, *(
            f"{name}_{what}" for name in ("column", "row") for what in ("start", "end", "skip")))
        zone = []
        for name, position, pixels_log2 in (
                ("column", self.beat, self.config.lanes.bit_length() - 1), ("row", self.row, 0)):
            start, end, skip, span, quarter, twice, thrice = (
                Signal(shape, name=f"{name}_{what}", reset_less=True) for what, shape in (
                    ("start", 13), ("end", 13), ("skip", Skip), ("span", 13), ("quarter", 13),
                    ("twice", 14), ("thrice", 15)))
            m.d.sync += [
                start.eq(chosen[f"{name}_start"]),
                end.eq(chosen[f"{name}_end"]),
                skip.eq(chosen[f"{name}_skip"]),
                span.eq(end - start),
            ]
            # One pair of each 2, 4 or 8 is read; a quarter of the pixels is half of the pairs.
            read_skip = delayed(m, skip.as_value(), 1, name=f"{name}_read_skip")
            with m.Switch(read_skip):
                for code in Skip:
                    pairs = (span >> 1 + int(code.value)) + 1
                    with m.Case(code):
                        m.d.sync += quarter.eq(pairs >> 1 + pixels_log2)
            m.d.sync += [twice.eq(quarter << 1), thrice.eq(quarter + (quarter << 1))]
            once = delayed(m, quarter, 1, name=f"{name}_once")
            place = delayed(m, position, 4, name=f"{name}_place")
            index = Signal(2, name=f"{name}_index", reset_less=True)
            m.d.sync += index.eq((place >= once) + (place >= twice) + (place >= thrice))
            zone.append(index)
        m.d.comb += self.zone.eq(Cat(zone))
        return m
