# SPDX-License-Identifier: Apache-2.0
"""Settings drawn at random, such that a run with them stays short."""

from random import Random

from tapetum.config import DieConfig

__all__ = ["random_settings"]


def random_settings(config: DieConfig, generator: Random) -> dict[str, int]:
    """Values of about half of the registers of a frame; some of them will be clamped."""
    rows, columns = config.array.rows, config.array.columns
    lines, cycles = config.timing.frame_length_lines, config.timing.line_length_cycles
    captures = len(config.captures)
    longest = lines + 6

    def below(limit: int) -> int:
        return generator.randrange(limit)

    values = {
        "frame_length_lines": lines + below(12),
        "line_length_pck": cycles + below(cycles // 2),
        "capture_mask": 1 + below((1 << captures) - 1),
        "coarse_integration_time": below(longest),
        "fine_integration_time": below(cycles),
        "x_addr_start": below(columns), "x_addr_end": below(columns),
        "y_addr_start": below(rows), "y_addr_end": below(rows),
        "x_odd_inc": generator.choice((1, 3, 7)), "y_odd_inc": generator.choice((1, 3, 7)),
        "x_output_size": below(columns + 8), "y_output_size": below(rows + 8),
        "image_orientation": below(4),
        "linear_pedestal": below(256),
        "flicker_enable": below(2),
        "flicker_capture": below(4),
        "agreement_tolerance": below(16),
        "output_mode": below(2),
        "flicker_map": below(2),
        "line_sync_packets": below(2),
        "companding_table": below(2),
        "csi_data_format": generator.choice(
            (0x0808, 0x0A0A, 0x0C0C, 0x0E0E, 0x1010, 0x1414, 0x1818)),
    }
    values["test_pattern_mode"] = generator.choice((0, 0, 0, 1, 2, 3, 4, 0x1234))
    values |= {f"test_data_{colour}": below(1 << 16)
               for colour in ("red", "greenr", "blue", "greenb")}
    values |= {"correction_enable": below(128), "row_noise_strength": below(32)}
    values["digital_gain_global"] = 0x80 + below(0x200)
    for colour in ("greenr", "red", "blue", "greenb"):
        values[f"digital_gain_{colour}"] = 0x80 + below(0x200)
    if config.npu:
        values |= {name: below(2) for name in ("network_input", "network_output")}
    for group in range(1, len(config.exposure_groups)):
        values |= {
            f"exposure_{group}_lag": below(config.hdr.line_buffer_lag_lines + 1),
            f"exposure_{group}_coarse_integration_time": below(longest),
            f"exposure_{group}_fine_integration_time": below(cycles),
        }
    for capture in range(captures):
        values |= {
            f"capture_{capture}_normalisation_mantissa": 0x8000 + below(0x8000),
            f"capture_{capture}_normalisation_shift": below(32),
            f"capture_{capture}_hand_over_start": below(config.adc.signal_counts),
            f"capture_{capture}_hand_over_end": below(config.adc.signal_counts),
            f"capture_{capture}_digital_gain": 0x80 + below(0x200),
            f"capture_{capture}_noise_slope": below(1 << 16),
            f"capture_{capture}_noise_floor": below(1 << 16),
        }
    second = {name: value for name, value in values.items()
              if name in ("capture_mask", "digital_gain_global") or name.endswith((
                  "addr_start", "addr_end", "integration_time", "normalisation_mantissa",
                  "normalisation_shift")) or (name.startswith("capture_") and "gain" in name)}
    values |= {f"second_{name}": value for name, value in second.items()}
    values["context_mode"] = below(2)
    return {name: value for name, value in values.items() if generator.random() < 0.5}
