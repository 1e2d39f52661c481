# SPDX-License-Identifier: Apache-2.0
"""Whether two captures of a pixel saw the same light."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .noise import NoiseBound

__all__ = ["Agreement"]

BRIGHT_LOG2 = 2
"""Shot noise rules where its variance is four times that of the rest."""


class Agreement(wiring.Component):
    """Compares a capture with the composite of the less sensitive ones.

    ::

        own ───┬─ |difference| ─► quarters ─► - level >> tolerance ─► square ─┐
        other ─┴─ larger ───────► quarters = level ─► * slope + floor ────────┴► compare

    They differ where what exceeds the tolerance is more than the noise of the composite's source
    explains, and are close up to half of that. Latency 9 clocks, one pixel per clock; two
    multipliers.

    Parameters
    ----------
    level_bits : int
        Of differences and levels in quarters of a code, at most 18; larger ones saturate.
    sources : int
        Ranks from which the composite may stem.

    Members
    -------
    own, other : In(signed(25))
        Linear values; ``other`` is the composite.
    source : In(2)
    bounds : In(NoiseBound per source), tolerance_log2 : In(4)
        Constant from the clock after a pixel enters until it leaves.
    differs, is_close : Out(1)
    other_is_less : Out(1)
    is_bright : Out(1), one clock earlier
        Shot noise rules.
    """

    latency_cycles = 9

    def __init__(self, *, level_bits: int, sources: int):
        self.level_bits, self.sources = level_bits, sources
        super().__init__({
            "own": In(signed(25)), "other": In(signed(25)),
            "source": In(2),
            "bounds": In(data.ArrayLayout(NoiseBound, sources)),
            "tolerance_log2": In(4),
            "differs": Out(1),
            "is_close": Out(1),
            "other_is_less": Out(1),
            "is_bright": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        level_bits = self.level_bits
        # Clock 1: the signed difference.
        difference = Signal(signed(26), reset_less=True)
        own, other = Signal(signed(25), reset_less=True), Signal(signed(25), reset_less=True)
        source = Signal(data.ArrayLayout(2, 5), reset_less=True)
        m.d.sync += [
            difference.eq(self.other - self.own), own.eq(self.own), other.eq(self.other),
            source.eq(Cat(self.source, source)),
        ]
        # Clock 2: its magnitude, and the larger of the two if it lies above black.
        is_less = difference < 0
        larger = Mux(is_less, own, other)
        magnitudes = {"distance": Signal(25, name="magnitude", reset_less=True),
                      "level": Signal(25, name="larger", reset_less=True)}
        less = Signal(8, reset_less=True)
        shift = Signal(5, reset_less=True)
        m.d.sync += [
            magnitudes["distance"].eq(Mux(is_less, -difference, difference)),
            magnitudes["level"].eq(Mux(larger < 0, 0, larger)),
            less.eq(Cat(is_less, less)),
            shift.eq(self._of(source[0], "quarter_shift")),
        ]
        # Clocks 3 and 4: into quarters of a code, saturated.
        quarters = {}
        remaining = Signal(2, reset_less=True)
        m.d.sync += remaining.eq(shift[:2])
        for name, magnitude in magnitudes.items():
            coarse = Signal(25, name=f"coarse_{name}", reset_less=True)
            fine = Signal(25, name=f"fine_{name}")
            quarters[name] = Signal(level_bits, name=name, reset_less=True)
            m.d.comb += fine.eq(coarse >> remaining)
            m.d.sync += [
                coarse.eq(magnitude >> (shift[2:] << 2)),
                quarters[name].eq(Mux(fine[level_bits:].any(), (1 << level_bits) - 1, fine)),
            ]
        slope = Signal(18, reset_less=True)
        m.d.sync += slope.eq(self._of(source[2], "slope"))
        # Clocks 5 and 6: what a tolerable error of the gains explains; the shot noise.
        allowance = Signal(level_bits, reset_less=True)
        distance = Signal(level_bits, name="distance_later", reset_less=True)
        excess = Signal(level_bits, reset_less=True)
        product = Signal(data.ArrayLayout(18 + level_bits, 2), reset_less=True)
        floor = Signal(18, reset_less=True)
        m.d.sync += [
            allowance.eq(quarters["level"] >> self.tolerance_log2),
            distance.eq(quarters["distance"]),
            excess.eq(Mux(distance > allowance, distance - allowance, 0)),
            product.eq(Cat(slope * quarters["level"], product)),
            floor.eq(self._of(source[4], "floor")),
        ]
        # Clocks 7 and 8: both squares.
        square = Signal(data.ArrayLayout(2 * level_bits, 2), reset_less=True)
        shots = product[1] >> 7
        bound = Signal(data.ArrayLayout(len(shots) + 1, 2), reset_less=True)
        floor_later = Signal(18, reset_less=True)
        shots_later = Signal(len(shots), reset_less=True)
        m.d.sync += [
            square.eq(Cat(excess * excess, square)),
            bound.eq(Cat((shots + floor)[:len(shots) + 1], bound)),
            shots_later.eq(shots), floor_later.eq(floor),
            self.is_bright.eq(shots_later > (floor_later << BRIGHT_LOG2)),
        ]
        # Clock 9.
        m.d.sync += [
            self.differs.eq(square[1] > bound[1]),
            self.is_close.eq((square[1] << 2) <= bound[1]),
        ]
        m.d.comb += self.other_is_less.eq(less[-1])
        return m

    def _of(self, source: Value, field: str) -> Value:
        """That field of the bound of ``source``."""
        fields = [bound[field] for bound in self.bounds]
        chosen = fields[0]
        for index in range(1, self.sources):
            chosen = Mux(source == index, fields[index], chosen)
        return chosen
