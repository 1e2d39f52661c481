# SPDX-License-Identifier: Apache-2.0
"""What there is in each FPGA."""

from dataclasses import dataclass

__all__ = ["ICE40UP5K", "LFE5U_25F", "LFE5U_85F", "Device"]


@dataclass(frozen=True, kw_only=True)
class Device:
    """An FPGA, and how many of each thing it has.

    Parameters
    ----------
    name : str
    family : str
        ``ecp5`` or ``ice40``: how it is synthesised.
    lut4, flip_flops, dsp, block_ram : int
        Of an iCE40 a table and a flip-flop share a cell.
    """

    name: str
    family: str
    lut4: int
    flip_flops: int
    dsp: int
    block_ram: int


LFE5U_85F = Device(name="LFE5U-85F, speed 6", family="ecp5", lut4=83_640, flip_flops=83_640,
                   dsp=156, block_ram=208)
LFE5U_25F = Device(name="LFE5U-25F, speed 6", family="ecp5", lut4=24_288, flip_flops=24_288,
                   dsp=28, block_ram=56)
ICE40UP5K = Device(name="iCE40UP5K", family="ice40", lut4=5_280, flip_flops=5_280, dsp=8,
                   block_ram=30)
