# SPDX-License-Identifier: Apache-2.0
"""Memories that know when a bit of theirs has flipped."""
