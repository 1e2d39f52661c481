# SPDX-License-Identifier: Apache-2.0
"""Measures what the die achieves as a camera: range, noise, flicker, what corrections leave."""
