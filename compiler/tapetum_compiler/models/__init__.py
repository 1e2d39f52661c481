# SPDX-License-Identifier: Apache-2.0
"""Programs that come with the package."""

from pathlib import Path

from tapetum.npu.program import Program

from ..backend.image import load_program

__all__ = ["TUNNEL", "tunnel_program"]

TUNNEL = Path(__file__).with_name("tunnel.tapetum")
"""Is there a pedestrian in the tunnel? Input 24 rows x 32 columns x RGB; see docs/npu/own_model.md.
"""


def tunnel_program() -> Program:
    """The program of `TUNNEL`."""
    return load_program(TUNNEL)
