# SPDX-License-Identifier: Apache-2.0
"""A CSI-2 receiver in software, written from the standard and not from the transmitter."""
