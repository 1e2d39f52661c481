# SPDX-License-Identifier: Apache-2.0
"""One column that converts a true voltage."""
