# SPDX-License-Identifier: Apache-2.0
"""Single-slope column converters: ramp, Gray count, latches, double sampling, multiplexer."""
