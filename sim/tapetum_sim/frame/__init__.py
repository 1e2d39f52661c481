# SPDX-License-Identifier: Apache-2.0
"""The whole die under a pixel die, from trip codes to packets, held against the models."""
