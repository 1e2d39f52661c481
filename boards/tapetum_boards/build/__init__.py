# SPDX-License-Identifier: Apache-2.0
"""From a board's name to a bitstream with its timing met, and onto the board."""
