# SPDX-License-Identifier: Apache-2.0
"""The second sequencer, and the comparison of both."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..stream.delay import delayed
from .sequencer import Sequencer, SequencerInputs, SequencerOutputs

__all__ = ["LAG_CYCLES", "SequencerLockstep", "compared"]

LAG_CYCLES = 2
"""The copy does everything this much later: what disturbs both at once finds them at different
work, and synthesis finds no two registers that hold the same."""


class SequencerLockstep(wiring.Component):
    """A `Sequencer` that repeats what the one in use does; tells where they differ.

    ::

        inputs of the sequencer ──► 2 clocks ──► copy ──┐
        its outputs ──────────────► 2 clocks ───────────┴─► differs?

    Compared is what pixels and converters are told: pulses and levels always, rows, commands and
    numbers in the clocks in which they count. A difference is found 4 clocks after the sequencer in
    use has made it, and reported as long as it lasts.

    While the sequencer in use is idle, a copy that differs is reset and takes over the number of
    the next frame: both agree again after an injection, and after an upset that is no defect.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    inputs : In(SequencerInputs), outputs : In(SequencerOutputs)
        Of the sequencer in use.
    inject : In(1)
        The copy sees ``streaming`` inverted, and runs free.
    raised : Out(1)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "inputs": In(SequencerInputs(config)), "outputs": In(SequencerOutputs(config)),
            "inject": In(1), "raised": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        restart, differs, injected = Signal(), Signal(), Signal()
        copy = Sequencer(self.config)
        m.submodules.copy = ResetInserter(restart)(copy)

        strobes = ("streaming", "triggered", "sync_pulse", "ramp_ready")
        # A frame's settings stand still while both plan it: only what counts at any time is late.
        settings = self.inputs.settings
        m.d.comb += copy.i.settings.eq(settings)
        m.d.comb += copy.i.settings.line_length_cycles.eq(delayed(
            m, settings.line_length_cycles, LAG_CYCLES, name="seen_line_length"))
        for name in SequencerInputs(self.config).members:
            if name == "settings":
                continue
            seen = delayed(m, self.inputs[name], LAG_CYCLES, name=f"seen_{name}",
                           reset_less=name not in strobes)
            # Free-running too: then a start shows at once.
            if name == "streaming":
                seen = seen ^ injected
            elif name == "triggered":
                seen = seen & ~injected
            m.d.comb += copy.i[name].eq(seen)
        original = delayed(m, compared(self.outputs), LAG_CYCLES, name="original",
                           reset_less=False)
        differences = Signal(len(original))
        m.d.sync += [injected.eq(self.inject), differences.eq(original ^ compared(copy.o)),
                     differs.eq(differences.any()), self.raised.eq(differs)]

        # Idle, no start is on its way to the copy, and the last restart shows.
        at_rest, restarted = Signal(2 * LAG_CYCLES), Signal(2 * LAG_CYCLES)
        m.d.sync += [
            at_rest.eq(Cat(~self.outputs.busy & ~self.inputs.streaming, at_rest)),
            restart.eq(differs & at_rest.all() & ~injected & ~restart & ~restarted.any()),
            restarted.eq(Cat(restart, restarted)),
        ]
        m.d.comb += [copy.renumber.eq(restarted[0]), copy.number.eq(self.outputs.adopt_frame)]
        return m


def compared(outputs) -> Value:
    """All of `SequencerOutputs` that must be the same in both: what does not count reads as 0."""
    lines = outputs.row_control
    levels = Cat(lines.select, lines.reset, lines.transfer_large, lines.transfer_small,
                 lines.high_gain)
    shutters = [outputs.shutters[index] for index in range(len(outputs.shutters))]

    def while_(counts: Value, value: Value) -> Value:
        return value & counts.replicate(len(value))

    return Cat(
        outputs.busy, outputs.line_start, outputs.frame_start, outputs.adopt, outputs.adopt_frame,
        levels, while_(levels.any(), lines.physical_row),
        while_(outputs.busy, outputs.play_address),
        *(Cat(shutter.reset, while_(shutter.reset, shutter.physical_row)) for shutter in shutters),
        outputs.ramp_valid, while_(outputs.ramp_valid, Value.cast(outputs.ramp)))
