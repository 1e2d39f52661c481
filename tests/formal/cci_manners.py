# SPDX-License-Identifier: Apache-2.0
"""What is proved about the CCI target, as a design for the model checker."""

from amaranth import *
from amaranth.hdl import Assert, Cover

from tapetum.cci.cci_target import DEVICE_ADDRESS, CciTarget, Part
from tapetum.cci.line_events import LineEvents

__all__ = ["CciManners", "DeafEvents"]

_NONE = 15
"""No clock has fallen since the start."""


class DeafEvents(LineEvents):
    """Plants a bug: a target that hears no stop."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        m.d.sync += self.stops.eq(0)
        return m


class CciManners(Elaboratable):
    """A target, and a witness that counts what it hears on the same two lines by itself.

    Nothing is assumed about the host: both lines do anything. The witness knows which bit of
    which byte is under way since the last start, and so when the target may pull.

    Parameters
    ----------
    deaf : bool
        Plants a bug: the target hears no stop.
    promiscuous : bool
        Plants another: the target answers to another device's address.
    """

    def __init__(self, *, deaf: bool = False, promiscuous: bool = False):
        self.promiscuous = promiscuous
        self.domain = ClockDomain("sync", reset_less=True)
        self.scl, self.sda, self.read_data = Signal(init=1), Signal(init=1), Signal(8)
        self.target = CciTarget(filter_cycles=1)
        if deaf:
            self.target.events = DeafEvents()

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = self.domain
        m.submodules.target = target = self.target
        m.submodules.witness = heard = LineEvents()
        pull, part = target.pull_sda, target.part
        m.d.comb += [
            target.scl.eq(self.scl), target.sda.eq(self.sda & ~pull),
            target.bus.read_data.eq(self.read_data), target.second_address.eq(self.promiscuous),
            heard.scl.eq(target.events.scl), heard.sda.eq(target.events.sda),
        ]

        high, risen, open_ = Signal(init=1), Signal(), Signal()
        slot, number = Signal(4, init=_NONE), Signal(2)
        byte, concerned = Signal(8), Signal()
        reading, wanted = Signal(), Signal()
        own = byte[1:] == DEVICE_ADDRESS
        with m.If(heard.rises):
            m.d.sync += [high.eq(1), risen.eq(1)]
            with m.If(slot == 8):
                m.d.sync += wanted.eq(~heard.bit)
            with m.Else():
                m.d.sync += byte.eq(Cat(heard.bit, byte))
        with m.If(heard.falls):
            m.d.sync += [high.eq(0), risen.eq(0)]
            with m.If((slot == _NONE) | (slot == 8)):
                m.d.sync += slot.eq(0)
            with m.Else():
                m.d.sync += slot.eq(slot + 1)
            with m.If((slot == 7) & (number == 0)):
                m.d.sync += [concerned.eq(concerned & own), reading.eq(byte[0])]
            with m.If(slot == 8):
                m.d.sync += number.eq(Mux(number == 3, 3, number + 1))
                with m.If(reading & (number != 0)):
                    m.d.sync += concerned.eq(concerned & wanted)
        with m.If(heard.starts):
            m.d.sync += [open_.eq(1), slot.eq(_NONE), number.eq(0), concerned.eq(1),
                         reading.eq(0), risen.eq(0)]
        with m.If(heard.stops):
            m.d.sync += [open_.eq(0), concerned.eq(0)]

        host_reads = reading & (number != 0)
        in_acknowledge = (slot == 8) & ~host_reads
        in_read = (slot < 8) & host_reads
        said = ((1 << target.bits) - 1)[:8]
        started, stopped = Signal(), Signal()
        m.d.sync += [started.eq(heard.starts), stopped.eq(heard.stops)]
        expected = Signal(Part)
        with m.If(open_ & concerned):
            with m.Switch(number):
                with m.Case(0):
                    m.d.comb += expected.eq(Part.DEVICE)
                with m.Default():
                    m.d.comb += expected.eq(Mux(reading, Part.READ, number + 1))
        m.d.comb += [
            Assert(~pull | (open_ & concerned & (in_acknowledge | in_read)),
                   "it pulls in acknowledge bits and in bits that are read, when addressed"),
            Assert(~stopped | ((part == Part.IDLE) & ~pull), "a stop ends everything"),
            Assert(~started | ((part == Part.DEVICE) & ~pull), "a start begins anew"),
            # What the induction needs: both count alike.
            Assert(part == expected, "witness and target agree on the byte"),
            Assert((part == Part.IDLE) | (target.bits == Mux(slot == _NONE, 0, slot) + risen),
                   "and on the bit"),
            Assert((part != Part.DEVICE) | ~((byte ^ target.byte) & said).any(),
                   "and on what was said"),
            Assert(~(concerned & (number == 0) & (slot == 8)) | (own & (reading == byte[0])),
                   "and on who was meant"),
            Assert(~(concerned & (slot == 8) & risen) | (wanted == target.continues),
                   "and on whether the host goes on"),
            Assert(~concerned | open_, "only a start concerns anybody"),
            Assert(~open_ | Mux(slot == _NONE, high & ~risen & (number == 0), risen == high),
                   "a bit begins with a fall"),
            Assert((slot <= 8) | (slot == _NONE), "there are nine bits"),
            Assert(Mux(heard.rises, 1, high & ~heard.falls) == heard.scl_before, "edges alternate"),
            Assert(heard.scl_before == target.events.scl_before, "both see the same clock"),
            Assert(heard.sda_before == target.events.sda_before, "and the same data"),
            Assert(~(heard.rises & heard.falls), "one edge at a time"),
            Cover(pull & in_acknowledge & (number == 0), "answers"),
            Cover(pull & in_read & (slot == 1), "gives a bit"),
        ]
        return m
