# SPDX-License-Identifier: Apache-2.0
"""Buttons to accesses of registers."""

from collections.abc import Sequence

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from ..link.board_bus import BoardBus
from .actions import GROWTH_SHIFT, Action, Change

__all__ = ["SAMPLES_HZ", "ButtonEngine"]

SAMPLES_HZ = 100
"""Buttons are looked at so often: longer than a contact bounces."""


class ButtonEngine(wiring.Component):
    """Reads a register, changes its value, writes it: once for each time a button is pressed.

    Parameters
    ----------
    actions : sequence of Action
        One for each button.
    clock_hz : float
        Of ``sync``.

    Members
    -------
    buttons : In
        Asynchronous; high while pressed.
    bus : Out(BoardBus)
    host_busy : In(1)
        The host is in the middle of something: buttons wait.
    busy : Out(1)
        The bus is taken from before the first access until after the last.
    """

    def __init__(self, actions: Sequence[Action], clock_hz: float):
        for action in actions:
            if action.width_bytes not in (1, 2):
                raise ValueError(f"a button changes registers of 1 or 2 bytes, not {action.name} "
                                 f"of {action.width_bytes}.")
        self.actions, self.period = tuple(actions), max(2, round(clock_hz / SAMPLES_HZ))
        super().__init__({"buttons": In(len(self.actions)), "bus": Out(BoardBus()),
                          "host_busy": In(1), "busy": Out(1)})

    def elaborate(self, platform):
        m = Module()
        bus, actions = self.bus, self.actions
        m.submodules.settle = FFSynchronizer(self.buttons, settled := Signal(len(actions)))
        until_sample = Signal(range(self.period))
        before, pressed = Signal(len(actions)), Signal(len(actions))
        with m.If(until_sample == 0):
            m.d.sync += [until_sample.eq(self.period - 1), before.eq(settled)]
        with m.Else():
            m.d.sync += until_sample.eq(until_sample - 1)

        number = Signal(range(len(actions)))
        value, changed = Signal(16), Signal(16)
        address, is_wide, mask = Signal(32), Signal(), Signal(16)
        with m.Switch(number):
            for index, action in enumerate(actions):
                with m.Case(index):
                    new = {Change.NEXT: Mux(value >= action.last, 0, value + 1),
                           Change.GROW: value + (value >> GROWTH_SHIFT) + 1,
                           Change.SHRINK: value - (value >> GROWTH_SHIFT)}[action.change]
                    m.d.comb += [address.eq(action.address), is_wide.eq(action.width_bytes == 2),
                                 mask.eq((1 << action.bits) - 1), changed.eq(new)]
        second = Signal()
        m.d.comb += [
            bus.address.eq(address + second),
            bus.write_data.eq(Mux(is_wide & ~second, (changed & mask) >> 8, changed & mask)),
        ]
        done = Signal(len(actions))
        m.d.sync += pressed.eq((pressed & ~done) | Mux(until_sample == 0, settled & ~before, 0))
        with m.FSM():
            with m.State("rest"):
                m.d.sync += second.eq(0)
                with m.If(pressed.any() & ~self.host_busy):
                    for index in reversed(range(len(actions))):
                        with m.If(pressed[index]):
                            m.d.sync += number.eq(index)
                    m.next = "read"
            with m.State("read"):
                m.d.comb += [self.busy.eq(1), bus.request.eq(1)]
                m.next = "reading"
            with m.State("reading"):
                m.d.comb += self.busy.eq(1)
                with m.If(bus.done):
                    m.d.sync += [value.eq(Mux(second, Cat(bus.read_data, value[:8]),
                                              bus.read_data)),
                                 second.eq(is_wide & ~second)]
                    m.next = "write"
                    with m.If(is_wide & ~second):
                        m.next = "read"
            with m.State("write"):
                m.d.comb += [self.busy.eq(1), bus.write.eq(1), bus.request.eq(1)]
                m.next = "writing"
            with m.State("writing"):
                m.d.comb += [self.busy.eq(1), bus.write.eq(1)]
                with m.If(bus.done):
                    m.d.sync += second.eq(is_wide & ~second)
                    m.next = "write"
                    with m.If(second | ~is_wide):
                        m.d.comb += done.eq(1 << number)
                        m.next = "rest"
        return m
