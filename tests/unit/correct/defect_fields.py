# SPDX-License-Identifier: Apache-2.0
"""Flat fields with noise through the model of the defect correction; run it for the figures."""

import numpy as np

from tapetum.correct.defects.levels import noise_codes
from tapetum.pixel import corrected_bits
from tapetum.presets import preset
from tapetum_sim.models.defects import DefectsModel
from unit.correct.defect_bench import FramePlan, frame_rows

__all__ = ["BLACK", "FULL", "VGA", "correct_frame", "noisy_field", "share_corrected"]

VGA = preset("vga")
FULL = (1 << corrected_bits(VGA)) - 1
BLACK = VGA.adc.pedestal_codes << VGA.hdr.fraction_bits


def correct_frame(codes, config=VGA, *, capture=1, known=(), dynamic=True):
    """One capture's frame through the model; any size."""
    model = DefectsModel(config, known=known)
    everything = np.broadcast_to(codes, (len(config.captures), *np.shape(codes)))
    plan = FramePlan(mask=1 << capture, row_end=len(codes) - 1,
                     column_end=np.shape(codes)[1] - 1)
    left = []
    for row in frame_rows(config, plan, 0, everything):
        left += model.row(row, dynamic=dynamic)
    return np.array([row.codes for row in left])


def noisy_field(config, capture, signal, shape, generator):
    """A flat field as the ADC converts it, with all the noise that the thresholds allow for."""
    scale = 1 << config.hdr.fraction_bits
    sigma = noise_codes(config, config.captures[capture], signal)
    analogue = np.sqrt(sigma ** 2 - scale ** 2 / 12)  # converting adds the quantisation
    codes = np.floor(config.adc.pedestal_codes + 0.5
                     + (signal + analogue * generator.standard_normal(shape)) / scale)
    codes = np.clip(codes, 0, config.adc.maximum_code).astype(np.int64)
    return np.where(codes == config.adc.maximum_code, FULL, codes * scale)


def share_corrected(capture, level, deviation, offsets, generator, *, shape=(480, 640), grid=9):
    """Share of defects at ``offsets`` of each other, ``deviation`` sigma off, that are replaced."""
    field = noisy_field(VGA, capture, level, shape, generator)
    spoiled, spots = field.copy(), []
    shift = int(np.ceil(deviation * noise_codes(VGA, VGA.captures[capture], level)))
    for row in range(int(generator.integers(3)), shape[0] - 2, grid):
        for column in range(int(generator.integers(2, 5)), shape[1] - 2, grid):
            sign = 1 if level < FULL // 2 and generator.integers(2) else -1
            for down, right in offsets:
                spot = (row + down, column + right)
                spoiled[spot] = np.clip(field[spot] + sign * shift, 0, FULL - 1)
                spots.append(spot)
    fixed = correct_frame(spoiled, capture=capture)
    return np.mean([fixed[spot] != spoiled[spot] for spot in spots])


def main() -> None:
    """Print good pixels touched per million; corrected and kept pixels in percent."""
    generator = np.random.default_rng(1)
    print("capture level touched | 8 sigma: single, couplet | 10: couplet | 12: touching, kept")
    for capture, kind in enumerate(VGA.captures):
        for level in (0, 20, 100, 600, 2500, 8000, 14000):
            fields = [noisy_field(VGA, capture, level, (480, 640), generator) for _ in range(2)]
            touched = np.mean([(correct_frame(field, capture=capture) != field).mean()
                               for field in fields])
            shares = [share_corrected(capture, level, deviation, offsets, generator)
                      for deviation, offsets in ((8, [(0, 0)]), (8, [(0, 0), (0, 2)]),
                                                 (10, [(0, 0), (0, 2)]))]
            shares.append(1 - share_corrected(capture, level, 12, [(0, 0), (0, 1)], generator))
            print(f"{kind.name:7} {level:5} {touched * 1e6:8.0f} "
                  + " ".join(f"{share * 100:7.2f}" for share in shares))


if __name__ == "__main__":
    main()
