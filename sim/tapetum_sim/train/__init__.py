# SPDX-License-Identifier: Apache-2.0
"""A network of our own: pictures are drawn and exposed, weights are learnt."""
