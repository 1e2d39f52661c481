# SPDX-License-Identifier: Apache-2.0
"""A region of the combined frame, made small enough for the array to look at."""
