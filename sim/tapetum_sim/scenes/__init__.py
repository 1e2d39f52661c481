# SPDX-License-Identifier: Apache-2.0
"""Scenes: radiance on the pixel array as a function of time."""

from .catalogue import SCENES, load_scene
from .chart import Chart, ChartStep
from .flicker import Flicker, FlickerLamp
from .image_scene import ImageScene
from .layered import LayeredScene
from .layers import MovingLayer, PulsedLayer
from .pulse import PulseTrain
from .scene import Scene, SceneError
from .tone_map import tone_map
from .tunnel import Tunnel

__all__ = ["Chart", "ChartStep", "Flicker", "FlickerLamp", "ImageScene", "LayeredScene",
           "MovingLayer", "PulseTrain", "PulsedLayer", "SCENES", "Scene", "SceneError", "Tunnel",
           "load_scene", "tone_map"]
