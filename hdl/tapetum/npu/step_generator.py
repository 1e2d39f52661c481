# SPDX-License-Identifier: Apache-2.0
"""What the generators of steps have in common: their ports."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .npu_config import NpuConfig
from .step import ReadStep, RowCommand

__all__ = ["StepGenerator"]


class StepGenerator(wiring.Component):
    """Makes the steps of one row command, one per clock.

    Members
    -------
    load : In(1), command : In(RowCommand)
        Begins a row: its first step is there in the clock after.
    enable : In(1)
        Without it the step is not taken and stays.
    active : Out(1)
        Falls after the last step.
    edge : Out(1)
        The step begins or ends a vector.
    step_valid : Out(1), step : Out(ReadStep)
    """

    def __init__(self, config: NpuConfig):
        self.config = config
        # Not active: a register of its own for what every register of a generator loads by.
        self._idle = Signal(init=1, name="idle")
        super().__init__({
            "load": In(1), "command": In(RowCommand), "enable": In(1),
            "active": Out(1), "edge": Out(1), "step_valid": Out(1), "step": Out(ReadStep(config)),
        })

    def _begin(self, m: Module) -> None:
        m.d.sync += [self.active.eq(1), self._idle.eq(0)]

    def _end(self, m: Module, last: Value) -> None:
        m.d.sync += [self.active.eq(~last), self._idle.eq(last)]
