# SPDX-License-Identifier: Apache-2.0
"""The rules of a stream, asserted on every clock."""

from typing import Self

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In

__all__ = ["StreamChecker"]


class StreamChecker(wiring.Component):
    """Stands at a stream boundary and fails the simulation when the source breaks its promise.

    A beat that was offered and not taken must be offered again in the next clock, unchanged
    (the rules of ``amaranth.lib.stream``). Synthesisable, so that it serves formal proofs too.

    Parameters
    ----------
    payload_width : int
        Bits of the payload.
    name : str
        How the messages call this boundary.

    Members
    -------
    payload : ``In(payload_width)``
    valid : ``In(1)``
    ready : ``In(1)``
    """

    def __init__(self, payload_width: int, *, name: str = "stream"):
        self.name = name
        super().__init__({"payload": In(payload_width), "valid": In(1), "ready": In(1)})

    @classmethod
    def attach(cls, m: Module, stream, *, name: str = "stream", domain: str = "sync") -> Self:
        """Watch the interface `stream` from within `m`, in `domain`."""
        payload = Value.cast(stream.payload)
        checker = cls(len(payload), name=name)
        m.submodules += DomainRenamer(domain)(checker)
        m.d.comb += [
            checker.payload.eq(payload),
            checker.valid.eq(stream.valid),
            checker.ready.eq(stream.ready),
        ]
        return checker

    def elaborate(self, platform):
        m = Module()
        waiting = Signal()
        offered = Signal.like(self.payload)
        m.d.sync += [
            waiting.eq(self.valid & ~self.ready),
            offered.eq(self.payload),
        ]
        with m.If(waiting):
            m.d.sync += [
                Assert(self.valid, f"{self.name}: valid fell before the beat was taken"),
                Assert(
                    ~self.valid | (self.payload == offered),
                    Format(
                        f"{self.name}: payload changed from {{:x}} to {{:x}} while it waited",
                        offered, self.payload,
                    ),
                ),
            ]
        return m
