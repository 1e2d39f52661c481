# SPDX-License-Identifier: Apache-2.0
"""Flip-flops behind the table."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from tapetum.registers.definition import Access, Register, Storage

from ..link.board_bus import BoardBus

__all__ = ["BoardRegisters"]


class BoardRegisters(wiring.Component):
    """A register changes as a whole with the write of its last byte, and is read as it was with its
    first. Addresses without a register are refused, and so are writes to what can only be read.

    Parameters
    ----------
    registers : list of Register

    Members
    -------
    bus : In(BoardBus)
        Only the lower bits of the address count.
    NAME : Out(bits)
        Value of a register that can be written.
    NAME : In(bits)
        Of one that is only shown, or clears itself; of the latter there is also ``NAME_strobe``,
        Out, the bits that were written as one.
    """

    def __init__(self, registers: list[Register]):
        self.registers = registers
        ports: dict[str, wiring.Member] = {"bus": In(BoardBus())}
        for register in registers:
            bits = register.mask.bit_length()
            if register.storage is Storage.IMMEDIATE:
                ports[register.name] = Out(bits, init=register.reset)
            elif register.storage is Storage.STATUS:
                ports[register.name] = In(bits)
            if register.access is Access.SELF_CLEARING:
                ports[f"{register.name}_strobe"] = Out(bits)
        super().__init__(ports)

    def elaborate(self, platform):
        m = Module()
        bus = self.bus
        known = max(address for register in self.registers for address in register.addresses)
        place = bus.address[:known.bit_length()]
        outside = bus.address[known.bit_length():16].any()
        collected = Signal(24)
        snapshot = Signal(32)
        # Whose address it is takes a clock of its own, what to do with it the next.
        asked = Signal()
        m.d.sync += [asked.eq(bus.request), bus.done.eq(asked), bus.refused.eq(1)]
        for register in self.registers:
            if register.access is Access.SELF_CLEARING:
                m.d.sync += self[f"{register.name}_strobe"].eq(0)
        with m.If(asked & bus.write):
            m.d.sync += collected.eq(Cat(bus.write_data, collected))
        for register in self.registers:
            for offset, address in enumerate(register.addresses):
                chosen = Signal(name=f"{register.name}_{offset}_chosen")
                m.d.sync += chosen.eq(bus.request & ~outside & (place == address))
                with m.If(chosen):
                    self._access(m, register, offset, collected, snapshot)
        return m

    def __getitem__(self, name: str):
        return getattr(self, name)

    def _access(self, m: Module, register: Register, offset: int, collected: Signal,
                snapshot: Signal) -> None:
        bus, last = self.bus, register.width_bytes - 1
        value = (C(register.reset, 32) if register.storage is Storage.CONSTANT
                 else self[register.name])
        m.d.sync += bus.refused.eq(bus.write & (not register.is_writable))
        if offset == 0:
            m.d.sync += [snapshot.eq(value), bus.read_data.eq(value >> 8 * last)]
        else:
            m.d.sync += bus.read_data.eq(snapshot >> 8 * (last - offset))
        if register.is_writable and offset == last:
            whole = Cat(bus.write_data, collected)
            with m.If(bus.write):
                target = self[register.name if register.storage is Storage.IMMEDIATE
                              else f"{register.name}_strobe"]
                m.d.sync += target.eq(whole)
