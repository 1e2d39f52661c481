# SPDX-License-Identifier: Apache-2.0
"""Cleans codes before they are combined."""
