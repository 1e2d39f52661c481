# SPDX-License-Identifier: Apache-2.0
"""What is sent beside the pixels of each frame in flight."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from .frame_settings import FRAMES_IN_FLIGHT, adopted_settings

__all__ = ["FrameFlags", "flag_layout"]


def flag_layout(config: DieConfig) -> data.StructLayout:
    """A bit per frame in flight for each thing, by the low bits of the frame's number."""
    names = ("flicker_map", *(("verdict", "network_input", "network_output") if config.npu else ()))
    return data.StructLayout(dict.fromkeys(names, FRAMES_IN_FLIGHT))


class FrameFlags(wiring.Component):
    """Bits of all frames in flight side by side, for rooms that look at frames to come.

    Only combined frames have any; nothing of the array is sent without its verdict.

    Members
    -------
    adopted : In(adopted_settings)
    flags : Out(flag_layout)
        One clock behind ``adopt``.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({"adopted": In(adopted_settings(config)),
                          "flags": Out(flag_layout(config))})

    def elaborate(self, platform):
        m = Module()
        settings = self.adopted.settings
        for name in flag_layout(self.config).members:
            flag = settings[name] & ~settings.uncombined
            if name.startswith("network"):
                flag &= settings.verdict
            with m.If(self.adopted.adopt):
                m.d.sync += self.flags[name].bit_select(self.adopted.frame, 1).eq(flag)
        return m
