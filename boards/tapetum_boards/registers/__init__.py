# SPDX-License-Identifier: Apache-2.0
"""What the host sets on the board itself, beside the die's registers."""
