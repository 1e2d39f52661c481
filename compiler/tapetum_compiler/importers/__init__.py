# SPDX-License-Identifier: Apache-2.0
"""Model files of other tools become a :class:`tapetum_compiler.network.Network`."""

from .read import read_network

__all__ = ["read_network"]
