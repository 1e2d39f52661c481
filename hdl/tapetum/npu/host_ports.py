# SPDX-License-Identifier: Apache-2.0
"""What the host sets of the array and its front end, and what it reads of them."""

from amaranth import signed
from amaranth.lib import data

from ..vision.settings import VisionSettings
from .verdict import SCORES, VerdictSummary

__all__ = ["ArrayControl", "ArrayStatus"]


class ArrayControl(data.Struct):
    """Acts at once; ``restart``, ``load`` and ``interrupt_clear`` are strobes."""

    bank: 1
    restart: 1
    load: 1
    deadline: 16
    interrupt_classes: SCORES
    interrupt_score: signed(8)
    interrupt_clear: 1
    hold: 1
    vision: VisionSettings


class ArrayStatus(data.Struct):
    """See `Npu`."""

    received: 24
    loading: 1
    loaded: 1
    refused: 1
    model_id: 32
    tests: 16
    test_given_up: 1
    has_signature: 1
    interrupt: 1
    verdict: VerdictSummary
