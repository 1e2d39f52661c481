# SPDX-License-Identifier: Apache-2.0
"""Build a component into a fast simulator, run cocotb test benches on it, record its streams.

::

    from tapetum_sim.simulator import Clock, build, run, read_recording

    simulator = build(top, domains=("sync", "adc", "byte"), profile="frame", progress=print)
    result = run(simulator, "tapetum_sim.benches.frame", directory=out, limit_cycles=5_000_000,
                 clocks=[Clock(domain="sync", frequency_hz=100_000_000),
                         Clock(domain="adc", frequency_hz=620_000_000, phase_ps=311),
                         Clock(domain="byte", frequency_hz=100_003_000, phase_ps=97)],
                 parameters={"frames": 3})
    pixels = read_recording(result.directory / "linear.beats", LinearPixel)

In the bench, a module with ``@cocotb.test()`` coroutines (not named ``test_*``)::

    from tapetum_sim.simulator import parameters, post, publish, report_progress

Rules of a fast and deterministic bench:

- Clocks run by themselves; never drive or create one. Resets are generated in the top level; await
  ``FallingEdge(dut.rst)`` or ``adc_rst``, raise ``reset_request`` to reset again.
- Wait for an event per row or frame, not for clock edges.
- A write at time T acts after all clock edges at T and before the next one. After
  ``RisingEdge(dut.clk)`` signals read as the registers are about to sample them; after an edge of
  any other signal they read as they are after the clock edge that caused it. A ``Timer`` that ends
  at the time of a clock edge comes before that edge.
- Wide data enters through a ``Mailbox``, whole streams leave through a ``Recorder``.
- Top-level inputs are for narrow things: Verilator evaluates what depends on them at every edge of
  every clock, so an input that feeds much logic should be registered first.
"""

from .builder import Build, BuildError, build
from .clocks import Clock
from .execution import CycleLimitError, Run, SimulationError, run
from .mailbox import Mailbox, post
from .recorder import Recorder, flush_recordings
from .recording import read_recording, unpack
from .serial_line import SerialLine
from .session import parameters, publish, report_progress, run_directory
from .window import Window, read_window

__all__ = [
    "Build",
    "BuildError",
    "Clock",
    "CycleLimitError",
    "Mailbox",
    "Recorder",
    "Run",
    "SerialLine",
    "SimulationError",
    "Window",
    "build",
    "flush_recordings",
    "parameters",
    "post",
    "publish",
    "read_recording",
    "read_window",
    "report_progress",
    "run",
    "run_directory",
    "unpack",
]
