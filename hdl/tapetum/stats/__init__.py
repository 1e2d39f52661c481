# SPDX-License-Identifier: Apache-2.0
"""Measures the light in every frame and sets the exposures of the next ones."""
