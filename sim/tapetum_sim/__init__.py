# SPDX-License-Identifier: Apache-2.0
"""How to run the die and to model it: scenes, pixel die, reference models, simulator, report."""
