# SPDX-License-Identifier: Apache-2.0
"""When each row integrates, as the rolling shutter of a configuration has it."""

from tapetum.config import DieConfig

__all__ = ["exposure_window"]


def exposure_window(config: DieConfig, frame: int, array_row: int, capture: int,
                    ) -> tuple[float, float]:
    """Start and end in seconds of a capture's integration in a physical row.

    Time 0 is the first line of frame 0, so windows of its first rows begin before it. The
    integration ends with the transfer of the capture's exposure group.
    """
    timing = config.timing
    line = frame * timing.frame_length_lines + array_row + config.captures[capture].lag_lines
    transfer = next(config.row_timing.transfer_cycles[group.index]
                    for group in config.exposure_groups if capture in group.captures)
    end = line * timing.line_length_cycles + transfer
    start = end - config.exposure_cycles(config.captures[capture])
    return start / config.sync_clock_hz, end / config.sync_clock_hz
