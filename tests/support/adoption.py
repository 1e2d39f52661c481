# SPDX-License-Identifier: Apache-2.0
"""How a test tells a room what frames are taken with."""

from typing import Any

from tapetum.control.frame_settings import FRAMES_IN_FLIGHT

__all__ = ["adopt", "adopt_all"]


async def adopt(ctx: Any, adopted: Any, frame: int, settings: Any) -> None:
    """In one clock ``frame`` takes ``settings``: ``adopted`` has the layout `adopted_settings`."""
    ctx.set(adopted.settings, settings)
    ctx.set(adopted.frame, frame % FRAMES_IN_FLIGHT)
    ctx.set(adopted.adopt, 1)
    await ctx.tick()
    ctx.set(adopted.adopt, 0)


async def adopt_all(ctx: Any, adopted: Any, settings: Any) -> None:
    """All frames in flight take them, one after the other."""
    for frame in range(FRAMES_IN_FLIGHT):
        await adopt(ctx, adopted, frame, settings)
