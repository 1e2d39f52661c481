# SPDX-License-Identifier: Apache-2.0
"""A frame's packets on their way into the board's memory."""
