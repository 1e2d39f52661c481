# SPDX-License-Identifier: Apache-2.0
"""Gain by colour and by capture."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import ColourFilter, DieConfig
from ..pixel import CodePixels, corrected_bits
from ..stream.delay import delayed
from .amplify import GAIN_BITS, UNITY_GAIN, Amplify
from .beat_marks import BeatMarks

__all__ = ["DigitalGain"]

_TOTAL_FRACTION_BITS = 9
_GREEN_RED, _RED, _BLUE, _GREEN_BLUE = range(4)
_COLOURS = {
    ColourFilter.MONO: (_GREEN_RED, _GREEN_RED, _GREEN_RED, _GREEN_RED),
    ColourFilter.RGGB: (_RED, _GREEN_RED, _GREEN_BLUE, _BLUE),
    ColourFilter.GRBG: (_GREEN_RED, _RED, _BLUE, _GREEN_BLUE),
    ColourFilter.GBRG: (_GREEN_BLUE, _BLUE, _RED, _GREEN_RED),
    ColourFilter.BGGR: (_BLUE, _GREEN_BLUE, _GREEN_RED, _RED),
}
"""Colour at (0, 0), (0, 1), (1, 0), (1, 1)."""


class DigitalGain(wiring.Component):
    """Multiplies what lies above black by the gain of the pixel's colour and that of its capture.

    The product of the two gains is rounded half up to unsigned 8.9 and saturates there. A pixel's
    colour follows from its place in the array, so that flips, regions and skipping need no care.
    Latency `latency_cycles`, one beat per clock.

    ::

        colour_gains ─► parities ─┐
        capture_gains ─► capture ─┴► × ─► round, saturate ─┐
        i ───────────────────────────────────────────────► Amplify ─► o

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i, o : streams of CodePixels, always ready
        Corrected codes of active rows and columns.
    colour_gains : In(4 of unsigned 8.8)
        In the order of CCS: green beside red, red, blue, green beside blue. Without a colour
        filter the first is that of all pixels.
    capture_gains : In(unsigned 8.8 per capture)
    flip_columns : In(1)
        As in `FrameSettings`.
    enable : In(1)
        Without it all gains are 1.
        These four are valid with a beat, and the same for all beats of a row.
    """

    latency_cycles = 8

    def __init__(self, config: DieConfig):
        self.config = config
        captures = len(config.captures)
        shape = CodePixels(config.lanes, corrected_bits(config))
        super().__init__({
            "i": In(stream.Signature(shape, always_ready=True)),
            "colour_gains": In(data.ArrayLayout(16, 4), init=[UNITY_GAIN] * 4),
            "capture_gains": In(data.ArrayLayout(16, captures), init=[UNITY_GAIN] * captures),
            "flip_columns": In(1),
            "enable": In(1),
            "o": Out(stream.Signature(shape, always_ready=True)),
        })

    def elaborate(self, platform):
        m = Module()
        lanes, pixels = self.config.lanes, self.i.payload
        m.submodules.marks = marks = BeatMarks(self.config, self.latency_cycles)
        connect(m, flipped(self.i), marks.i)
        connect(m, marks.o, flipped(self.o))

        # First clock: gains of the row, in its even and in its odd columns.
        mosaic = _COLOURS[self.config.array.colour_filter]
        colours = [self.colour_gains[colour] for colour in mosaic]
        even, odd, capture_gain = (Signal(16, name=name, reset_less=True)
                                   for name in ("even", "odd", "capture_gain"))
        odd_row = pixels.tag.array_row[0]
        m.d.sync += [
            even.eq(Mux(odd_row, colours[2], colours[0])),
            odd.eq(Mux(odd_row, colours[3], colours[1])),
            capture_gain.eq(self.capture_gains[pixels.tag.capture]),
        ]
        # Pairs of columns stay together: parity changes from pixel to pixel, lane to lane.
        first_is_odd = Signal(reset_less=True)
        if lanes == 1:
            second = Signal()
            with m.If(self.i.valid):
                m.d.sync += second.eq(~second & ~pixels.line_last)
            m.d.sync += first_is_odd.eq(self.flip_columns ^ second)
        else:
            m.d.sync += first_is_odd.eq(self.flip_columns)
        bypass = delayed(m, ~self.enable, 4, name="bypass")

        gains = [self._total_gain(m, Mux(first_is_odd ^ parity, odd, even), capture_gain, bypass,
                                  name=f"gain_{parity}")
                 for parity in range(min(lanes, 2))]
        for lane in range(lanes):
            m.submodules[f"amplify_{lane}"] = amplify = Amplify(
                self.config, fraction_bits=_TOTAL_FRACTION_BITS)
            m.d.comb += [
                amplify.code.eq(delayed(m, pixels.codes[lane], 4, name=f"code_{lane}")),
                amplify.gain.eq(gains[lane % 2]),
                marks.codes[lane].eq(amplify.o),
            ]
        return m

    @staticmethod
    def _total_gain(m: Module, colour_gain: Value, capture_gain: Value, bypass: Value, *,
                    name: str) -> Value:
        """Second to fifth clock."""
        factor = delayed(m, colour_gain, 1, name=f"{name}_colour")
        other = delayed(m, capture_gain, 1, name=f"{name}_capture")
        product = Signal(32, name=f"{name}_product", reset_less=True)
        dropped = 16 - _TOTAL_FRACTION_BITS
        # One bit more than is kept: adding one to it rounds half up.
        rounded = Signal(32 - dropped + 2, name=f"{name}_rounded", reset_less=True)
        total = Signal(GAIN_BITS, name=name, reset_less=True)
        m.d.sync += [product.eq(factor * other), rounded.eq(product[dropped - 1:] + 1)]
        with m.If(bypass):
            m.d.sync += total.eq(1 << _TOTAL_FRACTION_BITS)
        with m.Elif(rounded[GAIN_BITS + 1:].any()):
            m.d.sync += total.eq(~0)
        with m.Else():
            m.d.sync += total.eq(rounded[1:])
        return total
