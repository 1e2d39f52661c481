# SPDX-License-Identifier: Apache-2.0
"""Systolic array for small convolutional networks, fed row by row."""
