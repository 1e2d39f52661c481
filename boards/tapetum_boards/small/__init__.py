# SPDX-License-Identifier: Apache-2.0
"""Readout, column converters and the two-wire port on the smallest FPGAs: a row camera."""
