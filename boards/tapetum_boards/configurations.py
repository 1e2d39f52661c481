# SPDX-License-Identifier: Apache-2.0
"""What the die is built for on each board: presets whose rows wait for the FPGA's pixel die."""

from dataclasses import replace

from tapetum.config import DieConfig
from tapetum.presets import automotive_captures, preset
from tapetum_sim.errors import UserError

from .pixel_die.board_pixel_die import settle_cycles
from .whole_die import BOARD_ARRAY_WORDS, BOARD_CELLS, BOARD_CLOCKS_HZ, BOARD_RESET_COUNTS

__all__ = ["BOARD_PRESETS", "OSCILLATOR_HZ", "THREE_CAPTURES", "check_preset",
           "configuration_of", "with_board_timing", "with_cells"]

THREE_CAPTURES = {"tiny3": ("tiny", ("HCG", "SPD", "VS"))}
"""Presets of boards alone: which of the die's, and what it keeps of its captures. Deep shadow,
lamps and the sun are still in one frame; the middle is noisier."""

BOARD_PRESETS = ("tiny", "qvga", *THREE_CAPTURES)
"""What a board may be built for: each is known by its size and its captures."""

OSCILLATOR_HZ = 25e6
"""Of the boards; it is the watchdog's clock."""


def check_preset(name: str) -> None:
    """Raises `UserError` unless it is one of `BOARD_PRESETS`."""
    if name not in BOARD_PRESETS:
        raise UserError(f"no board is built for preset {name!r}; choose one of "
                        f"{', '.join(BOARD_PRESETS)}.")


def with_board_timing(name: str) -> DieConfig:
    """A preset, or one of `THREE_CAPTURES`, whose settling times leave the pixel die the clocks
    that it needs for its columns.

    Lines become longer and frames shorter by as many lines, so that the frame rate stays, unless
    frames would overlap: then they have as few lines as can be, and are slower. Reset ramps have
    `BOARD_RESET_COUNTS`, the array `BOARD_CELLS` and `BOARD_ARRAY_WORDS`, and clocks are those of
    `BOARD_CLOCKS_HZ`.
    """
    if name in THREE_CAPTURES:
        whole, kept = THREE_CAPTURES[name]
        config = with_board_timing(whole)
        return replace(config, name=name, captures=tuple(
            capture for capture in config.captures if capture.name in kept))
    own = preset(name)
    short = replace(own.adc, reset_counts=min(own.adc.reset_counts, BOARD_RESET_COUNTS))
    config = _slowed(with_cells(replace(own, adc=short), BOARD_CELLS))
    if config.npu is not None:
        config = replace(config, npu=replace(config.npu, **BOARD_ARRAY_WORDS))
    settle_ns = int(settle_cycles(config) / config.sync_clock_hz * 1e9) + 1
    frame_cycles = config.timing.line_length_cycles * config.timing.frame_length_lines
    settled = replace(config.timing, reset_settle_ns=settle_ns, transfer_settle_ns=settle_ns,
                      gain_settle_ns=settle_ns, line_length_cycles=0xFFFF)
    lag_lines = config.hdr.line_buffer_lag_lines
    long = replace(config, timing=settled, captures=tuple(
        replace(capture, coarse_integration_lines=1, fine_integration_cycles=0)
        for capture in config.captures))
    line = max(long.row_timing.line_cycles, config.timing.line_length_cycles)
    lines = max(frame_cycles // line, config.array.total_rows + lag_lines + 1)
    timing = replace(settled, line_length_cycles=line, frame_length_lines=lines)
    return replace(config, timing=timing, safety_clock_hz=OSCILLATOR_HZ,
                   captures=automotive_captures(timing, config.sync_clock_hz, lag_lines=lag_lines))


def configuration_of(*, columns: int, rows: int, captures: int, cells: int) -> DieConfig | None:
    """What a board was built for that says this of itself; None if that is none of
    `BOARD_PRESETS`."""
    for name in BOARD_PRESETS:
        config = with_board_timing(name)
        if (columns, rows, captures) == (config.array.columns, config.array.rows,
                                         len(config.captures)):
            return with_cells(config, cells)
    return None


def with_cells(config: DieConfig, cells: int) -> DieConfig:
    """With an array of so many cells, and memories for the same networks; with 0 without one.

    A die without an array stays as it is.
    """
    if config.npu is None or not cells:
        return replace(config, npu=None)
    words = {name: getattr(config.npu, name) * config.npu.cells // cells
             for name in ("weight_words", "parameter_words")}
    return replace(config, npu=replace(config.npu, cells=cells, **words))


def _slowed(config: DieConfig) -> DieConfig:
    """With the board's clocks: a line takes as long in fewer of them.

    The picture of the monitor takes two clocks of ``sync`` for what comes in one of the link.
    """
    own_hz = config.sync_clock_hz, config.adc_clock_hz
    sync_hz, adc_hz = BOARD_CLOCKS_HZ.get(config.name, own_hz)
    line = int(config.timing.line_length_cycles * sync_hz / config.sync_clock_hz)
    timing = replace(config.timing, line_length_cycles=line)
    link = replace(config.csi2, byte_clock_hz=min(config.csi2.byte_clock_hz, sync_hz / 2))
    return replace(config, sync_clock_hz=sync_hz, adc_clock_hz=adc_hz, timing=timing, csi2=link,
                   captures=automotive_captures(timing, sync_hz,
                                                lag_lines=config.hdr.line_buffer_lag_lines))
