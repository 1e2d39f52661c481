# SPDX-License-Identifier: Apache-2.0
"""Wires a test frame into the way from the combination to the link."""

from typing import Any

from amaranth import *

from ..compand.output_selector import OutputSelector
from ..hdr.hdr import Hdr
from .digital_test_frame import DigitalTestFrame
from .mechanism import Mechanism

__all__ = ["add_test_frame"]


def add_test_frame(m: Module, hdr: Hdr, compander: Any, selector: OutputSelector,
                   safety: Any) -> DigitalTestFrame:
    """A `DigitalTestFrame`, as submodule ``test_frame``.

    Parameters
    ----------
    compander : Companding or Compander
        Between ``hdr`` and ``selector``.
    safety : Safety
    """
    combined = hdr.combine.latency_cycles
    m.submodules.test_frame = test = DigitalTestFrame(
        hdr.config, marks_latency_cycles=combined, values_latency_cycles=(
            combined + compander.latency_cycles + selector.latency_cycles))
    marked, mechanism = hdr.o.payload, Mechanism.DIGITAL_TEST_FRAME
    m.d.comb += [
        test.frame_end.eq(hdr.o.valid & marked.line_last & marked.frame_last),
        test.busy.eq(hdr.combines | selector.o.valid),
        hdr.test.eq(test.pixels), hdr.test_valid.eq(test.valid), compander.test.eq(hdr.testing),
        test.marks.eq(Cat(marked.flicker, marked.clipped)),
        test.values.eq(selector.o.payload.values),
        test.inject.eq(safety.inject[mechanism]), safety.raised[mechanism].eq(test.raised),
        safety.test_frame_signature.eq(test.found),
    ]
    return test
