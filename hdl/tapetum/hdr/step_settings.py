# SPDX-License-Identifier: Apache-2.0
"""What each step of the combination must know about the captures below it."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from .noise import NoiseBound, NoiseScale
from .ranking import RankSettings

__all__ = ["SourceSettings", "StepPlanner", "StepSettings"]

DARK_OCTAVES, BRIGHT_OCTAVES = 4, 3
"""Less even captures share nothing: it would gain below 0.4 dB, and a missed pulse costs more."""


class SourceSettings(data.Struct):
    """Of a capture that may dominate the composite, as the capture of this step sees it.

    The shares, of 256, are what the composite has where both are good: ``dark_share`` where read
    noise rules, ``bright_share`` where shot noise does. ``preferred`` has it win there when they
    differ.
    """

    noise: NoiseBound
    dark_share: 8
    bright_share: 8
    preferred: 1


class StepSettings(data.StructLayout):
    """Of the step of ``rank``: one `SourceSettings` per rank below."""

    def __init__(self, rank: int):
        super().__init__({
            "sources": data.ArrayLayout(SourceSettings, rank),
            "tolerance_log2": 4,
            "flicker_enable": 1,
        })


class StepPlanner(wiring.Component):
    """Noise and shares for every step, from what stands at each rank.

    Inverse-variance shares are ``1 / (1 + ratio of variances)``. Where read noise rules the ratio
    goes with the square of the gains, where shot noise does with the light per electron; both are
    rounded to a power of two, and none is used beyond `DARK_OCTAVES` and `BRIGHT_OCTAVES`.
    `latency_cycles` after ``ranks`` the steps follow.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    ranks : In(RankSettings per rank)
    tolerance_log2 : In(4), flicker_enable : In(1)
    step_1, step_2, step_3 : Out(StepSettings)
        As many as there are captures beyond the first.
    """

    latency_cycles = NoiseScale.latency_cycles

    def __init__(self, config: DieConfig):
        self.config = config
        captures = len(config.captures)
        super().__init__({
            "ranks": In(data.ArrayLayout(RankSettings, captures)),
            "tolerance_log2": In(4), "flicker_enable": In(1),
            **{f"step_{rank}": Out(StepSettings(rank)) for rank in range(1, captures)},
        })

    def elaborate(self, platform):
        m = Module()
        captures = len(self.config.captures)
        bounds = []
        for rank in range(captures - 1):
            m.submodules[f"noise_{rank}"] = noise = NoiseScale(self.config)
            m.d.comb += noise.rank.eq(self.ranks[rank])
            bounds.append(noise.bound)
        for rank in range(1, captures):
            step = getattr(self, f"step_{rank}")
            m.d.comb += [step.tolerance_log2.eq(self.tolerance_log2),
                         step.flicker_enable.eq(self.flicker_enable)]
            for below in range(rank):
                source = step.sources[below]
                m.d.comb += [
                    source.noise.eq(bounds[below]),
                    source.preferred.eq(self.ranks[below].is_flicker_capture),
                ]
                self._shares(m, below, rank, source)
        return m

    def _shares(self, m: Module, below: int, rank: int, source) -> None:
        less, more = self.ranks[below], self.ranks[rank]
        gains = Signal(9, name=f"gains_{rank}_{below}", reset_less=True)
        lights = Signal(signed(11), name=f"lights_{rank}_{below}", reset_less=True)
        m.d.sync += [
            gains.eq(less.gain_eighths - more.gain_eighths),
            lights.eq((less.gain_eighths - less.light_eighths)
                      - (more.gain_eighths - more.light_eighths)),
        ]
        for name, octaves, largest in (
                ("dark_share", (gains + 2) >> 2, DARK_OCTAVES),
                ("bright_share", Mux(lights < 0, 0, (lights + 4) >> 3), BRIGHT_OCTAVES)):
            share = Signal(8, name=f"{name}_{rank}_{below}", reset_less=True)
            with m.Switch(octaves[:7]):
                for whole in range(largest + 1):
                    with m.Case(whole):
                        m.d.sync += share.eq(256 // (1 + (1 << whole)))
                with m.Default():
                    m.d.sync += share.eq(0)
            m.d.comb += source[name].eq(share)
