# SPDX-License-Identifier: Apache-2.0
"""A network of our own: pictures that are drawn, frames that are exposed, weights that are learnt."""
