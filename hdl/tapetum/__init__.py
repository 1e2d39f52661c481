# SPDX-License-Identifier: Apache-2.0
"""Tapetum: the logic die of a stacked CMOS image sensor, in Amaranth.

Follow a pixel: :mod:`tapetum.readout` addresses its row, :mod:`tapetum.adc` converts it,
:mod:`tapetum.correct` cleans it, :mod:`tapetum.hdr` combines it with its other captures,
:mod:`tapetum.compand` shortens the word and :mod:`tapetum.csi2` sends it.
"""
