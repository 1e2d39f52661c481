# SPDX-License-Identifier: Apache-2.0
"""From a network to the program of an array: lowering, memory, schedule, image."""
