# SPDX-License-Identifier: Apache-2.0
"""How often Python looks for garbage."""

import gc

__all__ = ["collect_seldom"]


def collect_seldom() -> None:
    """Look for garbage three hundred times less often than Python does by itself.

    A design is millions of small objects that live to the end: looking for garbage among them takes
    a quarter of its elaboration.
    """
    gc.set_threshold(200_000, 50, 1_000)
