# SPDX-License-Identifier: Apache-2.0
"""What differs from board to board: pins, clocks, vendor primitives."""
