# SPDX-License-Identifier: Apache-2.0
"""What the array looks at, and all that it finds, on a virtual channel of their own."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..control.frame_settings import FRAMES_IN_FLIGHT
from ..memory.health import MemoryHealth, gather
from ..npu.program_image import LARGEST_CLASSES
from ..npu.result_reader import Logit
from ..npu.verdict import Region, Verdict
from ..vision.output_rows import InputCode
from ..vision.settings import VisionSettings, cell_pixels
from .formats import DataType
from .packets import PacketSource
from .result_row import ResultStore
from .result_rows import ResultRows
from .tensor_bytes import TensorBytes
from .tensor_head import TENSOR_HEAD_BYTES

__all__ = ["TENSOR_CHANNEL", "NetworkTensors", "tensor_store"]

TENSOR_CHANNEL = 3
_SLOTS = 4


def tensor_store(config: DieConfig) -> ResultStore:
    """Where rows of the network's input and output wait."""
    channels = 3 if cell_pixels(config) == 2 else 1
    return ResultStore(
        data_types=(DataType.NETWORK_INPUT, DataType.NETWORK_OUTPUT),
        virtual_channel=TENSOR_CHANNEL, beat_bits=8, slots=_SLOTS,
        row_bytes=TENSOR_HEAD_BYTES + max(config.vision.largest_columns * channels,
                                          LARGEST_CLASSES),
        byte_lanes=config.csi2.byte_lanes)


class NetworkTensors(wiring.Component):
    """A packet of type 0x31 for each row of the input, then one of type 0x33 with the output.

    ::

        codes, logits ─► TensorBytes ─► ResultRows ─► packets

    All of a frame stand between a frame start and a frame end of virtual channel 3, and each begins
    with a `TensorHead`. The channel is that of the fourth capture, but uncombined frames are not
    judged.

    Parameters
    ----------
    config : DieConfig
    byte_domain : str
        Clock of the byte lanes, asynchronous to ``sync``.

    Members
    -------
    inputs, outputs : In(FRAMES_IN_FLIGHT)
        Bit for each frame in flight, by the low bits of its number: its input and its output are
        wanted. No bit of a frame without a verdict may be set.
    first : In(1), lost : In(1), frame : In(16)
        Strobes of `Vision`: the first pixel of this frame's region has come; it is incomplete.
    settings : In(VisionSettings), region : In(Region), model_id : In(32)
        Of the frame, with ``first``.
    codes : In(stream of InputCode), logits : In(stream of Logit), always ready
        Of `Vision` and `Npu`.
    given : In(1), verdict : In(Verdict)
        Strobe: a new verdict; it stays until the next one.
    overflow : Out(1)
        In ``sync``: strobe for each row that was lost, and for each input or output that was cut
        short.
    packets : Out(PacketSource(byte_lanes)), in ``byte_domain``
    memory : Out(MemoryHealth)
        In ``sync``.
    """

    def __init__(self, config: DieConfig, byte_domain: str = "byte"):
        self.config, self.byte_domain = config, byte_domain
        super().__init__({
            "inputs": In(FRAMES_IN_FLIGHT), "outputs": In(FRAMES_IN_FLIGHT),
            "first": In(1), "lost": In(1), "frame": In(16),
            "settings": In(VisionSettings), "region": In(Region), "model_id": In(32),
            "codes": In(stream.Signature(InputCode, always_ready=True)),
            "logits": In(stream.Signature(Logit, always_ready=True)),
            "given": In(1), "verdict": In(Verdict),
            "overflow": Out(1),
            "packets": Out(PacketSource(config.csi2.byte_lanes)),
            "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        store = tensor_store(self.config)
        m.submodules.bytes = tensors = TensorBytes(store)
        m.submodules.link = link = ResultRows(store, self.byte_domain)
        connect(m, flipped(self.codes), tensors.codes)
        connect(m, flipped(self.logits), tensors.logits)
        connect(m, tensors.o, link.i)
        connect(m, link.packets, flipped(self.packets))
        gather(m, self.memory, tensors.memory, link.memory)
        slot, begun = self.frame[:2], tensors.begun
        m.d.comb += [
            tensors.begins.eq(self.first & self.inputs.bit_select(slot, 1)),
            tensors.lost.eq(self.lost),
            begun.frame.eq(self.frame), begun.model_id.eq(self.model_id),
            begun.region.eq(self.region), begun.rows.eq(self.settings.rows),
            begun.columns.eq(self.settings.columns),
            begun.channels.eq(Mux(self.settings.rgb, 3, 1)),
            begun.output_follows.eq(self.outputs.bit_select(slot, 1)),
            tensors.verdict.eq(self.verdict),
            tensors.given.eq(self.given & self.outputs.bit_select(self.verdict.frame[:2], 1)),
            self.overflow.eq(tensors.overflow | link.overflow),
        ]
        return m
