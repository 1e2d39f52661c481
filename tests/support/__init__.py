# SPDX-License-Identifier: Apache-2.0
"""What every test of Tapetum shares: ``from support import simulate, stream_put, stream_get, ...``.

========================  ====================================================================
`simulate`                run testbenches on Amaranth's simulator, with a mandatory cycle limit
`stream_put`              drive an ``amaranth.lib.stream`` under a traffic pattern
`stream_get`              take from one, under a traffic pattern
`stream_through`          both, for a block with one stream in and one out
`TrafficPattern`          when a side of a stream may move, as a readable bit string
`Traffic`                 a pattern for each side: full rate, bubbles, stalls or both
`StreamChecker`           asserts the rules of a stream on every clock
`OnMemories`              a design for a platform with distributed memory
`expect_rejected`         a constructor must refuse, in a sentence that names the culprit
========================  ====================================================================

The fixtures ``seed`` and ``traffic`` stand in ``tests/conftest.py``: a test that takes ``traffic``
runs four times, once per kind of traffic.
"""

from .checker import StreamChecker
from .drivers import stream_get, stream_put, stream_through
from .memories import OnMemories
from .reject import expect_rejected
from .seeds import read_seed, replay_command
from .simulation import CycleLimitError, simulate
from .traffic import FULL_RATE, TRAFFIC_KINDS, Traffic, TrafficPattern

__all__ = [
    "FULL_RATE",
    "TRAFFIC_KINDS",
    "CycleLimitError",
    "OnMemories",
    "StreamChecker",
    "Traffic",
    "TrafficPattern",
    "expect_rejected",
    "read_seed",
    "replay_command",
    "simulate",
    "stream_get",
    "stream_put",
    "stream_through",
]
