# SPDX-License-Identifier: Apache-2.0
"""Quantised networks become programs for the die's systolic array."""
