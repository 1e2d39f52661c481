# SPDX-License-Identifier: Apache-2.0
"""Shortens the 24-bit linear word by a piecewise-linear curve."""
