# SPDX-License-Identifier: Apache-2.0
"""CSI-2 transmitter up to the PHY boundary."""
