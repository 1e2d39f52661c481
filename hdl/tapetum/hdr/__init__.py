# SPDX-License-Identifier: Apache-2.0
"""Aligns the captures of a row and combines them onto one linear scale."""
