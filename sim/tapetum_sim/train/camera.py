# SPDX-License-Identifier: Apache-2.0
"""From radiance to what the array sees, many pictures at once: the pixel side without its rows."""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tapetum.config import DieConfig
from tapetum.control.frame_settings import FrameSettings
from tapetum.vision.settings import vision_settings, whole_frame
from tapetum.vision.tone_table import logarithmic, tone_knots

from ..models.hdr import combine
from ..models.vision import VisionModel
from ..pixel_die.parameters import PixelDieParameters
from ..scenes.layered import HEADROOM, largest_rate
from ..scenes.planes import plane_of_pixel, stack_planes
from ..scenes.tunnel_light import SUN
from .tunnel_pictures import TunnelPicture

__all__ = ["FastCamera"]


class FastCamera:
    """A die whose corrections are done: photons, noise, full wells and the converter are there.

    ::

        radiance ─► electrons ─► codes of each capture ─► models.hdr ─► models.vision ─► int8

    Left out are columns, rows and defects, since `correct` has dealt with them, and motion within
    an exposure.

    Parameters
    ----------
    config : DieConfig
    rows, columns, channels : int
        Of the network's input.
    """

    def __init__(self, config: DieConfig, *, rows: int, columns: int, channels: int):
        self.config, self.parameters = config, PixelDieParameters()
        self.settings = FrameSettings.defaults(config)
        self.electrons_per_second = HEADROOM * largest_rate(config) / SUN
        self.vision = VisionModel(config, vision_settings(
            config, whole_frame(config), rows=rows, columns=columns, channels=channels),
            tone_knots(logarithmic()))
        array = config.array
        at_rows, at_columns = np.arange(array.rows)[:, None], np.arange(array.columns)
        planes = plane_of_pixel(array.colour_filter, array.columns)[at_rows[:, 0] % 2]
        self._mosaic = planes, at_rows, at_columns

    def codes(self, generator: Generator, picture: TunnelPicture, *, brightness: float = 1.0
              ) -> NDArray[np.int64]:
        """Corrected codes, (captures, rows, columns); ``brightness`` is a factor of all light."""
        config, parameters = self.config, self.parameters
        steady = stack_planes(picture.steady)[self._mosaic]
        lamps = [(stack_planes(lit)[self._mosaic], pulse) for lit, pulse in picture.lamps]
        gain = self.electrons_per_second * brightness
        start_s, fixed = generator.uniform(0, 10), parameters.photo_response_spread
        response = 1 + fixed * generator.standard_normal(steady.shape)
        electrons: dict[int, NDArray[np.float64]] = {}
        codes = []
        for index, capture in enumerate(config.captures):
            group = next(group.index for group in config.exposure_groups
                         if index in group.captures)
            if group not in electrons:
                exposure_s = config.exposure_cycles(capture) / config.sync_clock_hz
                light = steady + sum(lit * pulse.on_fraction(start_s, start_s + exposure_s)
                                     for lit, pulse in lamps)
                full_well = config.pixel.full_well_electrons(capture.photodiode)
                mean = (light * response * gain * exposure_s
                        * config.pixel.sensitivity(capture.photodiode)
                        + parameters.dark_current(capture.photodiode, 25.0) * exposure_s)
                mean = np.minimum(mean, 4 * full_well)
                electrons[group] = np.minimum(generator.poisson(mean), full_well)
            per_code = config.electrons_per_code(capture)
            sigma = parameters.read_noise_electrons(capture) / per_code / np.sqrt(2)
            reset = generator.uniform(0, 1, light.shape)
            trips = [np.rint(level + sigma * generator.standard_normal(light.shape))
                     for level in (reset, reset + electrons[group] / per_code)]
            code = trips[1] - trips[0] + config.adc.pedestal_codes
            codes.append(np.clip(code, 0, config.adc.maximum_code))
        whole = np.stack(codes).astype(np.int64) << config.hdr.fraction_bits
        # A saturated conversion is all ones.
        return np.where(np.stack(codes) == config.adc.maximum_code,
                        whole | (1 << config.hdr.fraction_bits) - 1, whole)

    def look(self, codes: Sequence[NDArray[np.int64]], capture: int | None = None
             ) -> NDArray[np.int8]:
        """Inputs of the network from the codes of many frames.

        Parameters
        ----------
        capture : int, optional
            Only this one is converted, as by a sensor with one exposure; all by default.
        """
        settings = self.settings
        if capture is not None:
            settings = settings | {"capture_mask": 1 << capture}
        linear, _ = combine(np.stack(codes, axis=1), self.config, settings)
        return self.vision.frame(linear, settings)
