# SPDX-License-Identifier: Apache-2.0
"""Integer-exact models of what boards add to the die."""
