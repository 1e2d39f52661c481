# SPDX-License-Identifier: Apache-2.0
"""What the die makes of the registers of a frame: the settings it takes, and whether any was cut.

Written from the published limits, not from the RTL: plain integers, one rule after the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tapetum.config import DieConfig, Photodiode

__all__ = ["ModelledSettings", "frame_settings"]

_SKIPS = {1: 0, 3: 1, 7: 2}
_BLOCKS = (2, 4, 8)
_ARRAY_SETTINGS = ("verdict", "network_input", "network_output")
_CORRECTIONS = ("column", "black_level", "row_noise", "digital_gain", "lens_shading",
                "defects_dynamic", "defects_listed")
_FORMATS = {0x0808: 0, 0x0A0A: 1, 0x0C0C: 2, 0x0E0E: 3, 0x1010: 4, 0x1414: 5, 0x1818: 6}


@dataclass
class ModelledSettings:
    """Settings by name, as in `FrameSettings`; ``clamped`` names the registers that were cut."""

    settings: dict
    rows_read: int
    columns_read: int
    clamped: set[str] = field(default_factory=set)


def frame_settings(config: DieConfig, registers: Mapping[str, int], *, context: int = 0
                   ) -> ModelledSettings:
    """Settings of a frame that is taken with these values in the registers.

    Parameters
    ----------
    registers : mapping
        Value of every register that a host can write, by name.
    context : int
        1 for a frame of the second context.
    """
    modelled = _of_context(config, registers, context)
    anywhere = modelled.clamped | (_of_context(config, registers, 1 - context).clamped
                                   if registers["context_mode"] else set())
    modelled.settings["clamped"] = int(bool(anywhere))
    return modelled


def _of_context(config: DieConfig, registers: Mapping[str, int], context: int) -> ModelledSettings:
    clamped: set[str] = set()
    if context:
        registers = {**registers, **{
            name.removeprefix("second_"): value for name, value in registers.items()
            if name.startswith("second_")}}

    def limit(name: str, low: int, high: int) -> int:
        assert low <= high, f"{name} has no valid value"
        value = min(max(registers[name], low), high)
        if value != registers[name]:
            clamped.add(name)
        return value

    line_length = limit("line_length_pck", config.row_timing.line_cycles, 0xFFFF)
    lags = _lags(config, limit)
    largest_lag = max(lags)

    row_skip = _skip("y_odd_inc", registers, clamped)
    column_skip = _skip("x_odd_inc", registers, clamped)
    rows, row_start, row_end = _rows(config, registers, clamped, _BLOCKS[row_skip])
    columns, column_start, column_end = _columns(config, registers, clamped, _BLOCKS[column_skip])

    rows, row_end = _cut(rows, row_start, row_end, _BLOCKS[row_skip],
                         min(max(registers["y_output_size"], 2), config.array.rows) // 2 * 2)
    columns, column_end = _cut(
        columns, column_start, column_end, _BLOCKS[column_skip],
        min(max(registers["x_output_size"], 4), config.array.columns) // 4 * 4)
    for name, only in (("analog_gain_code_global", 1), ("csi_channel_identifier", 0),
                       ("csi_signaling_mode", 2), ("csi_lane_mode", config.csi2.byte_lanes - 1),
                       ("binning_mode", 0)):
        limit(name, only, only)

    frame_length = limit("frame_length_lines",
                         max(config.array.dark_rows + rows + 1, largest_lag + 2), 0xFFFF)
    longest = frame_length - largest_lag - 1
    captures = [{} for _ in config.captures]
    for group in config.exposure_groups:
        prefix = f"exposure_{group.index}_" if group.index else ""
        allowed = longest
        for earlier in config.exposure_groups[:group.index]:
            if _photodiode(config, earlier) is _photodiode(config, group):
                allowed = min(allowed, lags[group.index] - lags[earlier.index] - 1)
        coarse = limit(prefix + "coarse_integration_time", 0, allowed)
        fine = limit(prefix + "fine_integration_time", 1 if coarse == 0 else 0,
                     0 if coarse == longest else line_length - 1)
        for index in group.captures:
            captures[index] |= {"coarse_integration_lines": coarse,
                                "fine_integration_cycles": fine}
    codes = (1 << config.adc.bits) - 1 - config.adc.pedestal_codes
    for index, capture in enumerate(captures):
        name = f"capture_{index}_"
        capture |= {
            "normalisation_mantissa": limit(name + "normalisation_mantissa", 1 << 15, 0xFFFF),
            "normalisation_shift": limit(name + "normalisation_shift", 0, 31),
            "hand_over_end": limit(name + "hand_over_end", 1, codes),
        }
        capture["hand_over_start"] = limit(name + "hand_over_start", 0,
                                           capture["hand_over_end"] - 1)
        gain = registers[name + "digital_gain"] * registers["digital_gain_global"] // 256
        if gain > 0xFFFF:
            clamped.add(name + "digital_gain")
        capture["digital_gain"] = min(gain, 0xFFFF)
        capture |= {field: registers[name + field] for field in ("noise_slope", "noise_floor")}
    data_format = _FORMATS.get(registers["csi_data_format"])
    if data_format is None:
        clamped.add("csi_data_format")
        data_format = _FORMATS[0x0C0C]
    limit("strobe_mode", 0, 2)
    limit("strobe_capture", 0, len(config.captures) - 1)
    lag_of = {index: lags[group.index]
              for group in config.exposure_groups for index in group.captures}
    return ModelledSettings(
        rows_read=rows, columns_read=columns, clamped=clamped,
        settings={
            "frame_length_lines": frame_length, "line_length_cycles": line_length,
            "captures": captures,
            "lag_lines": [lag_of[index] for index in range(len(captures))],
            "context": context,
            "capture_mask": limit("capture_mask", 1, (1 << len(captures)) - 1),
            "row_start": row_start, "row_end": row_end,
            "column_start": column_start, "column_end": column_end,
            "row_skip": row_skip, "column_skip": column_skip,
            "flip_rows": registers["image_orientation"] >> 1,
            "flip_columns": registers["image_orientation"] & 1,
            "pedestal_lsb": registers["linear_pedestal"],
            "flicker_enable": registers["flicker_enable"],
            "flicker_capture": limit("flicker_capture", 0, len(captures) - 1),
            "tolerance_log2": registers["agreement_tolerance"],
            "uncombined": registers["output_mode"],
            "flicker_map": registers["flicker_map"],
            "line_sync": registers["line_sync_packets"],
            "data_format": data_format,
            "companding_table": registers["companding_table"],
            "correction": {name: registers["correction_enable"] >> bit & 1
                           for bit, name in enumerate(_CORRECTIONS)},
            "row_noise_strength": limit("row_noise_strength", 0, 16),
            "colour_gains": [registers[f"digital_gain_{colour}"]
                             for colour in ("greenr", "red", "blue", "greenb")],
            "test_pattern": limit("test_pattern_mode", 0, 4),
            "test_data": [registers[f"test_data_{colour}"]
                          for colour in ("red", "greenr", "blue", "greenb")],
        } | ({name: registers[name] for name in _ARRAY_SETTINGS}
             if config.npu else {}))


def _photodiode(config: DieConfig, group) -> Photodiode:
    return config.captures[group.captures[0]].photodiode


def _lags(config: DieConfig, limit) -> list[int]:
    """Lags rise from group to group, strictly where they share a photodiode.

    The upper limit of each is the largest for which the groups after it still find one.
    """
    groups, capacity = config.exposure_groups, config.hdr.line_buffer_lag_lines

    def lowest(lags: list[int]) -> int:
        candidate = _photodiode(config, groups[len(lags)])
        apart = [lag + 1 for lag, group in zip(lags, groups, strict=False)
                 if _photodiode(config, group) is candidate]
        return max([lags[-1], *apart])

    def leaves_room(lags: list[int]) -> bool:
        while len(lags) < len(groups):
            lags = [*lags, lowest(lags)]
        return lags[-1] <= capacity

    lags = [0]
    for index in range(1, len(groups)):
        low = lowest(lags)
        high = max(lag for lag in range(low, capacity + 1) if leaves_room([*lags, lag]))
        lags.append(limit(f"exposure_{index}_lag", low, high))
    return lags


def _skip(name: str, registers: Mapping[str, int], clamped: set[str]) -> int:
    increment = max((i for i in _SKIPS if i <= registers[name]), default=1)
    if increment != registers[name]:
        clamped.add(name)
    return _SKIPS[increment]


def _read(start: int, end: int, block: int) -> int:
    """How many rows or columns of a region are read: the first two of each block."""
    return sum(1 for address in range(start, end + 1) if (address - start) % block < 2)


def _cut(read: int, start: int, end: int, block: int, output: int) -> tuple[int, int]:
    """What is read of a region, and its end, where the output has room for no more."""
    if read > output:
        read, end = output, start + output // 2 * block - 1
    return read, end


def _rows(config: DieConfig, registers: Mapping[str, int], clamped: set[str],
          block: int) -> tuple[int, int, int]:
    start = min(registers["y_addr_start"], config.array.rows - 2) // 2 * 2
    end = min(max(registers["y_addr_end"], start + 1), config.array.rows - 1) | 1
    clamped |= {name for name, value in (("y_addr_start", start), ("y_addr_end", end))
                if registers[name] != value}
    return _read(start, end, block), start, end


def _columns(config: DieConfig, registers: Mapping[str, int], clamped: set[str],
             block: int) -> tuple[int, int, int]:
    columns = config.array.columns
    start = min(registers["x_addr_start"], columns - block - 2) // 2 * 2
    end = min(max(registers["x_addr_end"], start + block + 1), columns - 1) | 1
    if _read(start, end, block) % 4:  # the last block of an odd number of them is left out
        end = start + (_read(start, end, block) // 2 - 1) * block - 1
    clamped |= {name for name, value in (("x_addr_start", start), ("x_addr_end", end))
                if registers[name] != value}
    return _read(start, end, block), start, end
