# SPDX-License-Identifier: Apache-2.0
"""What virtual channel 3 must carry: the network's input and output of each frame."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..csi2.tensors import read_tensors
from ..models.tensors import FrameTensors, tensor_packets

__all__ = ["Judged", "expected_tensors"]


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A frame with a verdict: what the models say of it."""

    picture: NDArray[np.int8]
    flags: Sequence[str]
    model_id: int
    scores: Sequence[int]


def expected_tensors(judged: Mapping[int, Judged], settings: Mapping[int, Mapping[str, Any]],
                     region: Sequence[int], packets: bytes, *, cut_short: Collection[int],
                     models: Collection[int]) -> bytes:
    """Packets of all frames that are to tell.

    What a model cannot know is taken from the link: which rows of a frame that is ``cut_short``
    were whole before, and of a frame without a valid result, which of the ``models`` was in the
    array when it began.
    """
    if not any(settings[frame][name] for frame in judged
               for name in ("network_input", "network_output")):
        return b""
    told = {tensor.frame: tensor for tensor in read_tensors(packets) if not tensor.is_output}
    frames = []
    for frame, known in judged.items():
        is_valid = tuple(known.flags) == ("valid",)
        seen = told.get(frame)
        rows = range(len(known.picture))
        lost_rows = (() if frame not in cut_short else rows if seen is None
                     else [row for row in seen.missing_rows if row in rows])
        began_with = (seen.model_id if seen and not is_valid and seen.model_id in models
                      else known.model_id)
        frames.append(FrameTensors(
            frame=frame, model_id=began_with, output_model=known.model_id, region=region,
            flags=known.flags, lost_rows=lost_rows,
            picture=known.picture if settings[frame]["network_input"] else None,
            output=(list(known.scores) if is_valid else [])
            if settings[frame]["network_output"] else None))
    return tensor_packets(frames)
