# SPDX-License-Identifier: Apache-2.0
"""How fast the simulation runs, and how fast the hardware would."""
