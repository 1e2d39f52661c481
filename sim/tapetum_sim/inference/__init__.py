# SPDX-License-Identifier: Apache-2.0
"""Networks on images: the array simulated, its model, and the reference."""
