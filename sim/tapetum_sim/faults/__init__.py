# SPDX-License-Identifier: Apache-2.0
"""Fault campaigns: what single wrong bits do to the die, and what notices them."""
