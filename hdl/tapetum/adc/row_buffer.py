# SPDX-License-Identifier: Apache-2.0
"""Holds one block of a converted row while the next conversion runs."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import AdcConfig

__all__ = ["STROBE_COPIES", "RowBuffer"]

STROBE_COPIES = 8
"""Each tells its share of the planes, so that no net has more than a hundred registers."""


class RowBuffer(wiring.Component):
    """Copies the planes of one block into ``sync`` when told, and keeps them.

    The latches belong to the counter's domain, but hold still from before ``copy`` until the next
    ramp is accepted: a quasi-static crossing without synchronisers.

    Members
    -------
    copy : In(STROBE_COPIES), bank : In(STROBE_COPIES)
        Take the signal latches and those of reset bank ``bank``; all copies are alike.
    signal : In(columns).array(bits + 1), reset : In(columns).array(reset_banks, reset_bits)
    held_signal : Out(columns).array(bits + 1), held_reset : Out(columns).array(reset_bits)
    """

    def __init__(self, config: AdcConfig, *, columns: int, reset_banks: int):
        self.config, self.columns, self.reset_banks = config, columns, reset_banks
        super().__init__({
            "copy": In(STROBE_COPIES),
            "bank": In(STROBE_COPIES),
            "signal": In(columns).array(config.bits + 1),
            "reset": In(columns).array(reset_banks, config.reset_bits),
            "held_signal": Out(columns).array(config.bits + 1),
            "held_reset": Out(columns).array(config.reset_bits),
        })

    def elaborate(self, platform):
        m = Module()
        planes = len(self.held_signal) + len(self.held_reset)
        copies = [number * STROBE_COPIES // planes for number in range(planes)]
        taken = [*zip(self.held_signal, self.signal, strict=True),
                 *((held, Mux(self.bank[copy], self.reset[-1][bit], self.reset[0][bit]))
                   for bit, (held, copy) in enumerate(zip(
                       self.held_reset, copies[len(self.held_signal):], strict=True)))]
        for number, (port, plane) in enumerate(taken):
            held = Signal(self.columns, name=f"held_{number}", reset_less=True)
            m.d.comb += port.eq(held)
            with m.If(self.copy[copies[number]]):
                m.d.sync += held.eq(plane)
        return m
