# SPDX-License-Identifier: Apache-2.0
"""The registers of a die behind their two wires, as a simulator's top level."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect

from tapetum.cci.cci import Cci
from tapetum.config import DieConfig
from tapetum.control.control import Control
from tapetum.control.faults import Fault

__all__ = ["WiresTop"]


class WiresTop(wiring.Component):
    """`Cci` and `Control`; frames are planned as the host wants them."""

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({"scl": In(1), "sda": In(1), "pull_sda": Out(1), "adopt": In(1),
                          "streaming": Out(1), "faults": Out(len(Fault))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.cci, m.submodules.control = cci, control = (
            Cci(self.config), Control(self.config))
        connect(m, cci.bus, control.bus)
        m.d.comb += [
            cci.scl.eq(self.scl), cci.sda.eq(self.sda & ~cci.pull_sda),
            self.pull_sda.eq(cci.pull_sda),
            cci.pec.eq(control.cci_error_check), control.cci_read_code.eq(cci.read_code),
            control.raised[Fault.CCI_CODE_WRONG].eq(cci.pec_error),
            control.planned.eq(control.settings), control.adopt.eq(self.adopt),
            self.streaming.eq(control.streaming), self.faults.eq(control.faults),
        ]
        return m
