# SPDX-License-Identifier: Apache-2.0
"""A value that changes seldom, from one clock to another."""

from typing import Any

from amaranth import *
from amaranth.hdl import ShapeLike
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

__all__ = ["HeldCrossing"]


class HeldCrossing(wiring.Component):
    """Shows the value of ``i_domain`` in ``o_domain``, always as a whole.

    A copy is held still from the request to its acknowledgement: about 4 clocks of each domain.
    Values that come and go within that time are left out; the last one always arrives.

    Parameters
    ----------
    shape : ShapeLike
    i_domain, o_domain : str
    init
        What ``o`` shows before anything has crossed.

    Members
    -------
    i : In(shape), in ``i_domain``
    o : Out(shape), in ``o_domain``
    """

    def __init__(self, shape: ShapeLike, *, i_domain: str, o_domain: str, init: Any = None):
        self.shape, self.init = shape, init
        self.i_domain, self.o_domain = i_domain, o_domain
        super().__init__({"i": In(shape, init=init), "o": Out(shape, init=init)})

    def elaborate(self, platform):
        m = Module()
        sender, receiver = m.d[self.i_domain], m.d[self.o_domain]
        held: Any = Signal(self.shape, init=self.init)
        request, acknowledged, arrived, taken = Signal(), Signal(), Signal(), Signal()
        m.submodules.request = FFSynchronizer(request, arrived, o_domain=self.o_domain)
        m.submodules.acknowledge = FFSynchronizer(taken, acknowledged, o_domain=self.i_domain)
        with m.If((request == acknowledged) & (Value.cast(held) != Value.cast(self.i))):
            sender += [held.eq(self.i), request.eq(~request)]
        with m.If(arrived != taken):
            receiver += [self.o.eq(held), taken.eq(arrived)]
        return m
