# SPDX-License-Identifier: Apache-2.0
"""All clocks of a board out of one PLL of an ECP5."""

from collections.abc import Mapping
from dataclasses import dataclass

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.cdc import ResetSynchronizer
from amaranth.lib.wiring import In

__all__ = ["ClockPlan", "Ecp5Clocks", "plan_clocks"]

_OSCILLATOR_HZ = 400e6, 800e6
_LARGEST_DIVIDER = 128
_OUTPUTS = ("P", "S", "S2", "S3")


@dataclass(frozen=True, kw_only=True)
class ClockPlan:
    """Dividers of an EHXPLLL; frequencies follow from them exactly.

    Parameters
    ----------
    dividers : dict
        Of the oscillator, by domain; the first is fed back.
    """

    input_hz: float
    input_divider: int
    feedback_divider: int
    dividers: dict[str, int]

    @property
    def oscillator_hz(self) -> float:
        first = next(iter(self.dividers.values()))
        return self.input_hz / self.input_divider * self.feedback_divider * first

    def frequency_hz(self, domain: str) -> float:
        return self.oscillator_hz / self.dividers[domain]


def plan_clocks(input_hz: float, wanted_hz: dict[str, float]) -> ClockPlan:
    """Dividers that give every domain exactly what it wants.

    Raises
    ------
    ValueError
        If one PLL cannot.
    """
    if not 1 <= len(wanted_hz) <= len(_OUTPUTS):
        raise ValueError(f"a PLL gives one to {len(_OUTPUTS)} clocks, not {len(wanted_hz)}.")
    first = next(iter(wanted_hz.values()))
    for input_divider in range(1, 9):
        feedback = first * input_divider / input_hz
        for divider in range(1, _LARGEST_DIVIDER + 1):
            oscillator = first * divider
            if not _OSCILLATOR_HZ[0] <= oscillator <= _OSCILLATOR_HZ[1] or feedback % 1:
                continue
            dividers = {name: oscillator / hz for name, hz in wanted_hz.items()}
            if all(d % 1 == 0 and d <= _LARGEST_DIVIDER for d in dividers.values()):
                return ClockPlan(input_hz=input_hz, input_divider=input_divider,
                                 feedback_divider=int(feedback),
                                 dividers={name: int(d) for name, d in dividers.items()})
    wanted = ", ".join(f"{name} {hz / 1e6:g} MHz" for name, hz in wanted_hz.items())
    raise ValueError(f"no PLL makes {wanted} from {input_hz / 1e6:g} MHz; choose frequencies with "
                     f"a common multiple between 400 and 800 MHz.")


class Ecp5Clocks(wiring.Component):
    """Drives the domains of a plan, which its parent makes; each is in reset until the PLL has
    locked.

    Parameters
    ----------
    plan : ClockPlan
    lags : dict
        Of a period, by domain, that its clock is behind the first one; to the next whole period of
        the PLL's oscillator. These domains have no reset.

    Members
    -------
    clock : In(1)
        What the plan begins with.
    """

    def __init__(self, plan: ClockPlan, *, lags: Mapping[str, float] | None = None):
        self.plan, self.lags = plan, dict(lags or {})
        super().__init__({"clock": In(1)})

    def elaborate(self, platform):
        m = Module()
        plan, locked = self.plan, Signal()
        parameters, outputs = {}, {}
        for output, (name, divider) in zip(_OUTPUTS, plan.dividers.items(), strict=False):
            clock = Signal(name=f"pll_{name}")
            m.d.comb += ClockSignal(name).eq(clock)
            platform.add_clock_constraint(clock, plan.frequency_hz(name))
            phase = divider - 1 + round(divider * self.lags.get(name, 0))
            parameters |= {f"p_CLKO{output}_DIV": divider, f"p_CLKO{output}_ENABLE": "ENABLED",
                           f"p_CLKO{output}_CPHASE": phase, f"p_CLKO{output}_FPHASE": 0}
            outputs[f"o_CLKO{output}"] = clock
            if name not in self.lags:
                m.submodules[f"reset_{name}"] = ResetSynchronizer(~locked, domain=name)
        feedback = outputs["o_CLKOP"]
        m.submodules.pll = Instance(
            "EHXPLLL", p_CLKI_DIV=plan.input_divider, p_CLKFB_DIV=plan.feedback_divider,
            p_FEEDBK_PATH="CLKOP", p_PLLRST_ENA="DISABLED", p_INTFB_WAKE="DISABLED",
            p_STDBY_ENABLE="DISABLED", p_DPHASE_SOURCE="DISABLED",
            p_OUTDIVIDER_MUXA="DIVA", p_OUTDIVIDER_MUXB="DIVB", p_OUTDIVIDER_MUXC="DIVC",
            p_OUTDIVIDER_MUXD="DIVD", **parameters,
            i_CLKI=self.clock, i_CLKFB=feedback, i_RST=Const(0), i_STDBY=Const(0),
            i_PHASESEL0=Const(0), i_PHASESEL1=Const(0), i_PHASEDIR=Const(0),
            i_PHASESTEP=Const(0), i_PHASELOADREG=Const(0), i_PLLWAKESYNC=Const(0),
            i_ENCLKOP=Const(0), o_LOCK=locked, **outputs)
        return m
