# SPDX-License-Identifier: Apache-2.0
"""Everything that one run of the die leaves behind, before it is written to files."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tapetum.config import CaptureConfig, DieConfig

from ..csi2.tensors import DecodedTensor
from ..pixel_die import PixelDie

__all__ = ["Boundary", "FrameOutcome", "RunRecord", "VerdictOutcome", "Walls"]


@dataclass(frozen=True, kw_only=True)
class Boundary:
    """One room boundary, RTL held against the model.

    ``first`` says where the first difference is, in words, or is empty.
    """

    name: str
    compared: int
    mismatches: int
    first: str = ""


@dataclass(frozen=True, kw_only=True)
class FrameOutcome:
    """What happened to one frame: ``complete``, or in a few words what is missing."""

    frame: int
    outcome: str
    start_s: float | None
    settings: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class VerdictOutcome:
    """What the array said of one frame.

    Members
    -------
    flags : tuple of str
        ``valid``, or why there is no class.
    cycles : int
        From the first pixel of the region to the last score.
    latency_s : float or None
        From the frame's last pixel to its verdict; negative if that came before.
    region : (x, y, columns, rows)
        Pixels of the combined frame.
    """

    frame: int
    flags: tuple[str, ...]
    class_number: int | None
    class_name: str | None
    scores: tuple[int, ...]
    cycles: int
    latency_s: float | None
    region: tuple[int, ...]
    model_id: int


@dataclass(kw_only=True)
class Walls:
    """Wall time in seconds of each stage of a run."""

    build: float = 0.0
    simulation: float = 0.0
    pixel_die: float = 0.0
    models: float = 0.0
    report: float = 0.0
    simulator_was_cached: bool = False

    @property
    def total(self) -> float:
        """All stages; the pixel die's share is part of the simulation's."""
        return self.build + self.simulation + self.models + self.report


@dataclass(kw_only=True)
class RunRecord:
    """A finished run.

    Members
    -------
    captures : uint16, frames x captures x rows x columns
        CDS codes before correction; 0 where a capture was masked.
    linear : uint32, frames x rows x columns
    truth_electrons : float64, rows x columns, or None
        Electrons that the first capture's exposure of the last frame would collect from the scene
        without noise, full well or defects.
    requests : structured array
        One element per ramp: command, row, exposure start and end in ``sync`` cycles.
    packets : list
        Of the independent decoder, with ``start_s`` of each in ``packet_starts_s``.
    packet_bytes : bytes
    tensors : list of DecodedTensor
        The network's inputs and outputs that were on the link.
    """

    config: DieConfig
    pixel_die: PixelDie
    scene_name: str
    seed: int
    options: dict[str, Any]
    cycles: int
    frames: list[FrameOutcome]
    boundaries: list[Boundary]
    faults: list[str]
    captures: np.ndarray
    linear: np.ndarray
    clipped: np.ndarray
    truth_electrons: np.ndarray | None
    requests: np.ndarray
    packets: list[Any]
    packet_starts_s: np.ndarray
    packet_bytes: bytes
    ecc_errors: int
    crc_errors: int
    frame_crcs: int
    frame_crc_errors: int
    sequence_errors: list[str]
    verdicts: list[VerdictOutcome] = field(default_factory=list)
    tensors: list[DecodedTensor] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    walls: Walls = field(default_factory=Walls)

    def read_noise_electrons(self, capture: CaptureConfig) -> float:
        """Of the simulated pixel die."""
        return self.pixel_die.parameters.read_noise_electrons(capture)

    @property
    def row_noise_codes(self) -> float:
        """Of the simulated pixel die, in ADC codes."""
        return (self.pixel_die.parameters.row_noise_lsb12
                * self.config.adc.signal_counts / 4096)

    @property
    def mismatches(self) -> int:
        return sum(boundary.mismatches for boundary in self.boundaries)

    @property
    def compared(self) -> int:
        return sum(boundary.compared for boundary in self.boundaries)

    @property
    def dropped_frames(self) -> int:
        return sum(frame.outcome != "complete" for frame in self.frames)
