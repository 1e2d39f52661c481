# SPDX-License-Identifier: Apache-2.0
"""Integer-exact reference models, one per room, in plain numpy."""
